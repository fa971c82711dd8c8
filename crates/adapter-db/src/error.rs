//! Why a database cannot be opened or migrated.

use std::{error::Error, path::PathBuf};

pub(crate) type Cause = Box<dyn Error + Send + Sync>;

/// Why a database cannot be opened for reading or for an import.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The SQLite file does not exist. Only migrations create one.
    #[error("there is no database file at {}", .0.display())]
    NoSuchFile(PathBuf),
    /// No connection could be made.
    #[error("cannot connect to the database")]
    Unreachable {
        /// Why not.
        #[source]
        cause: Cause,
        /// Whether another attempt may succeed.
        is_transient: bool,
    },
    /// There are replicas, and one of them or the database itself is not PostgreSQL.
    #[error("read replicas are for PostgreSQL only, and only PostgreSQL can be one")]
    ReplicasUnsupported,
    /// The SQLite file exists, but SQLite cannot open it, or cannot write the files beside it that it needs for reading.
    #[error("SQLite cannot use the database file, or cannot write beside it")]
    NoAccess(#[source] Cause),
    /// The database exists, but reading a history from it fails: the tables are missing, are others than expected, or the
    /// role may not read them.
    #[error("the database holds no ticket histories that this role can read")]
    Unreadable(#[source] Cause),
    /// The tables to import into are there, but our migrations did not make them.
    #[error("this is an existing WTS database, which is only read and never written to")]
    NotOurs,
    /// The tables to import into are missing, this role may not write to them, or another writer does not end.
    #[error("cannot write to the database")]
    Unwritable(#[source] Cause),
}

impl OpenError {
    pub(crate) fn unreachable(cause: impl Into<Cause>) -> Self {
        Self::Unreachable {
            cause: cause.into(),
            is_transient: false,
        }
    }

    /// Whether another attempt may succeed without a change of the configuration: the database is not there yet, or is
    /// starting.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable {
                is_transient: true,
                ..
            }
        )
    }
}

/// Why a database's schema cannot be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// No connection could be made, or no file.
    #[error("cannot connect to the database")]
    Unreachable(#[source] Cause),
    /// The tables are there already, but these migrations did not make them.
    #[error(
        "this is an existing WTS database whose tables these migrations did not make; it is served as it stands and \
         must not be migrated"
    )]
    NotOurs,
    /// A migration failed, and was undone, or could not even begin.
    #[error("migrating failed")]
    Failed(#[source] Cause),
}

impl From<diesel::result::Error> for MigrateError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}
