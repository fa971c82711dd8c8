//! The origins whose web pages may read responses (CORS).

use std::str::FromStr;

use actix_web::http::{Uri, header::HeaderValue};

/// A list of allowed origins (RFC 6454), empty by default.
///
/// ```
/// use wts_adapter_http::AllowedOrigins;
///
/// let origins: AllowedOrigins = "https://wts.example, http://localhost:5173".parse()?;
/// # Ok::<(), wts_adapter_http::InvalidOrigin>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedOrigins(Vec<HeaderValue>);

impl AllowedOrigins {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains(&self, origin: &HeaderValue) -> bool {
        self.0.contains(origin)
    }
}

impl FromStr for AllowedOrigins {
    type Err = InvalidOrigin;

    /// Parses origins separated by commas or spaces.
    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        text.split([',', ' '])
            .filter(|origin| !origin.is_empty())
            .map(|origin| parse(origin).ok_or_else(|| InvalidOrigin(origin.to_owned())))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// Parses an origin in the form that browsers send: scheme, host in lower case, and the port unless it is the default
/// port.
fn parse(text: &str) -> Option<HeaderValue> {
    let uri: Uri = text.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let default_port = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let is_canonical = text == format!("{scheme}://{authority}")
        && !authority.host().is_empty()
        && !text.contains(['@', '*'])
        && text.to_ascii_lowercase() == text
        && authority.port_u16() != Some(default_port);
    HeaderValue::from_str(text).ok().filter(|_| is_canonical)
}

/// The error for a string that is not an origin in the form that browsers send.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected origins such as https://wts.example, in lower case, without a path and without the default port, found {0:?}"
)]
pub struct InvalidOrigin(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_origins_as_sent_by_browsers_are_accepted() {
        for valid in [
            "",
            "https://wts.example",
            "https://wts.example:8443,http://localhost:5173",
            " https://a.example  https://b.example ",
            "http://[::1]:3000",
        ] {
            assert!(valid.parse::<AllowedOrigins>().is_ok(), "{valid}");
        }
        for invalid in [
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
            assert!(invalid.parse::<AllowedOrigins>().is_err(), "{invalid}");
        }
    }
}
