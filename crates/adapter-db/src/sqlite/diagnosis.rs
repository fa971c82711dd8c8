//! Finds the reason why a SQLite file cannot be used.

use std::{
    collections::BTreeSet,
    error::Error,
    fs::File,
    io::{self, Read},
    path::Path,
};

use diesel::{QueryResult, QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use wts_app::ErrorChain;

use super::connection::{Mode, connect};
use crate::{
    error::OpenError,
    tables::{EXPORTED_COLUMNS, REQUIRED_COLUMNS},
};

/// The first bytes of every SQLite file that is not empty.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// The first bytes of other formats, and their names.
const FORMATS: [(&[u8], &str); 5] = [
    (&[0x1f, 0x8b], "it is compressed with gzip"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "it is compressed with zstd"),
    (&[0xfd, b'7', b'z', b'X', b'Z'], "it is compressed with xz"),
    (b"BZh", "it is compressed with bzip2"),
    (b"PK", "it is a zip archive"),
];

/// Returns an error that describes what is wrong with the file, or `error` if the reason is unknown.
pub(super) fn diagnose(file: &Path, error: OpenError) -> OpenError {
    let (OpenError::Unreadable(cause) | OpenError::Unwritable(cause) | OpenError::NoAccess(cause)) =
        &error
    else {
        return error;
    };
    if let Ok(Some(found)) = other_format(file) {
        return OpenError::NotDatabase(file.to_owned(), found);
    }
    if is_damage(&ErrorChain(&**cause).to_string()) {
        return match error {
            OpenError::Unreadable(cause)
            | OpenError::Unwritable(cause)
            | OpenError::NoAccess(cause) => OpenError::Damaged(cause),
            error => error,
        };
    }
    match columns(file) {
        Ok(found) if found.is_empty() => OpenError::NoTables,
        Ok(found) => {
            let has_table = |name: &str| found.iter().any(|(table, _)| table == name);
            let columns = REQUIRED_COLUMNS.iter().chain(EXPORTED_COLUMNS);
            let missing: BTreeSet<_> = columns
                .filter(|(table, column)| {
                    !found.contains(&((*table).to_owned(), (*column).to_owned()))
                })
                .map(|(table, column)| {
                    if has_table(table) {
                        format!("{table}.{column}")
                    } else {
                        (*table).to_owned()
                    }
                })
                .collect();
            if missing.is_empty() {
                error
            } else {
                OpenError::MissingTables(missing.into_iter().collect())
            }
        }
        Err(_) => error,
    }
}

/// Returns whether a migration failed because the file is damaged.
pub(super) fn is_unusable(cause: &(dyn Error + 'static)) -> bool {
    is_damage(&ErrorChain(cause).to_string())
}

/// Returns whether a message of SQLite reports a damaged file. The message for a damaged header is that for a file that is
/// not a database.
pub(super) fn is_damage(message: &str) -> bool {
    message.contains("malformed") || message.contains("file is not a database")
}

/// Returns a description of a file that is not a SQLite database.
pub(super) fn other_format(file: &Path) -> io::Result<Option<&'static str>> {
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Ok(Some("it is a directory"));
    }
    if !metadata.is_file() {
        return Ok(Some("it is not a regular file"));
    }
    let mut head = Vec::new();
    File::open(file)?.take(512).read_to_end(&mut head)?;
    if head.is_empty() || head.starts_with(MAGIC) {
        return Ok(None);
    }
    let known = FORMATS.iter().find(|(magic, _)| head.starts_with(magic));
    Ok(Some(match known {
        Some((_, name)) => name,
        None if is_text(&head) => "it is a text file",
        None => "its header is another one, or is damaged",
    }))
}

/// Returns whether the first bytes of a file are UTF-8 text. The last character may be incomplete.
fn is_text(head: &[u8]) -> bool {
    str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true)
        && !head.contains(&0)
}

/// Returns the tables and columns of a file, except those that SQLite and the migrations need.
fn columns(file: &Path) -> QueryResult<BTreeSet<(String, String)>> {
    #[derive(QueryableByName)]
    struct Column {
        #[diesel(sql_type = Text)]
        table_name: String,
        #[diesel(sql_type = Text)]
        name: String,
    }

    let mut connection = connect(file, Mode::Read)
        .map_err(|error| diesel::result::Error::QueryBuilderError(error.into()))?;
    let columns: Vec<Column> = sql_query(
        "select m.name as table_name, c.name as name from sqlite_master m, pragma_table_info(m.name) c
         where m.type in ('table', 'view') and m.name not like 'sqlite_%' and m.name <> '__diesel_schema_migrations'",
    )
    .load(&mut connection)?;
    let columns = columns
        .into_iter()
        .map(|column| (column.table_name, column.name));
    Ok(columns.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn required_columns_are_those_of_the_migrations() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("wts.db");
        super::super::migrate::migrate(&file).unwrap();
        let found = columns(&file).unwrap();
        for (table, column) in REQUIRED_COLUMNS.iter().chain(EXPORTED_COLUMNS) {
            assert!(
                found.contains(&((*table).to_owned(), (*column).to_owned())),
                "{table}.{column}"
            );
        }
    }
}
