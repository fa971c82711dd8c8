//! Negotiates the response format from the `Accept` header (RFC 9110, section 12.5.1).

use actix_web::{
    HttpMessage, HttpRequest,
    http::header::{ACCEPT, Accept, HeaderValue, Quality},
};
use utoipa::ToSchema;

use crate::{constants::JSON, error::ApiError};

/// The format of a response body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum Format {
    Json,
    /// CSV (RFC 4180) in UTF-8 with a byte order mark and a header row.
    Csv,
}

/// The media type of event streams.
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

impl Format {
    /// Returns the format as a value of the `Content-Type` header.
    pub(crate) const fn content_type(self) -> HeaderValue {
        match self {
            Self::Json => JSON,
            Self::Csv => HeaderValue::from_static("text/csv; charset=utf-8"),
        }
    }

    const fn media_type(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("application", "json"),
            Self::Csv => ("text", "csv"),
        }
    }
}

/// Checks that the client accepts JSON.
///
/// # Errors
///
/// Returns [`ApiError::NotAcceptable`] if the client does not accept JSON.
pub(crate) fn ensure_accepts_json(request: &HttpRequest) -> Result<(), ApiError> {
    match preferred_format(request, &[Format::Json]) {
        Some(_) => Ok(()),
        None => Err(ApiError::NotAcceptable),
    }
}

/// Returns the format with the highest quality value for the client, or the first of several with the same value.
/// Returns `None` if the client accepts none of them. The first available format must be JSON. An `Accept` header that
/// cannot be parsed is ignored.
pub(crate) fn preferred_format(request: &HttpRequest, available: &[Format]) -> Option<Format> {
    let first = available.first().copied();
    // Most clients send one of these values, which need no parsing.
    match request.headers().get(ACCEPT) {
        None => return first,
        Some(field) if matches!(field.as_bytes(), b"*/*" | b"application/json") => return first,
        Some(_) => {}
    }
    let Some(accept) = request.get_header::<Accept>() else {
        return first;
    };
    if accept.is_empty() {
        return first;
    }
    let available = available.iter().copied();
    let acceptable = available.filter_map(|format| Some((quality(&accept, format)?, format)));
    let best = acceptable
        .filter(|(quality, _)| *quality > Quality::ZERO)
        // `rev` is needed because `max_by_key` returns the last of several maxima, but the first format has precedence.
        .rev()
        .max_by_key(|(quality, _)| *quality);
    best.map(|(_, format)| format)
}

/// Returns whether the client prefers an event stream to the `available` formats: `Accept` names `text/event-stream`
/// exactly, with a higher quality value than that of each format.
pub(crate) fn prefers_event_stream(request: &HttpRequest, available: &[Format]) -> bool {
    let has_name = request.headers().get_all(ACCEPT).any(|field| {
        let mut windows = field.as_bytes().windows(EVENT_STREAM.len());
        windows.any(|window| window.eq_ignore_ascii_case(EVENT_STREAM.as_bytes()))
    });
    if !has_name {
        return false;
    }
    let Some(accept) = request.get_header::<Accept>() else {
        return false;
    };
    let named = accept
        .iter()
        .filter(|range| range.item.essence_str() == EVENT_STREAM)
        .map(|range| range.quality)
        .max()
        .unwrap_or(Quality::ZERO);
    let mut others = available
        .iter()
        .filter_map(|format| quality(&accept, *format));
    named > Quality::ZERO && others.all(|other| named > other)
}

/// Returns the quality value of a format, from the most specific media range that matches it.
fn quality(accept: &Accept, format: Format) -> Option<Quality> {
    let (kind, subtype) = format.media_type();
    let matching = accept.iter().filter_map(|range| {
        let specificity = match (range.item.type_().as_str(), range.item.subtype().as_str()) {
            range if range == (kind, subtype) => 2,
            range if range == (kind, "*") => 1,
            ("*", "*") => 0,
            _ => return None,
        };
        Some((specificity, range.quality))
    });
    matching.max().map(|(_, quality)| quality)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn preferred(field: &str) -> Option<Format> {
        let request = TestRequest::default()
            .insert_header((ACCEPT, field))
            .to_http_request();
        preferred_format(&request, &[Format::Json, Format::Csv])
    }

    #[test]
    fn format_with_highest_quality_is_used_and_json_on_a_tie() {
        use Format::{Csv, Json};
        for (field, expected) in [
            ("", Json),
            ("nonsense", Json),
            ("*/*", Json),
            ("text/csv, application/json", Json),
            ("text/csv, */*", Json),
            ("text/html, */*;q=0.1", Json),
            ("text/csv;q=0.9, application/json", Json),
            ("text/csv;q=0.2, text/*;q=0.9, application/*;q=0.3", Json),
            ("text/csv", Csv),
            ("TEXT/CSV; charset=utf-8", Csv),
            ("text/*", Csv),
            ("text/csv, */*;q=0.1", Csv),
            ("application/json;q=0.8, text/csv;q=0.9", Csv),
            ("application/json;q=0, */*", Csv),
            ("text/html, text/csv;q=0.001", Csv),
        ] {
            assert_eq!(preferred(field), Some(expected), "{field:?}");
        }
        for field in [
            "text/html",
            "text/plain, image/*",
            "*/*;q=0",
            "text/csv;q=0",
        ] {
            assert_eq!(preferred(field), None, "{field:?}");
        }
    }

    #[test]
    fn event_stream_is_used_only_where_named_and_preferred() {
        for (field, expected) in [
            ("text/event-stream", true),
            ("TEXT/Event-Stream", true),
            ("text/event-stream, application/json;q=0.9", true),
            ("text/event-stream, */*;q=0.5", true),
            ("text/event-stream;q=0.2, image/png", true),
            ("text/event-stream, */*", false),
            ("text/event-stream, application/json", false),
            ("text/event-stream;q=0.5, text/csv", false),
            ("text/event-stream;q=0", false),
            ("text/*", false),
            ("*/*", false),
            ("text/event-streams", false),
        ] {
            let request = TestRequest::default()
                .insert_header((ACCEPT, field))
                .to_http_request();
            let available = [Format::Json, Format::Csv];
            let actual = prefers_event_stream(&request, &available);
            assert_eq!(actual, expected, "{field:?}");
        }
    }

    #[test]
    fn json_is_accepted_with_a_lower_quality_than_csv() {
        for (field, is_accepted) in [
            ("text/csv, application/json;q=0.1", true),
            ("text/csv, */*;q=0.1", true),
            ("text/csv", false),
            ("text/csv, application/json;q=0", false),
        ] {
            let request = TestRequest::default()
                .insert_header((ACCEPT, field))
                .to_http_request();
            assert_eq!(
                ensure_accepts_json(&request).is_ok(),
                is_accepted,
                "{field:?}"
            );
        }
    }
}
