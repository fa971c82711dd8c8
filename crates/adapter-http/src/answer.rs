//! What a good answer bears besides its body, and which of its forms the client takes.
//!
//! Handlers compress by themselves, and not in a middleware: this way an answer that nobody wants compressed costs
//! nothing more, and one that the client has already is not even written.

mod coding;
mod compression;
mod entity_tag;
mod media_type;
mod stored;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    body::BoxBody,
    http::header::{
        CACHE_CONTROL, CONTENT_ENCODING, ETag, EntityTag, HeaderValue, IfNoneMatch, VARY,
    },
};

use self::{
    coding::Codings,
    compression::{LONG_AT_A_TIME, compress},
};
pub(crate) use self::{
    entity_tag::Fingerprint,
    stored::{Stored, stored},
};
use crate::{error::ApiError, routes::JSON};

/// RFC 9111 5.2.2: nobody but the client keeps it, and the client asks each time whether it still holds.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
/// RFC 9110 12.5.5. `Authorization` need not be named: what it got nobody else is given.
const CHOSEN_BY: HeaderValue = HeaderValue::from_static("Accept, Accept-Encoding");

/// Answers with the version of something that `tag` stands for: with its `body`, or without where the client has it.
///
/// # Errors
///
/// [`ApiError::NotAcceptable`] if the client takes none of the forms that there are, and what keeps `body` from being
/// written.
pub(crate) fn json(
    request: &HttpRequest,
    tag: EntityTag,
    body: impl FnOnce() -> Result<BoxBody, ApiError>,
) -> Result<HttpResponse, ApiError> {
    media_type::ensure_json_is_taken(request)?;
    let codings = Codings::taken_by(request)?;
    let known = is_known(request, &tag);
    let mut response = if known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((CACHE_CONTROL, PRIVATE))
        .insert_header((VARY, CHOSEN_BY))
        .insert_header(ETag(tag));
    if known {
        return Ok(response.finish());
    }
    response.content_type(JSON);
    let body = body()?;
    match codings.choose(&body) {
        None => Ok(response.body(body)),
        Some(coding) => {
            let coded = compress(body, coding, codings.identity(), &LONG_AT_A_TIME)?;
            if let Some(coding) = coded.coding {
                response.insert_header((CONTENT_ENCODING, coding.name()));
            }
            Ok(response.body(coded.body))
        }
    }
}

/// Whether the client says that it has this version. RFC 9110 13.1.2: compared weakly, and `*` is any.
fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match request.get_header::<IfNoneMatch>() {
        None => false,
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
    }
}
