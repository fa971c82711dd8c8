//! Whose pages may read answers (the Fetch standard's CORS). Closed by default.
//!
//! Our own rather than the framework's, which refuses in words of its own, not in the envelope, and reads every request
//! for it. Cookies are of no use here, so that no page is let in with them.

use std::{fmt, str::FromStr};

use actix_web::{
    HttpResponse,
    dev::ServiceRequest,
    http::{
        Method, Uri,
        header::{
            self, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
            ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN, VARY,
        },
    },
    web::Data,
};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD");
/// What a page may send besides what every page may; the last four because common libraries send them unasked.
const SENT: HeaderValue = HeaderValue::from_static(
    "authorization, if-none-match, x-request-id, traceparent, \
     content-type, cache-control, pragma, x-requested-with",
);
/// What a page may read besides what every page may.
const EXPOSED: HeaderValue =
    HeaderValue::from_static("etag, retry-after, www-authenticate, x-request-id");
/// How long a browser may remember all that, in seconds. More than two hours none of them does.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// The origins (RFC 6454) whose pages may read answers: none by default.
///
/// ```
/// use wts_adapter_http::Origins;
///
/// let origins: Origins = "https://wts.example, http://localhost:5173".parse()?;
/// # Ok::<(), wts_adapter_http::InvalidOrigin>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Vec<HeaderValue>);

impl FromStr for Origins {
    type Err = InvalidOrigin;

    /// Reads origins with commas or spaces between them.
    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        text.split([',', ' '])
            .filter(|origin| !origin.is_empty())
            .map(origin)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// As a browser spells it: scheme, host in small letters, and the port unless it is the scheme's own.
fn origin(text: &str) -> Result<HeaderValue, InvalidOrigin> {
    let invalid = || InvalidOrigin(text.to_owned());
    let uri: Uri = text.parse().map_err(|_| invalid())?;
    let (Some(scheme @ ("http" | "https")), Some(authority)) = (uri.scheme_str(), uri.authority())
    else {
        return Err(invalid());
    };
    let own_port = if scheme == "https" { 443 } else { 80 };
    let is_as_browsers_have_it = text == format!("{scheme}://{authority}")
        && !authority.host().is_empty()
        && !text.contains(['@', '*'])
        && text.to_ascii_lowercase() == text
        && authority.port_u16() != Some(own_port);
    if !is_as_browsers_have_it {
        return Err(invalid());
    }
    HeaderValue::from_str(text).map_err(|_| invalid())
}

/// A text that is no origin as browsers spell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidOrigin(String);

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected origins such as https://wts.example, in small letters, without a path and without the usual port, \
             not {:?}",
            self.0
        )
    }
}

impl std::error::Error for InvalidOrigin {}

/// What a page is told.
pub(super) enum Cors {
    /// No page but our own may read anything.
    Closed,
    /// Some pages may, but not this one, or no page asks.
    Denied,
    /// The page of this origin may.
    Allowed(HeaderValue),
}

impl Cors {
    pub(super) fn of(request: &ServiceRequest) -> Self {
        match request.app_data::<Data<Origins>>() {
            Some(origins) if !origins.0.is_empty() => request
                .headers()
                .get(ORIGIN)
                .filter(|origin| origins.0.contains(origin))
                .map_or(Self::Denied, |origin| Self::Allowed(origin.clone())),
            _ => Self::Closed,
        }
    }

    pub(super) fn apply(&self, answer: &mut HeaderMap) {
        if let Self::Closed = self {
            return;
        }
        // Without a page the answer is the same but for this, which a cache between has to know.
        answer.append(VARY, HeaderValue::from_static("origin"));
        if let Self::Allowed(origin) = self {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            answer.insert(
                header::CROSS_ORIGIN_RESOURCE_POLICY,
                HeaderValue::from_static("cross-origin"),
            );
        }
    }
}

/// The answer to a browser that asks, for a page that may read answers, what it may send.
pub(super) fn preflight(request: &ServiceRequest) -> Option<HttpResponse> {
    let asks = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    (asks && matches!(Cors::of(request), Cors::Allowed(_))).then(|| {
        HttpResponse::NoContent()
            .insert_header((ACCESS_CONTROL_ALLOW_METHODS, METHODS))
            .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, SENT))
            .insert_header((ACCESS_CONTROL_MAX_AGE, MAX_AGE))
            .finish()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_spelled_as_browsers_spell_it() {
        for good in [
            "",
            "https://wts.example",
            "https://wts.example:8443,http://localhost:5173",
            " https://a.example  https://b.example ",
            "http://[::1]:3000",
        ] {
            assert!(good.parse::<Origins>().is_ok(), "{good}");
        }
        for bad in [
            "*",
            "null",
            "wts.example",
            "https://wts.example/",
            "https://wts.example/app",
            "https://wts.example?",
            "https://WTS.example",
            "https://wts.example:443",
            "http://wts.example:80",
            "https://*.example",
            "https://user@wts.example",
            "https://",
            "ftp://wts.example",
            "https://wts.example;https://b.example",
        ] {
            assert!(bad.parse::<Origins>().is_err(), "{bad}");
        }
    }
}
