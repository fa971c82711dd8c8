//! Files that this program holds, some of them compressed.

use std::io::Read;

use actix_web::{
    HttpRequest, HttpResponse,
    body::MessageBody,
    http::header::{CACHE_CONTROL, CONTENT_ENCODING, ETag, HeaderValue, VARY},
};
use flate2::read::GzDecoder;

use super::{
    Fingerprint,
    coding::{Coding, Codings},
    compression::{LONG_AT_A_TIME, compress},
    is_known,
};
use crate::error::ApiError;

/// They are nobody's in particular, and are another's with the next version of this program.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
const CHOSEN_BY: HeaderValue = HeaderValue::from_static("Accept-Encoding");

/// A file.
pub(crate) struct Stored {
    pub(crate) content_type: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) is_gzip: bool,
}

/// Answers with a file: packed as it is to all who take that, which costs nothing, and else as the client likes it.
///
/// # Errors
///
/// [`ApiError::NotAcceptable`] if the client takes no coding that there is.
pub(crate) fn stored(request: &HttpRequest, file: Stored) -> Result<HttpResponse, ApiError> {
    let codings = Codings::taken_by(request)?;
    let mut fingerprint = Fingerprint::new();
    fingerprint.bytes(&file.bytes);
    let tag = fingerprint.tag();
    let known = is_known(request, &tag);
    let mut response = if known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((CACHE_CONTROL, ASK_AGAIN))
        .insert_header((VARY, CHOSEN_BY))
        .insert_header(ETag(tag));
    if known {
        return Ok(response.finish());
    }
    // An image is packed already, and would only grow.
    let gains = !file.content_type.starts_with("image/");
    response.content_type(with_charset(file.content_type));
    if file.is_gzip && gains && codings.gzip() {
        response.insert_header((CONTENT_ENCODING, Coding::Gzip.name()));
        return Ok(response.body(file.bytes));
    }
    let plain = if file.is_gzip {
        unpacked(&file.bytes)?
    } else {
        file.bytes
    };
    let body = plain.boxed();
    let coding = codings.choose(&body);
    let Some(coding) = coding.filter(|_| gains || !codings.identity()) else {
        return Ok(response.body(body));
    };
    let coded = compress(body, coding, codings.identity(), &LONG_AT_A_TIME)?;
    if let Some(coding) = coded.coding {
        response.insert_header((CONTENT_ENCODING, coding.name()));
    }
    Ok(response.body(coded.body))
}

/// All texts here are in UTF-8.
fn with_charset(content_type: String) -> String {
    if content_type.starts_with("text/") {
        content_type + "; charset=utf-8"
    } else {
        content_type
    }
}

fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, ApiError> {
    let mut unpacked = Vec::new();
    GzDecoder::new(bytes)
        .read_to_end(&mut unpacked)
        .map_err(|_| ApiError::Fault("a stored file could not be unpacked"))?;
    Ok(unpacked)
}
