//! A connection that follows its file when it is replaced.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use diesel::{ConnectionError, SqliteConnection};

use super::connection::{Mode, connect};

/// A file that is open for reading, until it is removed or replaced: an open file lives on without its name, with stale
/// content.
pub(super) struct ReopeningConnection {
    file: PathBuf,
    /// `None` if the connection must not be used any more.
    id: Option<FileId>,
    connection: SqliteConnection,
}

/// Identifies a file independently of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(file: &Path) -> io::Result<Self> {
        let file = fs::metadata(file)?;
        Ok(Self {
            device: file.dev(),
            inode: file.ino(),
        })
    }
}

impl ReopeningConnection {
    pub(super) fn open(file: &Path) -> Result<Self, ReopenError> {
        // Before it is opened: if it is replaced meanwhile, that is noticed later.
        let id = FileId::of(file)?;
        Ok(Self {
            file: file.to_owned(),
            id: Some(id),
            connection: connect(file, Mode::Read)?,
        })
    }

    /// The connection to the file that is there now.
    pub(super) fn get(&mut self) -> Result<&mut SqliteConnection, ReopenError> {
        let id = Some(FileId::of(&self.file)?);
        if self.id != id {
            if self.id.is_some() {
                tracing::info!(
                    "another database file has taken the place of the one that was read"
                );
            }
            *self = Self::open(&self.file)?;
        }
        Ok(&mut self.connection)
    }

    /// Makes the file be opened again before the next read.
    pub(super) fn invalidate(&mut self) {
        self.id = None;
    }
}

/// Why the file cannot be opened again.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReopenError {
    #[error("the database file is not there any more")]
    Missing(#[from] io::Error),
    #[error("opening the database file")]
    Open(#[from] ConnectionError),
}
