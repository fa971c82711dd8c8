//! W3C Trace Context, level 1: the trace that a request belongs to.

use std::fmt;

use actix_web::http::header::HeaderMap;

/// A valid `traceparent`. Only hexadecimal digits, so it can be printed anywhere.
#[derive(Clone, Copy)]
pub(super) struct TraceParent {
    trace: [u8; 32],
    parent: [u8; 16],
    sampled: bool,
}

impl TraceParent {
    /// What the one `traceparent` field says; nothing where it is missing, given twice or not as the recommendation has
    /// it, in which case it is to be ignored.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut fields = headers.get_all("traceparent");
        let field = fields.next()?.as_bytes();
        if fields.next().is_some() {
            return None;
        }
        Self::parse(field)
    }

    /// 3.2: `version "-" trace-id "-" parent-id "-" trace-flags`, of which a later version may append more.
    fn parse(field: &[u8]) -> Option<Self> {
        let (version, rest) = field.split_first_chunk::<2>()?;
        let rest = rest.strip_prefix(b"-")?;
        let (trace, rest) = rest.split_first_chunk::<32>()?;
        let rest = rest.strip_prefix(b"-")?;
        let (parent, rest) = rest.split_first_chunk::<16>()?;
        let rest = rest.strip_prefix(b"-")?;
        let (flags, more) = rest.split_first_chunk::<2>()?;
        let ended = more.is_empty() || version != b"00" && more.starts_with(b"-");
        let lower_hex = [&version[..], trace, parent, flags]
            .into_iter()
            .flatten()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let valid =
            ended && lower_hex && version != b"ff" && *trace != [b'0'; 32] && *parent != [b'0'; 16];
        valid.then_some(Self {
            trace: *trace,
            parent: *parent,
            // 3.2.2.5.1: the least of the flags; two hexadecimal digits make eight.
            sampled: matches!(
                flags[1],
                b'1' | b'3' | b'5' | b'7' | b'9' | b'b' | b'd' | b'f'
            ),
        })
    }

    pub(super) fn trace(&self) -> impl fmt::Display {
        Hex(self.trace)
    }

    /// Whether whoever asks records this trace.
    pub(super) fn is_sampled(&self) -> bool {
        self.sampled
    }

    pub(super) fn parent(&self) -> impl fmt::Display {
        Hex(self.parent)
    }
}

struct Hex<const N: usize>([u8; N]);

impl<const N: usize> fmt::Display for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.0).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn the_recommendations_example_is_read() {
        let parent = TraceParent::parse(GOOD.as_bytes()).unwrap();
        assert_eq!(
            parent.trace().to_string(),
            "0af7651916cd43dd8448eb211c80319c"
        );
        assert_eq!(parent.parent().to_string(), "b7ad6b7169203331");
    }

    #[test]
    fn whether_a_trace_is_recorded_is_the_least_of_its_flags() {
        for (flags, sampled) in [("00", false), ("01", true), ("02", false), ("ff", true)] {
            let field = format!("{}{flags}", &GOOD[..GOOD.len() - 2]);
            let parent = TraceParent::parse(field.as_bytes()).unwrap();
            assert_eq!(parent.is_sampled(), sampled, "{flags}");
        }
    }

    #[test]
    fn a_later_version_may_say_more() {
        let later = GOOD.replacen("00", "cc", 1);
        assert!(TraceParent::parse(format!("{later}-what-comes").as_bytes()).is_some());
        assert!(TraceParent::parse(format!("{later}.what-comes").as_bytes()).is_none());
    }

    #[test]
    fn what_is_not_as_the_recommendation_has_it_is_ignored() {
        for bad in [
            "",
            "00",
            &GOOD.to_uppercase(),
            &GOOD.replacen("00", "ff", 1),
            &GOOD.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            &GOOD.replace("b7ad6b7169203331", &"0".repeat(16)),
            &format!("{GOOD}-more"),
            &GOOD[..GOOD.len() - 1],
            &GOOD.replace("0af7", "0a\n7"),
            &GOOD.replace("0af7", "0ag7"),
            &GOOD.replace('-', "_"),
        ] {
            assert!(TraceParent::parse(bad.as_bytes()).is_none(), "{bad:?}");
        }
    }
}
