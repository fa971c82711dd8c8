//! The errors that occur when a database is opened or migrated.

use std::{error::Error, path::PathBuf};

pub(crate) type Cause = Box<dyn Error + Send + Sync>;

/// The error if a database cannot be opened for reading or for an import.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The SQLite file does not exist. Only [`migrate`](crate::migrate) creates a file.
    #[error("there is no database file at {}", .0.display())]
    NoSuchFile(PathBuf),
    /// Connecting to the database failed.
    #[error("cannot connect to the database")]
    Unreachable {
        /// The cause of the failure.
        #[source]
        cause: Cause,
        /// Whether a retry may succeed, for example because the server is starting.
        is_transient: bool,
    },
    /// A connection pooler between this program and PostgreSQL does not reserve a server connection for each client.
    #[error(transparent)]
    Pooler(Cause),
    /// Replicas are configured, but the database or one of the replicas is not PostgreSQL.
    #[error(
        "read replicas are for PostgreSQL only: the database and every replica must be PostgreSQL"
    )]
    ReplicasUnsupported,
    /// The SQLite file exists, but SQLite cannot open it, or cannot write the `-wal` and `-shm` files that SQLite needs
    /// in the same directory.
    #[error("SQLite cannot open the database file or cannot write to its directory")]
    NoAccess(#[source] Cause),
    /// The database exists, but reading a ticket history fails: tables are missing, have unexpected columns, or may not
    /// be read by the role.
    #[error("the database holds no ticket histories that this role can read")]
    Unreadable(#[source] Cause),
    /// The file is not a SQLite database. Contains what it is instead.
    #[error("{} is not a SQLite database: {}", .0.display(), .1)]
    NotDatabase(PathBuf, &'static str),
    /// The SQLite file is damaged.
    #[error("the database file is damaged")]
    Damaged(#[source] Cause),
    /// The database has no tables.
    #[error("the database has no tables")]
    NoTables,
    /// Required tables or columns are missing, so the database probably belongs to another program. Contains their names.
    #[error("the database has the tables of another program: there is no {}", first_of(.0))]
    MissingTables(Vec<String>),
    /// The role lacks privileges. Contains them.
    #[error("the role lacks privileges: {}", .0.join(", "))]
    NoPrivilege(Vec<String>),
    /// The tables to import into exist, but the migrations of this crate did not create them.
    #[error("this is an existing WTS database, which is only read and never written to")]
    UnmanagedSchema,
    /// The tables to import into are missing, the role may not write to them, or another transaction locks them for too
    /// long.
    #[error("cannot write to the database")]
    Unwritable(#[source] Cause),
}

/// Lists the first of several names.
fn first_of(names: &[String]) -> String {
    const MAX: usize = 5;

    let listed = names.get(..MAX).unwrap_or(names).join(", ");
    match names.len().saturating_sub(MAX) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

impl OpenError {
    pub(crate) fn unreachable(cause: impl Into<Cause>) -> Self {
        Self::Unreachable {
            cause: cause.into(),
            is_transient: false,
        }
    }

    /// Returns whether a retry may succeed without a change of the configuration, because the server is unreachable or
    /// is starting.
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

/// The error if the schema of a database cannot be migrated.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// Connecting to the database, or creating the SQLite file, failed.
    #[error("cannot connect to the database")]
    Unreachable(#[source] Cause),
    /// A connection pooler between this program and PostgreSQL does not reserve a server connection for each client.
    #[error(transparent)]
    Pooler(Cause),
    /// The SQLite file is damaged, or is not a database.
    #[error(transparent)]
    Unusable(OpenError),
    /// The tables exist already, but the migrations of this crate did not create them.
    #[error(
        "this is an existing WTS database whose tables these migrations did not create; it is served unchanged and \
         must not be migrated"
    )]
    UnmanagedSchema,
    /// A migration could not start, or failed and was rolled back.
    #[error("a migration failed")]
    Failed(#[source] Cause),
}

impl From<diesel::result::Error> for MigrateError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}
