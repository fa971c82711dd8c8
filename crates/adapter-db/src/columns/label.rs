//! Labels: `text` or an enum in PostgreSQL, `text` in SQLite.

use std::{error::Error, fmt::Display, str::FromStr};

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{SqlType, Text},
    sqlite::Sqlite,
};

use crate::error::Cause;

/// A label out of a closed list. PostgreSQL sends an enum's value as the bytes of its label, just as it sends text.
#[derive(SqlType, QueryId)]
#[diesel(postgres_type(oid = 25, array_oid = 1009), sqlite_type(name = "Text"))]
pub struct Label;

/// What is written into a [`Label`] column.
#[derive(Debug, Clone, Copy, AsExpression)]
#[diesel(sql_type = Label)]
pub struct Labelled<T>(pub(crate) T);

/// What stands in a [`Label`] column: one of the domain's list, or a label that the list does not know. One that it does
/// not know spoils its own history, but no other that is read together with it.
#[derive(Debug, FromSqlRow)]
#[diesel(sql_type = Label)]
pub(crate) struct ReadLabel<T>(pub(crate) Result<T, Cause>);

impl<T> FromSql<Label, Pg> for ReadLabel<T>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(
            str::from_utf8(value.as_bytes())?
                .parse()
                .map_err(Cause::from),
        ))
    }
}

impl<T> FromSql<Label, Sqlite> for ReadLabel<T>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let label = <String as FromSql<Text, Sqlite>>::from_sql(value)?;
        Ok(Self(label.parse().map_err(Cause::from)))
    }
}

impl<T: Display + std::fmt::Debug> ToSql<Label, Pg> for Labelled<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        use std::io::Write;
        write!(out, "{}", self.0)?;
        Ok(IsNull::No)
    }
}

impl<T: Display + std::fmt::Debug> ToSql<Label, Sqlite> for Labelled<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.to_string());
        Ok(IsNull::No)
    }
}
