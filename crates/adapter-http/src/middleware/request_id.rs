//! The request id, which is in the response and in the access log.
//!
//! Middleware crates for request ids are not used, because an id must be accepted from trusted proxies only.

use std::fmt;

use actix_web::{dev::ServiceRequest, http::header::HeaderValue, web::Data};
use uuid::Uuid;

use crate::{constants::X_REQUEST_ID, settings::HttpSettings};

/// The maximum length of a request id from a proxy.
const MAX_ID_BYTES: usize = 128;

/// The id of a request: the id that a trusted proxy sent, so that the logs of both contain the same id, or a random
/// UUID (RFC 9562). Ids from other peers are ignored, because a client could write arbitrary text into the log.
#[derive(Clone)]
pub(super) struct RequestId(pub(super) HeaderValue);

impl RequestId {
    pub(super) fn from_request(request: &ServiceRequest) -> Self {
        Self(forwarded(request).unwrap_or_else(generate))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

fn generate() -> HeaderValue {
    let mut text = Uuid::encode_buffer();
    let text = Uuid::new_v4().hyphenated().encode_lower(&mut text);
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unprintable"))
}

/// Returns the id that a trusted proxy sent, if there is exactly one.
fn forwarded(request: &ServiceRequest) -> Option<HeaderValue> {
    let mut ids = request.headers().get_all(X_REQUEST_ID);
    let id = ids.next().filter(|_| ids.next().is_none())?;
    let settings = request.app_data::<Data<HttpSettings>>()?;
    let is_trusted = settings.trusted_proxies.contains(request.peer_addr()?.ip());
    (is_trusted && is_log_safe(id.as_bytes())).then(|| id.clone())
}

/// Returns whether an id contains only characters that cannot change the meaning of a log record.
fn is_log_safe(id: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/:@".contains(byte);
    (1..=MAX_ID_BYTES).contains(&id.len()) && id.iter().all(is_plain)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    /// Returns the id of a request from `peer` with these `X-Request-Id` headers.
    fn id_of(peer: [u8; 4], fields: &[&[u8]]) -> String {
        let settings = HttpSettings {
            trusted_proxies: "10.0.0.0/8".parse().unwrap(),
            ..HttpSettings::default()
        };
        let mut request = TestRequest::default()
            .app_data(Data::new(settings))
            .peer_addr((peer, 50_000).into());
        for field in fields {
            request =
                request.append_header((X_REQUEST_ID, HeaderValue::from_bytes(field).unwrap()));
        }
        let id = RequestId::from_request(&request.to_srv_request());
        assert_eq!(id.0.to_str().unwrap(), id.to_string());
        id.to_string()
    }

    #[test]
    fn id_from_trusted_proxy_is_kept() {
        let longest = [b'a'; MAX_ID_BYTES];
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
    fn missing_invalid_or_untrusted_id_is_replaced() {
        let too_long = [b'a'; MAX_ID_BYTES + 1];
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
