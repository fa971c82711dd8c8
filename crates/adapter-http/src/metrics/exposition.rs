//! The text formats in which metrics are exposed, and their negotiation by `Accept` (RFC 9110 12.5.1).
//!
//! The registry encodes `OpenMetrics` only. Its counters have the suffix `_total` in the samples and not in the metadata, so
//! that tools for the older format, such as `promtool check metrics`, find no help for the samples. Therefore both formats
//! have the suffix in the metadata. In `OpenMetrics` such a name cannot be declared as a counter, so it has no type there.

use std::{cmp::Reverse, fmt};

use actix_web::{
    HttpMessage, HttpRequest,
    http::header::{Accept, HeaderValue, Quality},
    mime::Mime,
};
use prometheus_client::{encoding::text, registry::Registry};

/// A text format of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExpositionFormat {
    /// The text format 0.0.4 of Prometheus, which every scraper reads. It is the default.
    Text,
    /// `OpenMetrics` 1.0.
    OpenMetrics,
}

impl ExpositionFormat {
    /// Returns the format that the client prefers: the one with the highest quality; of equal ones, the one that the client
    /// names more specifically, then the one that it names first. If the client accepts neither, the result is the default.
    pub(super) fn preferred(request: &HttpRequest) -> Self {
        let accept = request.get_header().unwrap_or(Accept(Vec::new()));
        let weight = |format: Self| {
            let ranges = accept.iter().enumerate();
            let matching = ranges.filter_map(|(position, range)| {
                Some((
                    format.specificity(&range.item)?,
                    range.quality,
                    Reverse(position),
                ))
            });
            // The most specific range determines the quality.
            let (specificity, quality, position) = matching.max()?;
            (quality > Quality::ZERO).then_some((quality, specificity, position))
        };
        if weight(Self::OpenMetrics) > weight(Self::Text) {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }

    /// Returns the value of `Content-Type`.
    pub(super) const fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        })
    }

    /// Returns how specifically a media range names this format; `None` if the range does not match it.
    fn specificity(self, range: &Mime) -> Option<u8> {
        let (essence, any_subtype, version) = match self {
            Self::Text => ("text/plain", "text/*", "0.0.4"),
            Self::OpenMetrics => ("application/openmetrics-text", "application/*", "1.0.0"),
        };
        match (range.essence_str(), range.get_param("version")) {
            (named, Some(wanted)) if named == essence => (wanted == version).then_some(3),
            (named, None) if named == essence => Some(2),
            (named, _) if named == any_subtype => Some(1),
            ("*/*", _) => Some(0),
            _ => None,
        }
    }

    /// Encodes all metrics of a registry.
    pub(super) fn encode(self, registry: &Registry) -> Result<String, fmt::Error> {
        let mut encoded = String::new();
        text::encode(&mut encoded, registry)?;
        let mut metrics = String::with_capacity(encoded.len() * 9 / 8);
        let mut help = "";
        for line in encoded.lines() {
            if let Some(descriptor) = line.strip_prefix("# HELP ") {
                (_, help) = descriptor.split_once(' ').unwrap_or_default();
            } else if let Some((name, kind)) = type_of(line) {
                // The line with the type follows the line with the help.
                let suffix = if kind == "counter" { "_total" } else { "" };
                metrics.extend(["# HELP ", name, suffix, " ", help, "\n"]);
                if kind != "counter" || self == Self::Text {
                    metrics.extend(["# TYPE ", name, suffix, " ", kind, "\n"]);
                }
            } else if line != "# EOF" || self == Self::OpenMetrics {
                metrics.extend([line, "\n"]);
            }
        }
        Ok(metrics)
    }
}

/// Returns the name and the type in a `# TYPE` line.
fn type_of(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("# TYPE ")?.split_once(' ')
}

#[cfg(test)]
mod tests {
    use actix_web::{http::header::ACCEPT, test::TestRequest};
    use prometheus_client::metrics::{counter::Counter, gauge::Gauge, histogram::Histogram};

    use super::{
        ExpositionFormat::{OpenMetrics, Text},
        *,
    };

    fn preferred(fields: &[&str]) -> ExpositionFormat {
        let mut request = TestRequest::default();
        for field in fields {
            request = request.append_header((ACCEPT, *field));
        }
        ExpositionFormat::preferred(&request.to_http_request())
    }

    #[test]
    fn scrapers_get_the_format_that_they_prefer() {
        for (scraper, field, expected) in [
            ("curl", "*/*", Text),
            (
                "a browser",
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                Text,
            ),
            (
                "Prometheus 2.20",
                "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                Text,
            ),
            (
                "Prometheus 2.42",
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                 text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                OpenMetrics,
            ),
            (
                "Prometheus 3",
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                 application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
                 text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                OpenMetrics,
            ),
            (
                "Prometheus 3 with PrometheusText0.0.4 first",
                "text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.2",
                Text,
            ),
            (
                "Prometheus with protocol buffers",
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,\
                 application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                OpenMetrics,
            ),
        ] {
            assert_eq!(preferred(&[field]), expected, "{scraper}");
        }
    }

    #[test]
    fn quality_decides_then_specificity_then_order() {
        assert_eq!(preferred(&[]), Text);
        for (field, expected) in [
            ("", Text),
            ("nonsense", Text),
            ("application/json", Text),
            ("*/*;q=0", Text),
            ("application/openmetrics-text;q=0", Text),
            ("application/openmetrics-text;version=2.0.0", Text),
            ("application/openmetrics-text", OpenMetrics),
            ("APPLICATION/OpenMetrics-Text", OpenMetrics),
            ("application/*", OpenMetrics),
            ("text/*, application/*;q=0.9", Text),
            (
                "application/openmetrics-text;q=0.5, text/plain;q=0.4",
                OpenMetrics,
            ),
            ("application/openmetrics-text;q=0.4, text/plain;q=0.5", Text),
            ("application/openmetrics-text;q=0.4, */*;q=0.5", Text),
            ("application/openmetrics-text;q=0.1, text/html", OpenMetrics),
            ("text/plain;q=0, */*;q=0.1", OpenMetrics),
            ("application/openmetrics-text, */*", OpenMetrics),
            ("application/openmetrics-text, text/plain", OpenMetrics),
            ("text/plain, application/openmetrics-text", Text),
            (
                "application/openmetrics-text;version=1.0.0;q=0.1, application/openmetrics-text, text/plain;q=0.2",
                Text,
            ),
        ] {
            assert_eq!(preferred(&[field]), expected, "{field:?}");
        }
        let fields = ["text/plain;q=0.5", "application/openmetrics-text"];
        assert_eq!(preferred(&fields), OpenMetrics);
    }

    #[test]
    fn formats_differ_in_counters_and_end() {
        let mut registry = Registry::default();
        registry.register("requests", "Requests", Counter::<u64>::default());
        registry.register("up", "Whether it is up", Gauge::<i64>::default());
        registry.register("seconds", "Duration", Histogram::new([1.0]));
        let gauge_and_histogram = "# HELP up Whether it is up.\n# TYPE up gauge\nup 0\n\
             # HELP seconds Duration.\n# TYPE seconds histogram\nseconds_sum 0.0\nseconds_count 0\n\
             seconds_bucket{le=\"1.0\"} 0\nseconds_bucket{le=\"+Inf\"} 0\n";
        let (help, sample) = ("# HELP requests_total Requests.\n", "requests_total 0\n");
        assert_eq!(
            Text.encode(&registry).unwrap(),
            format!("{help}# TYPE requests_total counter\n{sample}{gauge_and_histogram}")
        );
        assert_eq!(
            OpenMetrics.encode(&registry).unwrap(),
            format!("{help}{sample}{gauge_and_histogram}# EOF\n")
        );
    }
}
