//! Text, to the last byte.

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    sql_types::{Binary, Text},
    sqlite::Sqlite,
};

/// The value of a text column of SQLite's, which may hold what is no text. Diesel's own way to read one replaces such
/// bytes in silence.
#[derive(Debug, FromSqlRow)]
#[diesel(sql_type = Text)]
pub(crate) struct ExactText(pub(crate) String);

impl FromSql<Text, Sqlite> for ExactText {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(value)?;
        Ok(Self(
            String::from_utf8(bytes).map_err(|_| "bytes that are no UTF-8")?,
        ))
    }
}
