//! W3C Trace Context, level 1: the distributed trace that a request belongs to.
//!
//! OpenTelemetry's propagator is not used, because it accepts values that the recommendation requires to be ignored:
//! ids that are too short, signs, a trailing hyphen, and the first of two headers.

use std::ops::Range;

use actix_web::http::header::HeaderMap;

/// The value of a valid `traceparent` header. It contains only hexadecimal digits and hyphens, so it can be logged.
#[derive(Clone, Copy)]
pub(super) struct TraceParent([u8; 55]);

impl TraceParent {
    /// Returns the `traceparent` of a request, or `None` if it is missing, invalid or not unique.
    pub(super) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let mut fields = headers.get_all("traceparent");
        let field = fields.next()?.as_bytes();
        if fields.next().is_some() {
            return None;
        }
        Self::parse(field)
    }

    /// Parses `version "-" trace-id "-" parent-id "-" trace-flags` (3.2). Later versions may append further parts.
    fn parse(field: &[u8]) -> Option<Self> {
        let (known, more) = field.split_first_chunk::<55>()?;
        let has_form = known.iter().enumerate().all(|(index, byte)| match index {
            2 | 35 | 52 => *byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        });
        let has_end = match known {
            [b'0', b'0', ..] => more.is_empty(),
            [b'f', b'f', ..] => false,
            _ => more.is_empty() || more.starts_with(b"-"),
        };
        let parsed = Self(*known);
        let is_zero = |id: &str| id.bytes().all(|digit| digit == b'0');
        (has_form && has_end && !is_zero(parsed.trace()) && !is_zero(parsed.parent()))
            .then_some(parsed)
    }

    /// Returns the trace id.
    pub(super) fn trace(&self) -> &str {
        self.part(3..35)
    }

    /// Returns the parent id, which identifies the client's span.
    pub(super) fn parent(&self) -> &str {
        self.part(36..52)
    }

    /// Returns whether the client records this trace, which is the lowest bit of the flags (3.2.2.5.1).
    pub(super) fn is_sampled(&self) -> bool {
        let flags = char::from(self.0[54]).to_digit(16);
        flags.is_some_and(|flags| flags % 2 == 1)
    }

    fn part(&self, bytes: Range<usize>) -> &str {
        let part = self.0.get(bytes).map(str::from_utf8);
        part.and_then(Result::ok).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn example_in_the_recommendation_is_parsed() {
        let parent = TraceParent::parse(VALID.as_bytes()).unwrap();
        assert_eq!(parent.trace(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(parent.parent(), "b7ad6b7169203331");
    }

    #[test]
    fn lowest_flag_is_the_sampled_flag() {
        for (flags, sampled) in [("00", false), ("01", true), ("02", false), ("ff", true)] {
            let field = format!("{}{flags}", &VALID[..VALID.len() - 2]);
            let parent = TraceParent::parse(field.as_bytes()).unwrap();
            assert_eq!(parent.is_sampled(), sampled, "{flags}");
        }
    }

    #[test]
    fn later_version_may_append_fields() {
        let later = VALID.replacen("00", "cc", 1);
        assert!(TraceParent::parse(format!("{later}-future").as_bytes()).is_some());
        assert!(TraceParent::parse(format!("{later}.future").as_bytes()).is_none());
    }

    #[test]
    fn invalid_traceparent_is_ignored() {
        for invalid in [
            "",
            "00",
            &VALID.to_uppercase(),
            &VALID.replacen("00", "ff", 1),
            &VALID.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            &VALID.replace("b7ad6b7169203331", &"0".repeat(16)),
            &format!("{VALID}-more"),
            &VALID[..VALID.len() - 1],
            &VALID.replace("0af7", "0a\n7"),
            &VALID.replace("0af7", "0ag7"),
            &VALID.replace('-', "_"),
        ] {
            assert!(
                TraceParent::parse(invalid.as_bytes()).is_none(),
                "{invalid:?}"
            );
        }
    }
}
