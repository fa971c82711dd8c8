//! `Accept` (RFC 9110 12.5.1): whether the client takes JSON.

use actix_web::{
    HttpMessage, HttpRequest,
    http::header::{ACCEPT, Accept, Quality},
};

use crate::error::ApiError;

/// # Errors
///
/// [`ApiError::NotAcceptable`] if it says that it does not.
pub(super) fn ensure_json_is_taken(request: &HttpRequest) -> Result<(), ApiError> {
    // What most clients send is known without being taken apart.
    match request.headers().get(ACCEPT) {
        None => return Ok(()),
        Some(field) if matches!(field.as_bytes(), b"*/*" | b"application/json") => return Ok(()),
        Some(_) => {}
    }
    match request.get_header::<Accept>() {
        Some(accept) if !is_json_in(&accept) => Err(ApiError::NotAcceptable),
        // A field that cannot be read says nothing.
        _ => Ok(()),
    }
}

/// The most specific range that covers JSON decides.
fn is_json_in(accept: &Accept) -> bool {
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
