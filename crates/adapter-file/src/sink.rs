//! Writing a file.

mod output;

use std::{io::Write, path::Path};

use wts_app::{Batch, BulkError, Entry, HistorySink, Place, Stored};

use self::output::Output;
use crate::{
    compression::{Compression, Compressor},
    tally::Tally,
    wire::{self, HEADER, LONGEST_LINE},
};

/// How much memory is kept from one line to the next.
const KEPT: usize = 1024 * 1024;

/// Writes histories to a file, compressed on request. Where it is not finished no file is left behind, or, on an output
/// that cannot be taken back, one without an end.
pub struct FileSink {
    output: Compressor<Output>,
    tally: Tally,
    line: Vec<u8>,
}

impl FileSink {
    /// Writes to a file, which only its owner may read. One that exists is replaced when the new one is whole.
    ///
    /// # Errors
    ///
    /// [`BulkError::Failed`] if its folder cannot be written to.
    pub fn create(path: &Path, compression: Option<Compression>) -> Result<Self, BulkError> {
        let output = Output::create(path).map_err(failed)?;
        Self::start(output, compression)
    }

    /// Writes to something that is no file, such as standard output.
    ///
    /// # Errors
    ///
    /// [`BulkError::Failed`] if it takes nothing.
    pub fn writing(
        output: impl Write + Send + 'static,
        compression: Option<Compression>,
    ) -> Result<Self, BulkError> {
        Self::start(Output::Stream(Box::new(output)), compression)
    }

    /// The file that is there under another name until it is whole, and goes with this sink: for who ends the process
    /// without dropping it. `None` where nothing can be taken back.
    pub fn unfinished(&self) -> Option<&Path> {
        self.output.get_ref().unfinished()
    }

    fn start(output: Output, compression: Option<Compression>) -> Result<Self, BulkError> {
        let mut sink = Self {
            output: Compressor::new(output, compression).map_err(failed)?,
            tally: Tally::default(),
            line: HEADER.into(),
        };
        sink.write_line()?;
        Ok(sink)
    }

    fn write(&mut self, entry: &Entry) -> Result<(), BulkError> {
        self.line.clear();
        self.line.shrink_to(KEPT);
        wire::write(&entry.record, &mut self.line)
            .map_err(|error| BulkError::failed("cannot write a record", error))?;
        if self.line.len() >= LONGEST_LINE {
            let problem = format!("takes more than the {LONGEST_LINE} bytes that a line may have");
            return Err(BulkError::BadRecord(Place::of(entry).fault(problem)));
        }
        self.tally.counts.count(&entry.record);
        self.write_line()
    }

    fn write_line(&mut self) -> Result<(), BulkError> {
        self.line.push(b'\n');
        self.tally.take(&self.line);
        self.output.write_all(&self.line).map_err(failed)
    }
}

impl HistorySink for FileSink {
    fn put(&mut self, batch: Batch) -> Result<(), BulkError> {
        batch
            .entries()
            .iter()
            .try_for_each(|entry| self.write(entry))
    }

    fn finish(mut self: Box<Self>) -> Result<Stored, BulkError> {
        let end = serde_json::to_string(&self.tally.end())
            .map_err(|error| BulkError::failed("cannot write the end record", error))?;
        writeln!(self.output, "{end}").map_err(failed)?;
        let output = self.output.finish().map_err(failed)?;
        output.keep().map_err(failed)?;
        Ok(Stored {
            new: self.tally.counts,
            ..Stored::default()
        })
    }
}

fn failed(error: std::io::Error) -> BulkError {
    BulkError::failed("cannot write the file", error)
}
