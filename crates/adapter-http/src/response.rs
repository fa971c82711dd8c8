//! Success responses: entity tags, content negotiation and compression.
//!
//! Handlers call [`respond`], which is cheaper than a compression middleware. If the client has cached the response, it
//! is not serialized; if the client accepts no compression, the body is not copied.

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

pub(crate) use self::{
    accept::{EVENT_STREAM, Format, ensure_accepts_json, preferred_format, prefers_event_stream},
    etag::ETagBuilder,
};
use self::{
    coding::{AcceptedCodings, ContentCoding},
    compression::{STREAMING_COMPRESSIONS, compress},
};
use crate::error::ApiError;

/// The caching headers of a response: `Cache-Control` (RFC 9111 5.2.2) and `Vary` (RFC 9110 12.5.5).
pub(crate) struct CachePolicy {
    cache_control: HeaderValue,
    vary: HeaderValue,
}

impl CachePolicy {
    /// The response may be stored by the client only, which must revalidate it before each reuse. `Vary` does not
    /// contain `Authorization`, because a private cache serves a single user.
    pub(crate) const PRIVATE: Self = Self {
        cache_control: HeaderValue::from_static("private, no-cache"),
        vary: HeaderValue::from_static("Accept, Accept-Encoding"),
    };
    /// The response may be stored by any cache, which must revalidate it before each reuse, because a new release may
    /// change the content.
    pub(crate) const STATIC: Self = Self {
        cache_control: HeaderValue::from_static("no-cache"),
        vary: HeaderValue::from_static("Accept-Encoding"),
    };
}

/// The body of a response before a content coding is applied.
pub(crate) enum Content {
    /// An uncompressed body. It is compressed if the client accepts a supported coding.
    Plain(BoxBody),
    /// A file that is stored in gzip format.
    Gzip(Vec<u8>),
}

/// Returns a response with `etag`. If the request has the tag in `If-None-Match`, the response is 304. Otherwise it is
/// 200, with `content` in the coding that the client prefers.
///
/// # Errors
///
/// Returns [`ApiError::NotAcceptable`] if the client accepts neither identity nor a supported coding,
/// [`ApiError::Busy`] if the client accepts only compressed bodies and too many are being compressed, and any error of
/// `content`.
pub(crate) async fn respond(
    request: &HttpRequest,
    etag: EntityTag,
    cache: CachePolicy,
    content_type: HeaderValue,
    content: impl FnOnce() -> Result<Content, ApiError>,
) -> Result<HttpResponse, ApiError> {
    let codings = AcceptedCodings::from_request(request)?;
    let not_modified = matches_if_none_match(request, &etag);
    let mut response = if not_modified {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((CACHE_CONTROL, cache.cache_control))
        .insert_header((VARY, cache.vary))
        .insert_header(ETag(etag));
    if not_modified {
        return Ok(response.finish());
    }
    let (body, coding) = encode(content()?, &codings).await?;
    if let Some(coding) = coding {
        response.insert_header(coding.header());
    }
    Ok(response.content_type(content_type).body(body))
}

/// Returns whether `If-None-Match` contains this tag. Tags are compared weakly, and `*` matches every tag (RFC 9110
/// 13.1.2).
fn matches_if_none_match(request: &HttpRequest, etag: &EntityTag) -> bool {
    match request.get_header::<IfNoneMatch>() {
        None => false,
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(etag)),
    }
}

/// Returns the content in the coding that the client prefers, and that coding. `None` means identity.
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
