//! The file that is read, whatever becomes of it.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use diesel::{ConnectionError, SqliteConnection};

use super::{Mode, connect};

/// A file that is open for reading. Once it is taken away, or another has taken its place, it is no longer read from: an
/// open file lives on without its name, and what it holds is the past.
pub(super) struct Source {
    file: PathBuf,
    /// None, if what is open is not to be used any more.
    identity: Option<Identity>,
    connection: SqliteConnection,
}

/// Which file it is, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(file: &Path) -> io::Result<Self> {
        let file = fs::metadata(file)?;
        Ok(Self {
            device: file.dev(),
            inode: file.ino(),
        })
    }
}

impl Source {
    pub(super) fn open(file: &Path) -> Result<Self, SourceError> {
        // Before it is opened: if another takes its place meanwhile, that is noticed later.
        let identity = Identity::of(file)?;
        Ok(Self {
            file: file.to_owned(),
            identity: Some(identity),
            connection: connect(file, Mode::Read)?,
        })
    }

    /// A connection to the file that is there now.
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, SourceError> {
        let identity = Some(Identity::of(&self.file)?);
        if self.identity != identity {
            if self.identity.is_some() {
                tracing::info!(
                    "another database file has taken the place of the one that was read"
                );
            }
            *self = Self::open(&self.file)?;
        }
        Ok(&mut self.connection)
    }

    /// Has the file opened anew before it is read again.
    pub(super) fn distrust(&mut self) {
        self.identity = None;
    }
}

/// Why there is no file to read.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    #[error("the database file is not there any more")]
    Missing(#[from] io::Error),
    #[error("opening the database file")]
    Open(#[from] ConnectionError),
}
