//! The line that a request begins with (RFC 9112 3), looked at while it comes.

use crate::middleware::MAX_TARGET_BYTES;

/// As much of it as it takes to say what is wrong with a request that the server could not read.
#[derive(Debug, Default)]
pub(super) struct RequestLine {
    part: Part,
    /// The last letters of the method.
    method: u64,
    /// How long the target is, in bytes.
    target: usize,
    /// Whether the target has a character that a URI does not have.
    is_odd: bool,
}

#[derive(Debug, Default, Clone, Copy)]
enum Part {
    #[default]
    Method,
    Target,
    Rest,
}

impl RequestLine {
    /// Looks at more of the request.
    pub(super) fn follow(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match (self.part, byte) {
                (Part::Rest, _) => return,
                // Empty lines before it are passed over (2.2).
                (Part::Method, b'\r' | b'\n') if self.method == 0 => {}
                (Part::Method, b' ') => self.part = Part::Target,
                (_, b'\n') | (Part::Target, b' ' | b'\r') => self.part = Part::Rest,
                (Part::Method, letter) => self.method = self.method << 8 | u64::from(*letter),
                (Part::Target, character) => {
                    self.target += 1;
                    self.is_odd |= !is_of_a_uri(*character);
                }
            }
        }
    }

    /// Whether the answer has no body.
    pub(super) fn is_head(&self) -> bool {
        const HEAD: u64 = 0x4845_4144;
        self.method == HEAD
    }

    pub(super) fn has_long_target(&self) -> bool {
        self.target > MAX_TARGET_BYTES
    }

    pub(super) fn has_odd_target(&self) -> bool {
        self.is_odd
    }
}

/// RFC 3986 2: what is reserved, what is not, and `%`.
fn is_of_a_uri(byte: u8) -> bool {
    matches!(byte, b'!' | b'#'..=b';' | b'=' | b'?'..=b'[' | b']' | b'_' | b'a'..=b'z' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is seen of a request, however it is cut.
    fn seen(request: &[u8]) -> (bool, bool, bool) {
        let seen = |parts: &[&[u8]]| {
            let mut line = RequestLine::default();
            for part in parts {
                line.follow(part);
            }
            (
                line.is_head(),
                line.has_long_target(),
                line.has_odd_target(),
            )
        };
        let whole = seen(&[request]);
        let bytes: Vec<_> = request.chunks(1).collect();
        assert_eq!(seen(&bytes), whole);
        whole
    }

    #[test]
    fn the_line_is_seen_however_it_arrives() {
        for plain in [
            "GET /a?b=%20&c[]='(x)';~ HTTP/1.1\r\nX: \"\r\n\r\n",
            "GET /\n\"",
            "\r\n\r\nGET / HTTP/1.1",
            "",
            "XXXXHEAD / HTTP/1.1",
            "G\nHEAD \"",
        ] {
            assert_eq!(seen(plain.as_bytes()), (false, false, false), "{plain:?}");
        }
        assert!(seen(b"\r\nHEAD / HTTP/1.1").0);
        for odd in [
            "工", "\"", "<", ">", "\\", "^", "`", "{", "|", "}", "\0", "\x7f",
        ] {
            assert!(seen(format!("GET /{odd} HTTP/1.1").as_bytes()).2, "{odd:?}");
        }
        for (length, is_long) in [(MAX_TARGET_BYTES, false), (MAX_TARGET_BYTES + 1, true)] {
            let request = format!("GET {} HTTP/1.1", "/".repeat(length));
            assert_eq!(seen(request.as_bytes()), (false, is_long, false));
        }
    }
}
