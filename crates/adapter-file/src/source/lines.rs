//! A file, line by line.

use std::io::{self, BufRead, ErrorKind, Read};

use serde::de::DeserializeOwned;
use wts_app::{BulkError, Place, Share};

use super::{fault, progress::Progress};
use crate::{compression::Reader, wire::LONGEST_LINE};

/// How much memory is kept from one line to the next.
const KEPT: usize = 1024 * 1024;

pub(super) struct Lines {
    input: Reader,
    progress: Progress,
    buffer: Vec<u8>,
    number: u64,
}

/// A line, and its newline if it has one. Empty where there are no more.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) number: u64,
    pub(super) text: &'a [u8],
}

impl Lines {
    pub(super) fn new(input: Reader, progress: Progress) -> Self {
        Self {
            input,
            progress,
            buffer: Vec::new(),
            number: 0,
        }
    }

    pub(super) fn next(&mut self) -> Result<Line<'_>, BulkError> {
        self.buffer.clear();
        self.buffer.shrink_to(KEPT);
        self.number += 1;
        let most = u64::try_from(LONGEST_LINE).unwrap_or(u64::MAX);
        let read = (&mut self.input)
            .take(most + 1)
            .read_until(b'\n', &mut self.buffer);
        let line = Line {
            number: self.number,
            text: &self.buffer,
        };
        match read {
            Ok(length) if length > LONGEST_LINE => Err(line.fault(format!(
                "expected no more than {LONGEST_LINE} bytes in a line"
            ))),
            Ok(_) => Ok(line),
            Err(error) => Err(unreadable(line.number, error)),
        }
    }

    pub(super) fn completed(&self) -> Option<Share> {
        self.progress.share()
    }
}

fn unreadable(line: u64, error: io::Error) -> BulkError {
    match error.kind() {
        // A compressed file that stops in the middle of something.
        ErrorKind::UnexpectedEof => fault::cut_off(line),
        // So zstd's own words say it; there is no code for it.
        _ if error.to_string().contains("too much memory") => BulkError::failed(
            format!("line {line}: cannot read the file"),
            "it was compressed with a window of more than 8 MiB, as zstd does when told --long or --ultra",
        ),
        _ => BulkError::failed(format!("line {line}: cannot read the file"), error),
    }
}

impl Line<'_> {
    /// What the line holds.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, BulkError> {
        serde_json::from_slice(self.text).map_err(|error| fault::of_line::<T>(self, &error))
    }

    /// Fails where the file ends before the line does.
    pub(super) fn ensure_whole(&self) -> Result<(), BulkError> {
        if self.text.ends_with(b"\n") {
            Ok(())
        } else {
            Err(fault::cut_off(self.number))
        }
    }

    pub(super) fn place(&self) -> Place {
        Place {
            line: Some(self.number),
            ..Place::default()
        }
    }

    /// Where the next line would stand.
    pub(super) fn place_after(&self) -> Place {
        Place {
            line: Some(self.number + 1),
            ..Place::default()
        }
    }

    pub(super) fn fault(&self, problem: impl Into<String>) -> BulkError {
        BulkError::BadRecord(self.place().fault(problem))
    }

    pub(super) fn fault_in(&self, field: &str, problem: &str) -> BulkError {
        BulkError::BadRecord(self.place().field(field).fault(problem))
    }
}
