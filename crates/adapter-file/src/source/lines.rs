//! Reads the lines of a file, and describes the errors of invalid lines.

use std::io::{self, BufRead, ErrorKind, Read};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::error::Category;
use wts_app::{RecordId, RecordLocation, TransferError};
use wts_domain::{StaffId, TicketId, TraceId};

use crate::{compression::Reader, wire::MAX_LINE_BYTES};

/// The maximum capacity of the line buffer that is kept after a line.
const MAX_KEPT_CAPACITY: usize = 1024 * 1024;
/// The maximum number of characters of an invalid value in an error.
const MAX_QUOTED_CHARS: usize = 200;

/// A reader that returns a file line by line.
pub(super) struct Lines {
    input: Reader,
    buffer: Vec<u8>,
    number: u64,
}

/// A line with its newline. The last line may lack the newline; at the end of the file, the text is empty.
pub(super) struct Line<'a> {
    pub(super) number: u64,
    pub(super) text: &'a [u8],
}

impl Lines {
    pub(super) fn new(input: Reader) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            number: 0,
        }
    }

    pub(super) fn next(&mut self) -> Result<Line<'_>, TransferError> {
        self.buffer.clear();
        self.buffer.shrink_to(MAX_KEPT_CAPACITY);
        self.number += 1;
        let most = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX);
        let read = (&mut self.input)
            .take(most + 1)
            .read_until(b'\n', &mut self.buffer);
        // Some systems end lines with CRLF. Inside a line of JSON, a carriage return is always escaped.
        if self.buffer.ends_with(b"\r\n") {
            self.buffer.truncate(self.buffer.len() - 2);
            self.buffer.push(b'\n');
        }
        let line = Line {
            number: self.number,
            text: &self.buffer,
        };
        match read {
            Ok(length) if length > MAX_LINE_BYTES => Err(line.error(format!(
                "expected no more than {MAX_LINE_BYTES} bytes in a line"
            ))),
            Ok(_) => Ok(line),
            Err(error) => Err(line.unreadable(error)),
        }
    }
}

impl Line<'_> {
    /// Parses the line. If parsing fails, the line is parsed again to find the invalid field.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, TransferError> {
        serde_json::from_slice(self.text).map_err(|error| {
            let mut location = RecordLocation {
                record: self.record_id(),
                ..self.location()
            };
            let mut json = serde_json::Deserializer::from_slice(self.text);
            let problem = match serde_path_to_error::deserialize::<_, T>(&mut json) {
                Err(traced) => {
                    let path = traced.path().to_string();
                    location.field = (![".", "?"].contains(&path.as_str())).then_some(path);
                    describe(traced.inner())
                }
                Ok(_) => describe(&error),
            };
            location.error(problem).into()
        })
    }

    /// Returns an error if the line has no newline, because the file was truncated.
    pub(super) fn ensure_complete(&self) -> Result<(), TransferError> {
        if self.text.ends_with(b"\n") {
            Ok(())
        } else {
            Err(self.truncated())
        }
    }

    pub(super) fn error(&self, problem: impl Into<String>) -> TransferError {
        self.location().error(problem).into()
    }

    pub(super) fn error_in(&self, field: &str, problem: &str) -> TransferError {
        self.location().field(field).error(problem).into()
    }

    fn location(&self) -> RecordLocation {
        RecordLocation::line(self.number)
    }

    fn truncated(&self) -> TransferError {
        self.error("the file ends here without an end record: it was truncated")
    }

    fn unreadable(&self, error: io::Error) -> TransferError {
        let what = format!("line {}: cannot read the file", self.number);
        match error.kind() {
            // The compressed file ends within a block.
            ErrorKind::UnexpectedEof => self.truncated(),
            // The zstd library reports this error only in the text of its message.
            _ if error.to_string().contains("too much memory") => TransferError::failed(
                what,
                "the zstd window is larger than 8 MiB: the file was compressed with --long or --ultra",
            ),
            _ => TransferError::failed(what, error),
        }
    }

    /// Returns the id of the record; `None` if the id cannot be parsed.
    fn record_id(&self) -> Option<RecordId> {
        #[derive(Deserialize)]
        struct Ids {
            wid: Option<String>,
            opid: Option<i64>,
            tid: Option<i64>,
        }

        let ids: Ids = serde_json::from_slice(self.text).ok()?;
        match (ids.opid, ids.tid, ids.wid) {
            (Some(opid), _, _) => Some(RecordId::Trace(TraceId::new(opid))),
            (_, Some(tid), _) => TicketId::new(tid).map(RecordId::Ticket),
            (_, _, Some(wid)) => Some(RecordId::Staff(StaffId::from(wid))),
            _ => None,
        }
    }
}

fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // The line number is removed, because the parser only gets one line and always counts it as line 1.
    let what = text
        .rsplit_once(" at line ")
        .map_or(&*text, |(what, _)| what);
    let what = shorten(what);
    match error.classify() {
        Category::Data => what,
        Category::Syntax | Category::Eof | Category::Io => {
            format!("expected JSON, but at byte {}: {what}", error.column())
        }
    }
}

/// Shortens the invalid value in an error text. The part about the expected value comes last and is kept.
fn shorten(what: &str) -> String {
    let first = |text: &str| match text.char_indices().nth(MAX_QUOTED_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    };
    let (value, expected) = what
        .rfind(", expected ")
        .and_then(|at| what.split_at_checked(at))
        .unwrap_or((what, ""));
    first(value) + &first(expected)
}
