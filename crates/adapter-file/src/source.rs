//! Reading a file.

mod fault;
mod lines;
mod progress;

use std::{
    borrow::Cow,
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde::de::DeserializeOwned;
use wts_app::{Batch, BulkError, Entry, HistorySource, Record};
use wts_domain::{StaffMember, Ticket, Trace};

use self::{
    lines::{Line, Lines},
    progress::Counted,
};
use crate::{
    compression::decompressed,
    tally::Tally,
    wire::{EndLine, FORMAT, HeaderLine, Kind, StaffLine, TicketLine, TraceLine},
};

/// Gives the histories in a file, which may be compressed. One that was cut off or changed ends with an error.
pub struct FileSource {
    lines: Lines,
    tally: Tally,
    state: State,
    /// What keeps the next record from being read. Those before it are given first.
    failed: Option<BulkError>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Begun,
    Within,
    Ended,
}

/// What a line after the first can be.
enum Content {
    Record(Record),
    End(EndLine),
}

impl FileSource {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// If it is not there or cannot be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let length = metadata.is_file().then_some(metadata.len());
        Self::start(file, length)
    }

    /// Reads from something that has no known length, such as standard input.
    ///
    /// # Errors
    ///
    /// If its first bytes cannot be read.
    pub fn reading(input: impl Read + Send + 'static) -> io::Result<Self> {
        Self::start(input, None)
    }

    fn start(input: impl Read + Send + 'static, length: Option<u64>) -> io::Result<Self> {
        let (counted, progress) = Counted::new(input, length);
        Ok(Self {
            lines: Lines::new(decompressed(counted)?, progress),
            tally: Tally::default(),
            state: State::Begun,
            failed: None,
        })
    }

    fn header(&mut self) -> Result<(), BulkError> {
        let line = self.lines.next()?;
        let known = kind_of(&line)
            .filter(|kind| kind == "header")
            .and_then(|_| line.parse::<HeaderLine>().ok())
            .filter(|header| header.format == FORMAT.0);
        let Some(header) = known else {
            return Err(line.fault(
                "this is no file of histories: expected it to begin with {\"type\":\"header\",\"format\":\"wts-histories\"",
            ));
        };
        if header.version != FORMAT.1 {
            let (known, found) = (FORMAT.1, header.version);
            return Err(line.fault(format!(
                "this file is of version {found} of the format, and only version {known} can be read"
            )));
        }
        line.ensure_whole()?;
        self.tally.take(line.text);
        self.state = State::Within;
        Ok(())
    }

    /// The next record; `None` at the end.
    fn next_entry(&mut self) -> Result<Option<Entry>, BulkError> {
        match self.state {
            State::Begun => self.header()?,
            State::Within => {}
            State::Ended => return Ok(None),
        }
        let line = self.lines.next()?;
        match content(&line) {
            Ok(Content::Record(record)) => {
                line.ensure_whole()?;
                self.tally.take(line.text);
                self.tally.counts.count(&record);
                let line = Some(line.number);
                Ok(Some(Entry { line, record }))
            }
            Ok(Content::End(end)) => {
                line.ensure_whole()?;
                self.tally.agree(&end).map_err(|wrong| line.fault(wrong))?;
                self.state = State::Ended;
                let after = line.place_after();
                match self.lines.next() {
                    Ok(line) if line.text.is_empty() => Ok(None),
                    // In a compressed file it may not even be readable.
                    Ok(_) | Err(_) => Err(BulkError::BadRecord(
                        after.fault("nothing may come after the end record"),
                    )),
                }
            }
            Err(error) => {
                line.ensure_whole()?;
                Err(error)
            }
        }
    }
}

impl HistorySource for FileSource {
    fn next_batch(&mut self) -> Result<Option<Batch>, BulkError> {
        let mut batch = Batch::default();
        while !batch.is_full() && self.failed.is_none() {
            match self.next_entry() {
                Ok(Some(entry)) => batch.push(entry),
                Ok(None) => break,
                Err(error) => self.failed = Some(error),
            }
        }
        if batch.is_empty()
            && let Some(error) = self.failed.take()
        {
            self.state = State::Ended;
            return Err(error);
        }
        batch.completed = self.lines.completed();
        Ok((!batch.is_empty()).then_some(batch))
    }
}

fn content(line: &Line<'_>) -> Result<Content, BulkError> {
    fn record<L: DeserializeOwned>(
        line: &Line<'_>,
        of: impl FnOnce(L) -> Record,
    ) -> Result<Content, BulkError> {
        line.parse().map(|parsed| Content::Record(of(parsed)))
    }

    match kind_of(line).as_deref() {
        Some("trace") => record(line, |trace: TraceLine<_, _>| {
            Record::Trace(Trace::from(trace))
        }),
        Some("ticket") => record(line, |ticket: TicketLine<_, _>| {
            Record::Ticket(Ticket::from(ticket))
        }),
        Some("staff") => record(line, |staff: StaffLine<_, _>| {
            Record::Staff(StaffMember::from(staff))
        }),
        Some("end") => line.parse().map(Content::End),
        Some(_) => Err(line.fault_in(
            "type",
            "expected \"staff\", \"ticket\", \"trace\" or \"end\"",
        )),
        // Whatever keeps its type from being read is told like any other fault.
        None => line
            .parse::<Kind>()
            .and_then(|_| Err(line.fault_in("type", "expected a string"))),
    }
}

/// What a line says it is.
fn kind_of(line: &Line<'_>) -> Option<Cow<'static, str>> {
    // As they are written.
    let kind = line.text.strip_prefix(b"{\"type\":\"");
    for known in ["trace", "ticket"] {
        let rest = kind.and_then(|kind| kind.strip_prefix(known.as_bytes()));
        if rest.is_some_and(|rest| rest.starts_with(b"\",")) {
            return Some(known.into());
        }
    }
    let kind: Kind = serde_json::from_slice(line.text).ok()?;
    Some(kind.kind.into())
}
