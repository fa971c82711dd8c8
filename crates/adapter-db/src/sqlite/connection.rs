//! Opening a connection.

use std::{fs, io, os::unix::ffi::OsStrExt, path::Path};

use diesel::{
    Connection, ConnectionError, ConnectionResult, SqliteConnection, connection::SimpleConnection,
    result::Error::DatabaseError,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use crate::error::OpenError;

/// The characters to escape in the path of a `file:` URI.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_')
    .remove(b'~');

/// The messages of SQLite if it cannot open the file or write the log beside it.
const NO_ACCESS: [&str; 4] = [
    "unable to open database file",
    "attempt to write a readonly database",
    "disk I/O error",
    "database or disk is full",
];

/// The purpose of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mode {
    /// Only reading, from a file that exists.
    Read,
    /// Writing to a file that exists.
    Write,
    /// Writing, to a new file if need be.
    Create,
}

/// Opens a connection to a database file.
pub(crate) fn connect(file: &Path, mode: Mode) -> ConnectionResult<SqliteConnection> {
    // Left to itself SQLite creates a file that is missing, so the mode is spelled out, in a URI. One that begins
    // with `//` has an empty authority, which keeps a path like `//file` from being read as a host.
    let absolute = std::path::absolute(file)
        .map_err(|error| ConnectionError::BadConnection(error.to_string()))?;
    let path = percent_encode(absolute.as_os_str().as_bytes(), ESCAPED);
    let (access, pragmas) = match mode {
        Mode::Read if is_on_read_only_medium(file) => ("ro&immutable=1", "pragma query_only = on;"),
        Mode::Read => ("rw", "pragma query_only = on; pragma busy_timeout = 1000;"),
        Mode::Write => (
            "rw",
            "pragma foreign_keys = on; pragma busy_timeout = 10000;",
        ),
        Mode::Create => (
            "rwc",
            "pragma foreign_keys = on; pragma busy_timeout = 10000;",
        ),
    };
    let mut connection = SqliteConnection::establish(&format!("file://{path}?mode={access}"))?;
    connection
        .batch_execute(pragmas)
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Fails if the file is missing.
pub(super) fn ensure_exists(file: &Path) -> Result<(), OpenError> {
    match file.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(OpenError::NoSuchFile(file.to_owned())),
        Err(error) => Err(OpenError::NoAccess(error.into())),
    }
}

/// Why histories cannot be read: because of the file and its disk, or of the file's content.
pub(super) fn unreadable(error: diesel::result::Error) -> OpenError {
    match &error {
        DatabaseError(_, told) if NO_ACCESS.contains(&told.message()) => {
            OpenError::NoAccess(error.into())
        }
        _ => OpenError::Unreadable(error.into()),
    }
}

/// Whether the file is on a read-only medium and has no log beside it. Then no writer can change it while it is read, and
/// SQLite needs no lock, which it could not take: for that it writes beside the file.
fn is_on_read_only_medium(file: &Path) -> bool {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let left = fs::metadata(log).is_ok_and(|log| log.len() > 0);
    let refusal = fs::OpenOptions::new().write(true).open(file).err();
    !left && refusal.is_some_and(|error| error.kind() == io::ErrorKind::ReadOnlyFilesystem)
}

#[cfg(test)]
mod tests {
    use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Bool};

    use super::*;

    #[test]
    fn only_create_mode_creates_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("odd ?#%name.db");

        assert!(connect(&file, Mode::Read).is_err());
        assert!(connect(&file, Mode::Write).is_err());
        assert!(!file.exists());

        connect(&file, Mode::Create)
            .unwrap()
            .batch_execute("create table t (n integer)")
            .unwrap();
        assert!(file.exists(), "under the very name that was asked for");
        assert!(connect(&file, Mode::Read).is_ok());
    }

    /// The flags stand in `.cargo/config.toml`; without them readers wait for each other.
    #[test]
    fn connections_share_no_lock() {
        #[derive(QueryableByName)]
        struct Compiled {
            #[diesel(sql_type = Bool)]
            as_meant: bool,
        }

        let directory = tempfile::tempdir().unwrap();
        let mut connection = connect(&directory.path().join("wts.db"), Mode::Create).unwrap();
        let compiled: Compiled = sql_query(
            "select sqlite_compileoption_used('THREADSAFE=2') \
             and not sqlite_compileoption_used('ENABLE_MEMORY_MANAGEMENT') as as_meant",
        )
        .get_result(&mut connection)
        .unwrap();
        assert!(compiled.as_meant);
    }

    #[test]
    fn read_mode_cannot_write() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("wts.db");
        connect(&file, Mode::Create)
            .unwrap()
            .batch_execute("create table t (n integer)")
            .unwrap();

        let refused =
            sql_query("insert into t values (1)").execute(&mut connect(&file, Mode::Read).unwrap());

        assert!(refused.unwrap_err().to_string().contains("readonly"));
    }

    #[test]
    fn path_with_two_slashes_is_not_a_host() {
        let directory = tempfile::tempdir().unwrap();
        let file = format!("/{}/wts.db", directory.path().display());
        assert!(connect(Path::new(&file), Mode::Create).is_ok());
        assert!(directory.path().join("wts.db").exists());
    }
}
