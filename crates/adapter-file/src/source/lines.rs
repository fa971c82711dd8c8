//! The lines of a file, and the errors of those that cannot be read.

use std::io::{self, BufRead, ErrorKind, Read};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::error::Category;
use wts_app::{RecordId, RecordLocation, TransferError};
use wts_domain::{StaffId, TicketId, TraceId};

use crate::{compression::Reader, wire::MAX_LINE_BYTES};

/// The capacity of the line buffer that is kept from one line to the next.
const KEPT_BYTES: usize = 1024 * 1024;
/// How many characters of an invalid value are repeated in an error.
const MAX_QUOTED_CHARS: usize = 200;

/// Reads a file line by line.
pub(super) struct Lines {
    input: Reader,
    buffer: Vec<u8>,
    number: u64,
}

/// A line, and its newline if it has one. It is empty at the end of the file.
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
        self.buffer.shrink_to(KEPT_BYTES);
        self.number += 1;
        let most = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX);
        let read = (&mut self.input)
            .take(most + 1)
            .read_until(b'\n', &mut self.buffer);
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
    /// Parses the line. If that fails, it is parsed once more to find the field that is wrong.
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

    /// Fails if the file ends before the line does.
    pub(super) fn ensure_whole(&self) -> Result<(), TransferError> {
        if self.text.ends_with(b"\n") {
            Ok(())
        } else {
            Err(self.cut_off())
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

    fn cut_off(&self) -> TransferError {
        self.error("the file ends here, before an end record: it was cut off")
    }

    fn unreadable(&self, error: io::Error) -> TransferError {
        let what = format!("line {}: cannot read the file", self.number);
        match error.kind() {
            // A compressed file that ends within a block.
            ErrorKind::UnexpectedEof => self.cut_off(),
            // zstd has no code for this error, only a text.
            _ if error.to_string().contains("too much memory") => TransferError::failed(
                what,
                "it was compressed with a window of more than 8 MiB, as zstd does when told --long or --ultra",
            ),
            _ => TransferError::failed(what, error),
        }
    }

    /// Returns the id of the record, if that much of it can be read.
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
    // The parser has seen one line only.
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

/// Shortens a long value in an error, but not what was expected instead, which comes last.
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
