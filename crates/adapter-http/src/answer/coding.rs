//! `Accept-Encoding` (RFC 9110 12.5.3): how the client takes a body.

use actix_web::{
    HttpMessage, HttpRequest,
    body::{BodySize, BoxBody, MessageBody},
    http::header::{
        ACCEPT_ENCODING, AcceptEncoding, ContentEncoding, Encoding, HeaderValue, Preference,
        Quality,
    },
};

use crate::error::ApiError;

/// What compression is worth its while for, in bytes. What is shorter goes in one packet anyway.
const LEAST: u64 = 1_024;

/// A way to compress a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Zstd,
    Brotli,
    Gzip,
}

impl Coding {
    /// The one that gains the most for its cost first.
    const ALL: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    /// As HTTP calls it.
    pub(super) fn name(self) -> HeaderValue {
        HeaderValue::from_static(self.encoding().as_str())
    }

    fn encoding(self) -> ContentEncoding {
        match self {
            Self::Zstd => ContentEncoding::Zstd,
            Self::Brotli => ContentEncoding::Brotli,
            Self::Gzip => ContentEncoding::Gzip,
        }
    }
}

/// The ways in which a client takes a body, of which there is at least one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Codings {
    /// Whether as it is.
    identity: bool,
    /// Which compression it likes best.
    best: Option<Coding>,
    /// Whether in gzip, be it not the best.
    gzip: bool,
}

impl Codings {
    /// # Errors
    ///
    /// [`ApiError::NotAcceptable`] if it takes a body in no way that there is.
    pub(super) fn taken_by(request: &HttpRequest) -> Result<Self, ApiError> {
        if !request.headers().contains_key(ACCEPT_ENCODING) {
            return Ok(Self::only_as_it_is());
        }
        let codings = request
            .get_header::<AcceptEncoding>()
            .map_or_else(Self::only_as_it_is, |accepted| Self::read(&accepted));
        if codings.identity || codings.best.is_some() {
            Ok(codings)
        } else {
            Err(ApiError::NotAcceptable)
        }
    }

    fn only_as_it_is() -> Self {
        Self {
            identity: true,
            best: None,
            gzip: false,
        }
    }

    fn read(accepted: &AcceptEncoding) -> Self {
        let quality_of = |encoding| quality_of(accepted, encoding);
        let identity = quality_of(ContentEncoding::Identity);
        let best = Coding::ALL
            .into_iter()
            .filter_map(|coding| Some((quality_of(coding.encoding())?, coding)))
            .filter(|(quality, _)| *quality > Quality::ZERO && Some(*quality) >= identity)
            // The first of the best, where `max_by_key` would take the last.
            .rev()
            .max_by_key(|(quality, _)| *quality)
            .map(|(_, coding)| coding);
        Self {
            identity: identity != Some(Quality::ZERO),
            best,
            gzip: quality_of(ContentEncoding::Gzip).is_some_and(|quality| quality > Quality::ZERO),
        }
    }

    /// Whether the client takes a body in gzip.
    pub(super) fn gzip(&self) -> bool {
        self.gzip
    }

    /// Whether the client takes a body as it is.
    pub(super) fn identity(&self) -> bool {
        self.identity
    }

    /// The coding to be used for a body.
    pub(super) fn choose(&self, body: &BoxBody) -> Option<Coding> {
        let gains = match body.size() {
            BodySize::None => false,
            BodySize::Sized(length) => length >= LEAST,
            BodySize::Stream => true,
        };
        self.best.filter(|_| gains || !self.identity)
    }
}

/// How much an encoding is wanted, `None` where nothing is said of it.
fn quality_of(accepted: &AcceptEncoding, encoding: ContentEncoding) -> Option<Quality> {
    let of = |wanted: &Preference<Encoding>| {
        accepted
            .iter()
            .find(|given| given.item == *wanted)
            .map(|given| given.quality)
    };
    of(&Preference::Specific(Encoding::Known(encoding))).or_else(|| of(&Preference::Any))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    /// The favourite coding, and whether the body is taken as it is; `None` where nothing is.
    fn taken(field: &str) -> Option<(Option<Coding>, bool)> {
        let request = TestRequest::default()
            .insert_header((ACCEPT_ENCODING, field))
            .to_http_request();
        let codings = Codings::taken_by(&request).ok()?;
        Some((codings.best, codings.identity))
    }

    #[test]
    fn the_client_chooses_and_between_equals_the_server_does() {
        use Coding::{Brotli, Gzip, Zstd};
        for (field, expected) in [
            ("", (None, true)),
            ("deflate, compress", (None, true)),
            ("gzip, deflate, br, zstd", (Some(Zstd), true)),
            ("gzip, deflate, br", (Some(Brotli), true)),
            ("gzip", (Some(Gzip), true)),
            ("GZip", (Some(Gzip), true)),
            ("gzip;q=1, br;q=0.5, zstd;q=0.1", (Some(Gzip), true)),
            ("br;q=0, zstd;q=0, gzip;q=0.001", (Some(Gzip), true)),
            ("*", (Some(Zstd), true)),
            ("*, zstd;q=0", (Some(Brotli), true)),
            ("gzip;q=0.5, identity", (None, true)),
            ("identity;q=0.5, gzip", (Some(Gzip), true)),
            ("identity;q=0, gzip;q=0.1", (Some(Gzip), false)),
            ("*;q=0, br", (Some(Brotli), false)),
            ("identity;q=0, *", (Some(Zstd), false)),
            ("*;q=0, identity", (None, true)),
            ("gzip;q=much, é", (None, true)),
        ] {
            assert_eq!(taken(field), Some(expected), "{field:?}");
        }
    }

    #[test]
    fn who_takes_nothing_is_refused() {
        for field in ["*;q=0", "identity;q=0", "identity;q=0, deflate, gzip;q=0"] {
            assert_eq!(taken(field), None, "{field:?}");
        }
    }
}
