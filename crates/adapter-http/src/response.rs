//! Success responses: entity tags, the choice among representations, compression.
//!
//! Handlers compress by themselves, and not in a middleware: a response that the client does not want compressed costs
//! nothing more, and one that the client has already is not even written.

mod accept;
mod coding;
mod compression;
mod etag;

use std::io::Read;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody},
    http::header::{CACHE_CONTROL, ETag, EntityTag, HeaderValue, IfNoneMatch, VARY},
};
use flate2::read::GzDecoder;

pub(crate) use self::{accept::ensure_accepts_json, etag::ETagBuilder};
use self::{
    coding::{AcceptedCodings, ContentCoding},
    compression::{STREAMING_COMPRESSIONS, compress},
};
use crate::error::ApiError;

/// How a response may be cached: `Cache-Control` (RFC 9111 5.2.2) and `Vary` (RFC 9110 12.5.5).
pub(crate) struct CacheRule {
    cache_control: HeaderValue,
    vary: HeaderValue,
}

impl CacheRule {
    /// Only the client keeps the response, and it asks each time whether it is still valid. `Vary` need not name
    /// `Authorization`: no one else is given what is kept.
    pub(crate) const PRIVATE: Self = Self {
        cache_control: HeaderValue::from_static("private, no-cache"),
        vary: HeaderValue::from_static("Accept, Accept-Encoding"),
    };
    /// Every cache keeps the response, and asks each time: the next version of this program has another one.
    pub(crate) const STATIC: Self = Self {
        cache_control: HeaderValue::from_static("no-cache"),
        vary: HeaderValue::from_static("Accept-Encoding"),
    };
}

/// The body of a representation.
pub(crate) enum Content {
    /// A body to compress for clients that want that.
    Plain(BoxBody),
    /// A file that is compressed with gzip already.
    Gzip(Vec<u8>),
}

/// Responds with the representation that `etag` identifies: with its content, or 304 if the client has it already.
///
/// # Errors
///
/// [`ApiError::NotAcceptable`] if the client accepts no coding that there is, [`ApiError::Busy`] if it accepts only a
/// coding for which there is no capacity, and the errors of `content`.
pub(crate) async fn respond(
    request: &HttpRequest,
    etag: EntityTag,
    cache: CacheRule,
    content_type: HeaderValue,
    content: impl FnOnce() -> Result<Content, ApiError>,
) -> Result<HttpResponse, ApiError> {
    let codings = AcceptedCodings::from_request(request)?;
    let is_known = matches_if_none_match(request, &etag);
    let mut response = if is_known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((CACHE_CONTROL, cache.cache_control))
        .insert_header((VARY, cache.vary))
        .insert_header(ETag(etag));
    if is_known {
        return Ok(response.finish());
    }
    let (body, coding) = encode(content()?, &codings).await?;
    if let Some(coding) = coding {
        response.insert_header(coding.header());
    }
    Ok(response.content_type(content_type).body(body))
}

/// Whether the client has this version. RFC 9110 13.1.2: tags are compared weakly, and `*` matches any.
fn matches_if_none_match(request: &HttpRequest, etag: &EntityTag) -> bool {
    match request.get_header::<IfNoneMatch>() {
        None => false,
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(etag)),
    }
}

/// Returns the content in the coding that suits the client best, and that coding; `None` for identity.
async fn encode(
    content: Content,
    codings: &AcceptedCodings,
) -> Result<(BoxBody, Option<ContentCoding>), ApiError> {
    let body = match content {
        Content::Plain(body) => body,
        Content::Gzip(bytes) if codings.gzip => {
            return Ok((bytes.boxed(), Some(ContentCoding::Gzip)));
        }
        Content::Gzip(bytes) => {
            let mut plain = Vec::new();
            GzDecoder::new(&*bytes)
                .read_to_end(&mut plain)
                .map_err(|_| ApiError::Internal("a static file could not be decompressed"))?;
            plain.boxed()
        }
    };
    match codings.choose(&body) {
        None => Ok((body, None)),
        Some(coding) => compress(body, coding, codings.identity, &STREAMING_COMPRESSIONS).await,
    }
}
