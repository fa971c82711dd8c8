//! Opens connections to SQLite files.

use std::{fs, os::unix::ffi::OsStrExt, path::Path};

use diesel::{
    Connection, ConnectionError, ConnectionResult, SqliteConnection, connection::SimpleConnection,
    result::Error::DatabaseError,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rustix::{
    fs::{Access, access},
    io::Errno,
};

use crate::error::OpenError;

/// The characters that are percent-encoded in the path of a `file:` URI.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_')
    .remove(b'~');

/// The messages of SQLite if it cannot open the file or write the write-ahead log.
const NO_ACCESS: [&str; 4] = [
    "unable to open database file",
    "attempt to write a readonly database",
    "disk I/O error",
    "database or disk is full",
];

/// How a connection opens its file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mode {
    /// Opens an existing file for reading.
    Read,
    /// Opens an existing file for writing.
    Write,
    /// Opens a file for writing, and creates a missing file.
    Create,
}

/// Opens a connection to a database file.
pub(crate) fn connect(file: &Path, mode: Mode) -> ConnectionResult<SqliteConnection> {
    // By default SQLite creates a missing file, so the mode is given in a URI. The empty authority in `file://`
    // prevents SQLite from reading a path like `//file` as a host name.
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

/// Returns an error if the file is missing.
pub(super) fn ensure_exists(file: &Path) -> Result<(), OpenError> {
    match file.try_exists() {
        Ok(true) => match file.metadata() {
            Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => Err(
                OpenError::NotDatabase(file.to_owned(), "it is not a regular file"),
            ),
            _ => Ok(()),
        },
        Ok(false) => Err(OpenError::NoSuchFile(file.to_owned())),
        Err(error) => Err(OpenError::NoAccess(error.into())),
    }
}

/// Converts an error of reading histories: [`OpenError::NoAccess`] if the file or disk is the cause, otherwise
/// [`OpenError::Unreadable`].
pub(super) fn unreadable(error: diesel::result::Error) -> OpenError {
    match &error {
        DatabaseError(_, information) if NO_ACCESS.contains(&information.message()) => {
            OpenError::NoAccess(error.into())
        }
        _ => OpenError::Unreadable(error.into()),
    }
}

/// Returns whether the file is on a read-only file system and has no write-ahead log. Then no writer can change the
/// file, so SQLite needs no lock; it could not take one anyway, because locking writes a file in the same directory.
fn is_on_read_only_medium(file: &Path) -> bool {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let has_log = fs::metadata(log).is_ok_and(|log| log.len() > 0);
    // The file must not be opened here: closing it would release the locks that all connections of this process have on it.
    !has_log && access(file, Access::WRITE_OK) == Err(Errno::ROFS)
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
        assert!(file.exists(), "the file has the requested name");
        assert!(connect(&file, Mode::Read).is_ok());
    }

    /// Checks the flags in `.cargo/config.toml`, without which concurrent readers would block each other.
    #[test]
    fn sqlite_has_the_expected_compile_options() {
        #[derive(QueryableByName)]
        struct Compiled {
            #[diesel(sql_type = Bool)]
            has_expected_options: bool,
        }

        let directory = tempfile::tempdir().unwrap();
        let mut connection = connect(&directory.path().join("wts.db"), Mode::Create).unwrap();
        let compiled: Compiled = sql_query(
            "select sqlite_compileoption_used('THREADSAFE=2') \
             and not sqlite_compileoption_used('ENABLE_MEMORY_MANAGEMENT') as has_expected_options",
        )
        .get_result(&mut connection)
        .unwrap();
        assert!(compiled.has_expected_options);
    }

    #[test]
    fn read_mode_cannot_write() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("wts.db");
        connect(&file, Mode::Create)
            .unwrap()
            .batch_execute("create table t (n integer)")
            .unwrap();

        let outcome =
            sql_query("insert into t values (1)").execute(&mut connect(&file, Mode::Read).unwrap());

        assert!(outcome.unwrap_err().to_string().contains("readonly"));
    }

    #[test]
    fn path_with_two_leading_slashes_is_not_parsed_as_a_host() {
        let directory = tempfile::tempdir().unwrap();
        let file = format!("/{}/wts.db", directory.path().display());
        assert!(connect(Path::new(&file), Mode::Create).is_ok());
        assert!(directory.path().join("wts.db").exists());
    }
}
