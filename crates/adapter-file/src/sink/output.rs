//! Where a file is written.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

pub(super) enum Output {
    /// A file that is not there under its own name before it is whole.
    File { file: NamedTempFile, name: PathBuf },
    /// Whatever cannot be taken back: a pipe, a device.
    Stream(Box<dyn Write + Send>),
}

impl Output {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        // A device or a pipe is not replaced by a file.
        if fs::metadata(path).is_ok_and(|existing| !existing.is_file()) {
            let stream = File::options().write(true).open(path)?;
            return Ok(Self::Stream(Box::new(stream)));
        }
        // Beside the file, so that it can be given its name in one step; through a link, beside what it points at.
        let name = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = match name.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let file = tempfile::Builder::new()
            .prefix(".wts-")
            .tempfile_in(folder)?;
        Ok(Self::File { file, name })
    }

    /// See [`FileSink::unfinished`](super::FileSink::unfinished).
    pub(super) fn unfinished(&self) -> Option<&Path> {
        match self {
            Self::File { file, .. } => Some(file.path()),
            Self::Stream(_) => None,
        }
    }

    /// Makes what was written last.
    pub(super) fn keep(self) -> io::Result<()> {
        match self {
            Self::File { file, name } => {
                file.as_file().sync_all()?;
                file.persist(name).map_err(io::Error::from)?;
                Ok(())
            }
            Self::Stream(mut stream) => stream.flush(),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File { file, .. } => file.write(bytes),
            Self::Stream(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File { file, .. } => file.flush(),
            Self::Stream(stream) => stream.flush(),
        }
    }
}
