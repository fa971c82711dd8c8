//! A connection that is reopened when its file is replaced.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use diesel::{ConnectionError, SqliteConnection};

use super::connection::{Mode, connect};

/// A connection to a SQLite file, reopened when the file at the path is replaced. An open connection alone would keep
/// reading the old file, even after it was deleted.
pub(super) struct ReopeningConnection {
    file: PathBuf,
    /// The file of the connection; `None` if the connection must not be used again.
    id: Option<FileId>,
    connection: SqliteConnection,
}

/// The device and inode number of a file, which identify it independently of its name.
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
        // The id is read before the file is opened: if the file is replaced in between, the next call of `get` detects
        // it.
        let id = FileId::of(file)?;
        Ok(Self {
            file: file.to_owned(),
            id: Some(id),
            connection: connect(file, Mode::Read)?,
        })
    }

    /// Returns a connection to the file that is currently at the path.
    pub(super) fn get(&mut self) -> Result<&mut SqliteConnection, ReopenError> {
        let id = Some(FileId::of(&self.file)?);
        if self.id != id {
            if self.id.is_some() {
                tracing::info!("SQLite database file was replaced, opening the new file");
            }
            *self = Self::open(&self.file)?;
        }
        Ok(&mut self.connection)
    }

    /// Makes the next call of `get` reopen the file.
    pub(super) fn invalidate(&mut self) {
        self.id = None;
    }
}

/// The reason why reopening the file failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReopenError {
    #[error("the SQLite database file no longer exists")]
    Missing(#[from] io::Error),
    #[error("cannot open the SQLite database file")]
    Open(#[from] ConnectionError),
}
