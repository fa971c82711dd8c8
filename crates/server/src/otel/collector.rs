//! The HTTP client that sends spans to an OpenTelemetry collector with OTLP.

use std::{str::FromStr, time::Duration};

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpError, Request, Response};
use ureq::{Agent, http::Uri};

/// The timeout for a complete response of the collector.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_RESPONSE_BYTES: u64 = 64 * 1024;

/// The URL of a collector, such as `http://127.0.0.1:4318`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CollectorUrl(String);

impl CollectorUrl {
    /// Returns the URL to which spans are posted (OpenTelemetry Protocol, "OTLP/HTTP Request").
    pub(super) fn traces(&self) -> String {
        format!("{}/v1/traces", self.0)
    }
}

impl FromStr for CollectorUrl {
    type Err = ();

    /// Parses an `http` URL without a username, a query or a fragment. Encryption and credentials are not supported,
    /// because a collector runs on the same machine and forwards the spans.
    fn from_str(text: &str) -> Result<Self, ()> {
        let url: Uri = text.parse().map_err(|_| ())?;
        let authority = url.authority().ok_or(())?.as_str();
        let is_plain = url.scheme_str() == Some("http")
            && !authority.contains('@')
            && url.query().is_none()
            && !text.contains('#');
        is_plain
            .then(|| Self(text.trim_end_matches('/').to_owned()))
            .ok_or(())
    }
}

/// An HTTP client that blocks its thread, which belongs to the exporter.
#[derive(Debug)]
pub(super) struct HttpClient(Agent);

impl HttpClient {
    pub(super) fn new() -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(RESPONSE_TIMEOUT))
            .max_redirects(0)
            .http_status_as_error(false)
            // No proxy is needed, because the collector runs on the same machine.
            .proxy(None)
            .user_agent("wts")
            .build();
        Self(config.into())
    }
}

#[async_trait]
impl opentelemetry_http::HttpClient for HttpClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let response = self.0.run(request.map(|body| body.to_vec()))?;
        let (head, mut body) = response.into_parts();
        let body = body.with_config().limit(MAX_RESPONSE_BYTES).read_to_vec()?;
        Ok(Response::from_parts(head, body.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collector_url_can_have_a_path() {
        for (text, traces) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://otel:4318/", "http://otel:4318/v1/traces"),
            ("http://otel/wts", "http://otel/wts/v1/traces"),
        ] {
            let collector: CollectorUrl = text.parse().unwrap();
            assert_eq!(collector.traces(), traces);
        }
        for bad in [
            "",
            "otel:4318",
            "/v1/traces",
            "grpc://otel:4317",
            "https://otel:4318",
            "http://user:password@otel",
            "http://otel/?key=secret",
            "http://otel/#",
        ] {
            assert!(bad.parse::<CollectorUrl>().is_err(), "{bad}");
        }
    }
}
