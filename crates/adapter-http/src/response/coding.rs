//! Negotiation of the content coding with the `Accept-Encoding` header (RFC 9110 12.5.3).
//!
//! `AcceptEncoding::negotiate` of actix is not used. Among codings with equal quality values it chooses the one that
//! the client lists first, which is gzip for browsers, although zstd compresses better.

use actix_web::{
    HttpMessage, HttpRequest,
    body::{BodySize, BoxBody, MessageBody},
    http::header::{AcceptEncoding, ContentEncoding, Encoding, Preference, Quality},
};

use crate::error::ApiError;

/// The minimum length of a body that is compressed, in bytes. A shorter body fits into one packet uncompressed.
const MIN_COMPRESS_BYTES: u64 = 1_024;

/// A supported content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentCoding {
    Zstd,
    Gzip,
}

impl ContentCoding {
    /// All supported codings, in the server's order of preference. The coding with the best ratio of compression to CPU
    /// time is first.
    pub(super) const ALL: [Self; 2] = [Self::Zstd, Self::Gzip];

    /// Returns the coding as a value of the `Content-Encoding` header.
    pub(super) fn header(self) -> ContentEncoding {
        match self {
            Self::Zstd => ContentEncoding::Zstd,
            Self::Gzip => ContentEncoding::Gzip,
        }
    }
}

/// The codings that a client accepts, at least one. Identity is a coding too.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AcceptedCodings {
    /// Whether the client accepts an uncompressed body.
    pub(super) identity: bool,
    /// Whether the client accepts gzip. It may prefer another coding.
    pub(super) gzip: bool,
    /// The compression that the client prefers, `None` if it prefers identity.
    preferred: Option<ContentCoding>,
}

impl AcceptedCodings {
    /// Parses the `Accept-Encoding` header. A header that cannot be parsed is ignored.
    ///
    /// # Errors
    ///
    /// Returns [`ApiError::NotAcceptable`] if the client accepts neither identity nor a supported coding.
    pub(super) fn from_request(request: &HttpRequest) -> Result<Self, ApiError> {
        let accepted = request.get_header().unwrap_or(AcceptEncoding(Vec::new()));
        let identity = quality(&accepted, ContentEncoding::Identity);
        let codings =
            ContentCoding::ALL.map(|coding| (quality(&accepted, coding.header()), coding));
        let accepted = codings
            .into_iter()
            .filter(|(quality, _)| quality.is_some_and(|quality| quality > Quality::ZERO));
        let preferred = accepted
            .clone()
            .filter(|(quality, _)| *quality >= identity)
            // `rev` is needed because `max_by_key` returns the last of several maxima, but the first one has
            // precedence.
            .rev()
            .max_by_key(|(quality, _)| *quality)
            .map(|(_, coding)| coding);
        let codings = Self {
            identity: identity != Some(Quality::ZERO),
            gzip: accepted
                .into_iter()
                .any(|(_, coding)| coding == ContentCoding::Gzip),
            preferred,
        };
        if codings.identity || codings.preferred.is_some() {
            Ok(codings)
        } else {
            Err(ApiError::NotAcceptable)
        }
    }

    /// Returns the coding with which `body` is compressed, or `None` if it is sent uncompressed.
    pub(super) fn choose(&self, body: &BoxBody) -> Option<ContentCoding> {
        let is_long_enough = match body.size() {
            BodySize::None => false,
            BodySize::Sized(length) => length >= MIN_COMPRESS_BYTES,
            BodySize::Stream => true,
        };
        self.preferred.filter(|_| is_long_enough || !self.identity)
    }
}

/// Returns the quality value of a coding, which the header gives by name or with `*`. Returns `None` if it has neither.
fn quality(accepted: &AcceptEncoding, encoding: ContentEncoding) -> Option<Quality> {
    let quality_of = |wanted: &Preference<Encoding>| {
        let mut items = accepted.iter();
        items
            .find(|item| item.item == *wanted)
            .map(|item| item.quality)
    };
    quality_of(&Preference::Specific(Encoding::Known(encoding)))
        .or_else(|| quality_of(&Preference::Any))
}

#[cfg(test)]
mod tests {
    use actix_web::{http::header::ACCEPT_ENCODING, test::TestRequest};

    use super::*;

    /// Returns the preferred coding and whether identity is accepted, or `None` if the request is rejected.
    fn accepted(field: &str) -> Option<(Option<ContentCoding>, bool)> {
        let request = TestRequest::default()
            .insert_header((ACCEPT_ENCODING, field))
            .to_http_request();
        let codings = AcceptedCodings::from_request(&request).ok()?;
        Some((codings.preferred, codings.identity))
    }

    #[test]
    fn coding_with_highest_quality_is_used_and_zstd_on_a_tie() {
        use ContentCoding::{Gzip, Zstd};
        for (field, expected) in [
            ("", (None, true)),
            ("deflate, compress", (None, true)),
            ("br", (None, true)),
            ("gzip, deflate, br, zstd", (Some(Zstd), true)),
            ("gzip, deflate, br", (Some(Gzip), true)),
            ("gzip", (Some(Gzip), true)),
            ("GZip", (Some(Gzip), true)),
            ("gzip;q=1, br;q=0.5, zstd;q=0.1", (Some(Gzip), true)),
            ("zstd;q=0, gzip;q=0.001", (Some(Gzip), true)),
            ("*", (Some(Zstd), true)),
            ("*, zstd;q=0", (Some(Gzip), true)),
            ("gzip;q=0.5, identity", (None, true)),
            ("identity;q=0.5, gzip", (Some(Gzip), true)),
            ("identity;q=0, gzip;q=0.1", (Some(Gzip), false)),
            ("*;q=0, gzip", (Some(Gzip), false)),
            ("identity;q=0, *", (Some(Zstd), false)),
            ("*;q=0, identity", (None, true)),
            ("gzip;q=much, é", (None, true)),
        ] {
            assert_eq!(accepted(field), Some(expected), "{field:?}");
        }
    }

    #[test]
    fn request_without_an_acceptable_coding_is_rejected() {
        for field in [
            "*;q=0",
            "identity;q=0",
            "identity;q=0, deflate, gzip;q=0",
            "identity;q=0, br",
        ] {
            assert_eq!(accepted(field), None, "{field:?}");
        }
    }
}
