//! The values of columns, which both databases fill, and their diesel types in SQLite.

use std::{
    error::Error,
    fmt::{Debug, Display},
    str::FromStr,
};

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{BigInt, Binary, Text},
    sqlite::Sqlite,
};
use wts_domain::{Date, Timestamp};

use crate::error::Cause;

type SqliteValue<'a> = <Sqlite as Backend>::RawValue<'a>;

/// An id: `bigint` or `integer` in PostgreSQL, `integer` in SQLite.
#[derive(Debug, Clone, Copy, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct IdValue(pub(crate) i64);

/// A timestamp: `timestamptz` in PostgreSQL, `integer` in SQLite. Both store the number that [`Timestamp`] counts.
#[derive(Debug, Clone, Copy, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct TimestampValue(pub(crate) Timestamp);

/// A day: `date` in PostgreSQL, `integer` in SQLite. Both store the number that [`Date`] counts.
#[derive(Debug, Clone, Copy, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct DateValue(pub(crate) Date);

/// Reads and writes a value as the integer that both databases store. SQLite itself would cut a wider number down to the
/// width of the type without an error.
macro_rules! stored_as_integer {
    ($value:ident, |$number:ident| $read:expr, |$stored:ident| $written:expr) => {
        impl FromSql<BigInt, Sqlite> for $value {
            fn from_sql(value: SqliteValue<'_>) -> deserialize::Result<Self> {
                let $number = <i64 as FromSql<BigInt, Sqlite>>::from_sql(value)?;
                Ok(Self($read))
            }
        }

        impl ToSql<BigInt, Sqlite> for $value {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                let $stored = self.0;
                out.set_value($written);
                Ok(IsNull::No)
            }
        }
    };
}

stored_as_integer!(IdValue, |number| number, |id| id);
stored_as_integer!(
    TimestampValue,
    |number| Timestamp::from_micros_since_2000(number),
    |timestamp| timestamp.micros_since_2000()
);
stored_as_integer!(
    DateValue,
    |number| Date::from_days_since_2000(number.try_into()?),
    |day| i64::from(day.days_since_2000())
);

/// A label of a closed list to be written.
#[derive(Debug, Clone, Copy, AsExpression)]
#[diesel(sql_type = Text)]
pub struct LabelParam<T>(pub(crate) T);

/// A label that was read, `text` or an enum in PostgreSQL and `text` in SQLite: one of the domain's closed list, or the
/// error for a label that the list does not contain.
/// Such a label fails its own history, but no other that is read together with it.
#[derive(Debug, FromSqlRow)]
#[diesel(sql_type = Text)]
pub(crate) struct LabelResult<T>(pub(crate) Result<T, Cause>);

impl<T> FromSql<Text, Sqlite> for LabelResult<T>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    fn from_sql(value: SqliteValue<'_>) -> deserialize::Result<Self> {
        let label = <String as FromSql<Text, Sqlite>>::from_sql(value)?;
        Ok(Self(label.parse().map_err(Cause::from)))
    }
}

impl<T: Display + Debug> ToSql<Text, Sqlite> for LabelParam<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.to_string());
        Ok(IsNull::No)
    }
}

/// The value of a text column of SQLite, which may hold bytes that are not UTF-8. Diesel's `String` replaces such bytes
/// without an error.
#[derive(Debug, FromSqlRow)]
#[diesel(sql_type = Text)]
pub(crate) struct StrictUtf8(pub(crate) String);

impl From<StrictUtf8> for String {
    fn from(text: StrictUtf8) -> Self {
        text.0
    }
}

impl FromSql<Text, Sqlite> for StrictUtf8 {
    fn from_sql(value: SqliteValue<'_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(value)?;
        Ok(Self(
            String::from_utf8(bytes).map_err(|_| "bytes that are no UTF-8")?,
        ))
    }
}
