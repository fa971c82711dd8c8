//! `Accept-Encoding` (RFC 9110 12.5.3): which content codings a client accepts.
//!
//! Not the framework's `AcceptEncoding::negotiate`, which goes by the order in which a client lists codings that it likes
//! equally, and so would give browsers gzip rather than zstd.

use actix_web::{
    HttpMessage, HttpRequest,
    body::{BodySize, BoxBody, MessageBody},
    http::header::{AcceptEncoding, ContentEncoding, Encoding, Preference, Quality},
};

use crate::error::ApiError;

/// The shortest body that is worth compressing, in bytes. A shorter one goes in one packet anyway.
const MIN_COMPRESS_BYTES: u64 = 1_024;

/// A content coding that bodies are compressed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentCoding {
    Zstd,
    Gzip,
}

impl ContentCoding {
    /// All codings, the one that gains the most for its cost first.
    pub(super) const ALL: [Self; 2] = [Self::Zstd, Self::Gzip];

    /// The value of `Content-Encoding`.
    pub(super) fn header(self) -> ContentEncoding {
        match self {
            Self::Zstd => ContentEncoding::Zstd,
            Self::Gzip => ContentEncoding::Gzip,
        }
    }
}

/// The codings that a client accepts, at least one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AcceptedCodings {
    /// Whether it accepts a body that is not compressed.
    pub(super) identity: bool,
    /// Whether it accepts gzip, also where another coding suits it better.
    pub(super) gzip: bool,
    /// The compression that suits it best, at least as well as none.
    best: Option<ContentCoding>,
}

impl AcceptedCodings {
    /// # Errors
    ///
    /// Returns [`ApiError::NotAcceptable`] if the client accepts no coding that there is.
    pub(super) fn from_request(request: &HttpRequest) -> Result<Self, ApiError> {
        // A header field that cannot be parsed is ignored.
        let accepted = request.get_header().unwrap_or(AcceptEncoding(Vec::new()));
        let identity = quality(&accepted, ContentEncoding::Identity);
        let codings =
            ContentCoding::ALL.map(|coding| (quality(&accepted, coding.header()), coding));
        let accepted = codings
            .into_iter()
            .filter(|(quality, _)| quality.is_some_and(|quality| quality > Quality::ZERO));
        let best = accepted
            .clone()
            .filter(|(quality, _)| *quality >= identity)
            // The first of the best, where `max_by_key` would return the last.
            .rev()
            .max_by_key(|(quality, _)| *quality)
            .map(|(_, coding)| coding);
        let codings = Self {
            identity: identity != Some(Quality::ZERO),
            gzip: accepted
                .into_iter()
                .any(|(_, coding)| coding == ContentCoding::Gzip),
            best,
        };
        if codings.identity || codings.best.is_some() {
            Ok(codings)
        } else {
            Err(ApiError::NotAcceptable)
        }
    }

    /// Returns the compression to use for `body`, `None` to send it as it is.
    pub(super) fn choose(&self, body: &BoxBody) -> Option<ContentCoding> {
        let is_worth_it = match body.size() {
            BodySize::None => false,
            BodySize::Sized(length) => length >= MIN_COMPRESS_BYTES,
            BodySize::Stream => true,
        };
        self.best.filter(|_| is_worth_it || !self.identity)
    }
}

/// Returns the quality that the client gives an encoding, `None` if it does not mention the encoding.
fn quality(accepted: &AcceptEncoding, encoding: ContentEncoding) -> Option<Quality> {
    let of = |wanted: &Preference<Encoding>| {
        let mut items = accepted.iter();
        items
            .find(|item| item.item == *wanted)
            .map(|item| item.quality)
    };
    of(&Preference::Specific(Encoding::Known(encoding))).or_else(|| of(&Preference::Any))
}

#[cfg(test)]
mod tests {
    use actix_web::{http::header::ACCEPT_ENCODING, test::TestRequest};

    use super::*;

    /// The best coding, and whether identity is accepted; `None` where nothing is.
    fn accepted(field: &str) -> Option<(Option<ContentCoding>, bool)> {
        let request = TestRequest::default()
            .insert_header((ACCEPT_ENCODING, field))
            .to_http_request();
        let codings = AcceptedCodings::from_request(&request).ok()?;
        Some((codings.best, codings.identity))
    }

    #[test]
    fn client_chooses_coding_and_server_breaks_ties() {
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
    fn client_that_accepts_no_coding_is_rejected() {
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
