//! Writes histories to a file.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;
use wts_app::{Batch, Entry, HistorySink, ImportReport, TransferError};

use crate::{
    compression::{Compression, Compressor, compressed},
    digest::FileDigest,
    wire::{self, HEADER, MAX_LINE_BYTES},
};

/// The maximum capacity of the line buffer that is kept after a line.
const MAX_KEPT_CAPACITY: usize = 1024 * 1024;

/// A sink that writes histories to a file, with optional compression. If the sink is dropped before it is finished, the
/// file is removed; a stream remains without an end record.
pub struct FileSink {
    output: Box<dyn Compressor>,
    /// The temporary file, and the path to which the file is renamed when it is complete; `None` for a stream.
    file: Option<(NamedTempFile, PathBuf)>,
    digest: FileDigest,
    line: Vec<u8>,
}

impl FileSink {
    /// Creates a file that only its owner can read. An existing file is replaced when the new file is complete.
    ///
    /// # Errors
    ///
    /// Returns [`TransferError::Failed`] if the directory of the file cannot be written to.
    pub fn create(path: &Path, compression: Option<Compression>) -> Result<Self, TransferError> {
        // A device or a pipe is written to directly, not replaced.
        if fs::metadata(path).is_ok_and(|existing| !existing.is_file()) {
            let stream = File::options().write(true).open(path).map_err(failed)?;
            return Self::writing(stream, compression);
        }
        // If the path is a symbolic link, its target is replaced.
        let name = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let directory = match name.parent() {
            Some(directory) if !directory.as_os_str().is_empty() => directory,
            _ => Path::new("."),
        };
        // The temporary file is in the same directory, so that renaming it is atomic.
        let mut builder = tempfile::Builder::new();
        let file = builder.prefix(".wts-").tempfile_in(directory);
        let file = file.map_err(failed)?;
        let output = file.as_file().try_clone().map_err(failed)?;
        Self::start(Box::new(output), Some((file, name)), compression)
    }

    /// Creates a sink that writes to a stream, such as standard output.
    ///
    /// # Errors
    ///
    /// Returns [`TransferError::Failed`] if the stream cannot be written to.
    pub fn writing(
        output: impl Write + Send + 'static,
        compression: Option<Compression>,
    ) -> Result<Self, TransferError> {
        Self::start(Box::new(output), None, compression)
    }

    /// Returns the path of the temporary file; `None` for a stream. Dropping the sink removes the file, so a process
    /// that exits without dropping the sink must remove it.
    pub fn temp_path(&self) -> Option<&Path> {
        self.file.as_ref().map(|(file, _)| file.path())
    }

    fn start(
        output: Box<dyn Write + Send>,
        file: Option<(NamedTempFile, PathBuf)>,
        compression: Option<Compression>,
    ) -> Result<Self, TransferError> {
        let mut sink = Self {
            output: compressed(output, compression).map_err(failed)?,
            file,
            digest: FileDigest::default(),
            line: HEADER.into(),
        };
        sink.write_line()?;
        Ok(sink)
    }

    fn write(&mut self, entry: &Entry) -> Result<(), TransferError> {
        self.line.clear();
        self.line.shrink_to(MAX_KEPT_CAPACITY);
        wire::write(&entry.record, &mut self.line)
            .map_err(|error| TransferError::failed("cannot write a record", error))?;
        if self.line.len() >= MAX_LINE_BYTES {
            let problem =
                format!("the record exceeds the maximum line length of {MAX_LINE_BYTES} bytes");
            return Err(entry.location().error(problem).into());
        }
        self.digest.counts.count(&entry.record);
        self.write_line()
    }

    fn write_line(&mut self) -> Result<(), TransferError> {
        self.line.push(b'\n');
        self.digest.update(&self.line);
        self.output.write_all(&self.line).map_err(failed)
    }
}

impl HistorySink for FileSink {
    fn put(&mut self, batch: Batch) -> Result<(), TransferError> {
        let mut entries = batch.entries().iter();
        entries.try_for_each(|entry| self.write(entry))
    }

    fn finish(mut self: Box<Self>) -> Result<ImportReport, TransferError> {
        let end = serde_json::to_string(&self.digest.end())
            .map_err(|error| TransferError::failed("cannot write the end record", error))?;
        writeln!(self.output, "{end}").map_err(failed)?;
        self.output.finish().map_err(failed)?;
        if let Some((file, name)) = self.file {
            file.as_file().sync_all().map_err(failed)?;
            file.persist(name).map_err(|error| failed(error.error))?;
        }
        Ok(ImportReport {
            inserted: self.digest.counts,
            ..ImportReport::default()
        })
    }
}

fn failed(error: io::Error) -> TransferError {
    TransferError::failed("cannot write the file", error)
}
