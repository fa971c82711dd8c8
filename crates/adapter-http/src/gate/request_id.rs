//! What an answer and its log record have in common.

use std::fmt;

use actix_web::{
    dev::ServiceRequest,
    http::header::{HeaderMap, HeaderName, HeaderValue},
    web::Data,
};
use uuid::Uuid;

use super::TrustedProxies;

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken over, in bytes.
const LONGEST: usize = 128;

/// The one that a trusted proxy has given the request, so that its log and ours tell of the same, or else a random UUID
/// (RFC 9562). Anyone else's is not taken: it would let them choose what the log says.
#[derive(Clone)]
pub(super) enum RequestId {
    Made(Uuid),
    /// Holds nothing but what [`is_harmless`].
    Given(HeaderValue),
}

impl RequestId {
    pub(super) fn of(request: &ServiceRequest) -> Self {
        given(request).map_or_else(Self::made, Self::Given)
    }

    /// A new one.
    pub(super) fn made() -> Self {
        Self::Made(Uuid::new_v4())
    }

    /// Its value in an answer's `X-Request-Id`.
    pub(super) fn header(&self) -> HeaderValue {
        match self {
            Self::Given(id) => id.clone(),
            Self::Made(id) => {
                let mut text = Uuid::encode_buffer();
                HeaderValue::from_str(id.hyphenated().encode_lower(&mut text))
                    .unwrap_or(HeaderValue::from_static("unprintable"))
            }
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(id) => f.write_str(id.to_str().unwrap_or("unprintable")),
            Self::Made(id) => id.fmt(f),
        }
    }
}

/// The id that a trusted proxy has given the request.
fn given(request: &ServiceRequest) -> Option<HeaderValue> {
    let id = only(request.headers())?;
    let proxies = request.app_data::<Data<TrustedProxies>>()?;
    proxies
        .include(request.peer_addr())
        .then(|| id.clone())
        .filter(|id| is_harmless(id.as_bytes()))
}

fn only(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut fields = headers.get_all(X_REQUEST_ID);
    let only = fields.next();
    only.filter(|_| fields.next().is_none())
}

/// Whether it can stand in a log line without being taken for anything else there.
fn is_harmless(id: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/:@".contains(byte);
    (1..=LONGEST).contains(&id.len()) && id.iter().all(is_plain)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    /// The id of a request from `peer` with these `X-Request-Id` fields.
    fn id_of(peer: [u8; 4], fields: &[&[u8]]) -> String {
        let proxies: TrustedProxies = "10.0.0.0/8".parse().unwrap();
        let mut request = TestRequest::default()
            .app_data(Data::new(proxies))
            .peer_addr((peer, 50_000).into());
        for field in fields {
            request =
                request.append_header((X_REQUEST_ID, HeaderValue::from_bytes(field).unwrap()));
        }
        let id = RequestId::of(&request.to_srv_request());
        assert_eq!(id.header().to_str().unwrap(), id.to_string());
        id.to_string()
    }

    #[test]
    fn a_trusted_proxys_id_is_taken_over() {
        let longest = [b'a'; LONGEST];
        for id in [
            &b"1"[..],
            b"8f14e45f-ceea-467f-a0e6-1f5b2c3d4e5f",
            b"host/x.y~1:2@3+4_5",
            &longest,
        ] {
            assert_eq!(id_of([10, 0, 0, 1], &[id]).as_bytes(), id);
        }
    }

    #[test]
    fn everyone_else_gets_an_id_that_they_did_not_choose() {
        let too_long = [b'a'; LONGEST + 1];
        for (peer, fields) in [
            ([10, 0, 0, 1], &[][..]),
            ([192, 168, 0, 1], &[&b"1"[..]][..]),
            ([10, 0, 0, 1], &[b"1", b"1"]),
            ([10, 0, 0, 1], &[b""]),
            ([10, 0, 0, 1], &[&too_long]),
            ([10, 0, 0, 1], &[b"1 status=200"]),
            ([10, 0, 0, 1], &[b"1\t2"]),
            ([10, 0, 0, 1], &[b"\"1\""]),
            ([10, 0, 0, 1], &["编号".as_bytes()]),
        ] {
            let id = id_of(peer, fields);
            assert!(Uuid::parse_str(&id).is_ok(), "{fields:?}: {id}");
            assert_ne!(id, id_of(peer, fields));
        }
    }
}
