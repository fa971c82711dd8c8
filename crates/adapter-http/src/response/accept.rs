//! Content negotiation of the media type by `Accept` (RFC 9110 12.5.1).

use actix_web::{
    HttpMessage, HttpRequest,
    http::header::{ACCEPT, Accept, Quality},
};

use crate::error::ApiError;

/// Checks that the client accepts JSON. An `Accept` field that cannot be parsed is ignored.
///
/// # Errors
///
/// Returns [`ApiError::NotAcceptable`] if the client does not accept JSON.
pub(crate) fn ensure_accepts_json(request: &HttpRequest) -> Result<(), ApiError> {
    // Fast path: most clients send one of these values.
    match request.headers().get(ACCEPT) {
        None => return Ok(()),
        Some(field) if matches!(field.as_bytes(), b"*/*" | b"application/json") => return Ok(()),
        Some(_) => {}
    }
    match request.get_header::<Accept>() {
        Some(accept) if !accepts_json(&accept) => Err(ApiError::NotAcceptable),
        _ => Ok(()),
    }
}

/// Returns whether the most specific media range that matches JSON has a quality above zero.
fn accepts_json(accept: &Accept) -> bool {
    let most_specific = accept
        .iter()
        .filter_map(|range| {
            let specificity = match (range.item.type_().as_str(), range.item.subtype().as_str()) {
                ("application", "json") => 2,
                ("application", "*") => 1,
                ("*", "*") => 0,
                _ => return None,
            };
            Some((specificity, range.quality))
        })
        .max();
    match most_specific {
        Some((_, quality)) => quality > Quality::ZERO,
        None => accept.is_empty(),
    }
}
