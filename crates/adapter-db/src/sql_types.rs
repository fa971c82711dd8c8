//! SQL types with the same meaning in PostgreSQL and SQLite, and the Rust types of their values.
//!
//! These types let one set of row types read three schemas: the PostgreSQL and SQLite schemas of this crate, and the
//! WTS v3 schema with its 32-bit ids and enums.

use std::{
    error::Error,
    fmt::{Debug, Display},
    io::Write,
    str::FromStr,
};

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{BigInt, Binary, SqlType, Text},
    sqlite::Sqlite,
};
use wts_domain::{Date, Timestamp};

use crate::error::Cause;

type SqliteValue<'a> = <Sqlite as Backend>::RawValue<'a>;

/// The SQL type of an id: `bigint` or `integer` in PostgreSQL, `integer` in SQLite.
#[derive(SqlType, QueryId)]
#[diesel(postgres_type(oid = 20, array_oid = 1016), sqlite_type(name = "Long"))]
pub struct IdColumn;

/// The value of an [`IdColumn`], which has 32 or 64 bits in the database.
#[derive(Debug, Clone, Copy, AsExpression, FromSqlRow)]
#[diesel(sql_type = IdColumn)]
pub struct IdValue(pub(crate) i64);

/// The SQL type of a timestamp: `timestamptz` in PostgreSQL, microseconds since 2000-01-01 in SQLite.
#[derive(SqlType, QueryId)]
#[diesel(
    postgres_type(oid = 1184, array_oid = 1185),
    sqlite_type(name = "Long")
)]
pub struct TimestampColumn;

/// The value of a [`TimestampColumn`]. Both databases store it as microseconds since 2000-01-01, as [`Timestamp`] does.
#[derive(Debug, Clone, Copy, AsExpression, FromSqlRow)]
#[diesel(sql_type = TimestampColumn)]
pub struct TimestampValue(pub(crate) Timestamp);

/// The SQL type of a day: `date` in PostgreSQL, days since 2000-01-01 in SQLite.
#[derive(SqlType, QueryId)]
#[diesel(
    postgres_type(oid = 1082, array_oid = 1182),
    sqlite_type(name = "Long")
)]
pub struct DateColumn;

/// The value of a [`DateColumn`]. Both databases store it as days since 2000-01-01, as [`Date`] does.
#[derive(Debug, Clone, Copy, AsExpression, FromSqlRow)]
#[diesel(sql_type = DateColumn)]
pub struct DateValue(pub(crate) Date);

/// Decodes a big-endian integer of 4 or 8 bytes.
fn integer(value: &PgValue<'_>) -> deserialize::Result<i64> {
    let bytes = value.as_bytes();
    match (bytes.try_into(), bytes.try_into()) {
        (Ok(eight), _) => Ok(i64::from_be_bytes(eight)),
        (_, Ok(four)) => Ok(i32::from_be_bytes(four).into()),
        _ => {
            let length = bytes.len();
            Err(format!("invalid integer: expected 4 or 8 bytes, found {length}").into())
        }
    }
}

/// Implements `FromSql` and `ToSql` for a value that both databases store as an integer. The integer is read with 64
/// bits and then converted, because SQLite silently truncates an integer that is read as a narrower type.
macro_rules! stored_as_integer {
    ($value:ident, $column:ident, |$number:ident| $read:expr, |$stored:ident| $written:expr) => {
        impl FromSql<$column, Pg> for $value {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                let $number = integer(&value)?;
                Ok(Self($read))
            }
        }

        impl FromSql<$column, Sqlite> for $value {
            fn from_sql(value: SqliteValue<'_>) -> deserialize::Result<Self> {
                let $number = <i64 as FromSql<BigInt, Sqlite>>::from_sql(value)?;
                Ok(Self($read))
            }
        }

        impl ToSql<$column, Sqlite> for $value {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                let $stored = self.0;
                out.set_value($written);
                Ok(IsNull::No)
            }
        }
    };
}

stored_as_integer!(IdValue, IdColumn, |number| number, |id| id);
stored_as_integer!(
    TimestampValue,
    TimestampColumn,
    |number| Timestamp::from_micros_since_2000(number),
    |timestamp| timestamp.micros_since_2000()
);
stored_as_integer!(
    DateValue,
    DateColumn,
    |number| Date::from_days_since_2000(number.try_into()?),
    |day| i64::from(day.days_since_2000())
);

/// Encodes the id as eight bytes, a `bigint`, which PostgreSQL can also compare with an `integer` column.
impl ToSql<IdColumn, Pg> for IdValue {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&self.0.to_be_bytes())?;
        Ok(IsNull::No)
    }
}

impl ToSql<TimestampColumn, Pg> for TimestampValue {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&self.0.micros_since_2000().to_be_bytes())?;
        Ok(IsNull::No)
    }
}

/// The SQL type of a label from a fixed set: `text` or an enum in PostgreSQL, `text` in SQLite. PostgreSQL sends an
/// enum value as the bytes of its label, like text.
#[derive(SqlType, QueryId)]
#[diesel(postgres_type(oid = 25, array_oid = 1009), sqlite_type(name = "Text"))]
pub struct LabelColumn;

/// A query parameter that is stored in a [`LabelColumn`].
#[derive(Debug, Clone, Copy, AsExpression)]
#[diesel(sql_type = LabelColumn)]
pub struct LabelParam<T>(pub(crate) T);

/// The value of a [`LabelColumn`]: the parsed label, or the error for a label that the domain crate does not know. An
/// unknown label fails only the history that contains it, not the other histories of the same batch.
#[derive(Debug, FromSqlRow)]
#[diesel(sql_type = LabelColumn)]
pub(crate) struct LabelResult<T>(pub(crate) Result<T, Cause>);

impl<T> FromSql<LabelColumn, Pg> for LabelResult<T>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let label = str::from_utf8(value.as_bytes())?;
        Ok(Self(label.parse().map_err(Cause::from)))
    }
}

impl<T> FromSql<LabelColumn, Sqlite> for LabelResult<T>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    fn from_sql(value: SqliteValue<'_>) -> deserialize::Result<Self> {
        let label = <String as FromSql<Text, Sqlite>>::from_sql(value)?;
        Ok(Self(label.parse().map_err(Cause::from)))
    }
}

impl<T: Display + Debug> ToSql<LabelColumn, Sqlite> for LabelParam<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.to_string());
        Ok(IsNull::No)
    }
}

/// The value of a text column, rejected if its bytes are not valid UTF-8. SQLite may return such bytes, and diesel's
/// `String` silently replaces them.
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
            String::from_utf8(bytes).map_err(|_| "expected UTF-8 text, found other bytes")?,
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn decoded(bytes: &[u8]) -> Result<i64, String> {
        let oid = NonZeroU32::new(20).unwrap();
        <IdValue as FromSql<IdColumn, Pg>>::from_sql(PgValue::new(bytes, &oid))
            .map(|id| id.0)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn ids_of_32_and_64_bits_are_read() {
        assert_eq!(decoded(&123_i32.to_be_bytes()), Ok(123));
        assert_eq!(decoded(&(-1_i32).to_be_bytes()), Ok(-1));
        assert_eq!(
            decoded(&((1_i64 << 32) + 1).to_be_bytes()),
            Ok((1 << 32) + 1)
        );
        assert_eq!(decoded(&i64::MAX.to_be_bytes()), Ok(i64::MAX));
    }

    #[test]
    fn integer_of_invalid_width_is_rejected() {
        for bytes in [&b""[..], b"1", b"123", b"12345", b"123456789"] {
            let error = decoded(bytes).unwrap_err();
            let length = bytes.len();
            assert_eq!(
                error,
                format!("invalid integer: expected 4 or 8 bytes, found {length}")
            );
        }
    }
}
