//! Refusals of what could not be read as a request.

use std::time::Duration;

use tokio::time::Instant;

use super::RequestLine;
use crate::{error::ApiError, metrics::HttpMetrics, middleware};

/// A refusal, as far as it has not been said.
pub(super) struct Refusal {
    answer: Vec<u8>,
    written: usize,
    /// How long the client is heard out, once all is said.
    pub(super) said_until: Option<Instant>,
}

impl Refusal {
    /// Of what the server has refused with `status`, having begun to read it `since`.
    pub(super) fn of(
        status: u16,
        line: &RequestLine,
        since: Option<Instant>,
        metrics: &HttpMetrics,
    ) -> Self {
        let error = match status {
            400 | 431 if line.has_long_target() => ApiError::TargetTooLong,
            400 if line.has_odd_target() => ApiError::MalformedTarget,
            400 => ApiError::MalformedRequest,
            408 => ApiError::HeaderTimeout,
            431 => ApiError::HeaderTooLong,
            _ => ApiError::Internal("the server refused a request by itself"),
        };
        let after = since.map_or_else(Default::default, |since| since.elapsed());
        Self {
            answer: middleware::refuse_unread(&error, line.is_head(), after, metrics),
            written: 0,
            said_until: None,
        }
    }

    /// Of a client that has not been read.
    pub(super) fn with(error: &ApiError, metrics: &HttpMetrics) -> Self {
        Self {
            answer: middleware::refuse_unread(error, false, Duration::ZERO, metrics),
            written: 0,
            said_until: None,
        }
    }

    /// What has not been written.
    pub(super) fn rest(&self) -> &[u8] {
        self.answer.get(self.written..).unwrap_or_default()
    }

    pub(super) fn advance(&mut self, written: usize) {
        self.written += written;
    }
}

/// Where in `bytes`, which the server writes, its own refusal begins that ends them, and the status of that.
///
/// It has to be one to the letter: what people wrote is in answers too.
pub(super) fn bare_in(bytes: &[u8]) -> Option<(usize, u16)> {
    /// With the longest reason, no bare head is longer, in bytes.
    const LONGEST: usize = 160;
    const VERSION: &[u8] = b"HTTP/1.";

    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let from = bytes.len().saturating_sub(LONGEST);
    let end = bytes.get(from..)?;
    let begin = end
        .windows(VERSION.len())
        .rposition(|window| window == VERSION)?;
    let status = status_of_bare(end.get(begin..)?)?;
    Some((from + begin, status))
}

/// The status of a head that says nothing else. Every answer of the service's bears an id; and in no body is there a line
/// break, except for those around chunks, which do not make such lines.
fn status_of_bare(head: &[u8]) -> Option<u16> {
    let head = str::from_utf8(head).ok()?.strip_suffix("\r\n\r\n")?;
    let (status_line, fields) = head.split_once("\r\n")?;
    let (_, status) = status_line.split_once(' ')?;
    let status = status.get(..3)?.parse().ok()?;
    let says_nothing = fields.split("\r\n").all(|field| {
        matches!(field, "content-length: 0" | "connection: close") || field.starts_with("date: ")
    });
    (status >= 400 && says_nothing).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str = "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\
                        date: Wed, 26 Nov 2025 00:00:00 GMT\r\n\r\n";

    #[test]
    fn only_the_servers_own_refusals_are_bare() {
        assert_eq!(bare_in(BARE.as_bytes()), Some((0, 431)));
        let before =
            "HTTP/1.1 200 OK\r\nx-request-id: HTTP/1.1\r\n\r\n{}HTTP/1.1 100 Continue\r\n\r\n";
        assert_eq!(
            bare_in(format!("{before}{BARE}").as_bytes()),
            Some((before.len(), 431))
        );
        for ours in [
            "",
            "\r\n\r\n",
            "0\r\n\r\n",
            before,
            "HTTP/1.1 304 Not Modified\r\ndate: x\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\nx-request-id: HTTP/1.1\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\n\r\n{\"HTTP/1.1 400 \"}",
            &BARE[..BARE.len() - 1],
            // What people write, at the end of an answer in chunks.
            "\"remark\":\"HTTP/1.1 400 Bad Request\"}]}\r\n0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\n0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\n\r\n",
        ] {
            assert_eq!(bare_in(ours.as_bytes()), None, "{ours:?}");
        }
    }
}
