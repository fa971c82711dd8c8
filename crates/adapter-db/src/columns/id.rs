//! Ids, stored in 64 bits by us and in 32 bits by the WTS v3 database.

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{BigInt, SqlType},
    sqlite::Sqlite,
};

/// An integer id: `bigint` or `integer` in PostgreSQL, `integer` in SQLite.
#[derive(SqlType, QueryId)]
#[diesel(postgres_type(oid = 20, array_oid = 1016), sqlite_type(name = "Long"))]
pub struct Id;

/// The value of an [`Id`] column, however wide the column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Id)]
pub struct AnyWidth(pub(crate) i64);

impl FromSql<Id, Pg> for AnyWidth {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let bytes = value.as_bytes();
        match (bytes.try_into(), bytes.try_into()) {
            (Ok(eight), _) => Ok(Self(i64::from_be_bytes(eight))),
            (_, Ok(four)) => Ok(Self(i32::from_be_bytes(four).into())),
            _ => Err(format!("an id of {} bytes, where 4 or 8 were expected", bytes.len()).into()),
        }
    }
}

impl FromSql<Id, Sqlite> for AnyWidth {
    fn from_sql(
        value: <Sqlite as diesel::backend::Backend>::RawValue<'_>,
    ) -> deserialize::Result<Self> {
        <i64 as FromSql<BigInt, Sqlite>>::from_sql(value).map(Self)
    }
}

impl ToSql<Id, Pg> for AnyWidth {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <i64 as ToSql<BigInt, Pg>>::to_sql(&self.0, out)
    }
}

impl ToSql<Id, Sqlite> for AnyWidth {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0);
        Ok(IsNull::No)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn decoded(bytes: &[u8]) -> Result<i64, String> {
        let type_of_column = NonZeroU32::new(20).unwrap();
        <AnyWidth as FromSql<Id, Pg>>::from_sql(PgValue::new(bytes, &type_of_column))
            .map(|id| id.0)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn ids_of_both_widths_are_read() {
        assert_eq!(decoded(&123_i32.to_be_bytes()), Ok(123));
        assert_eq!(decoded(&(-1_i32).to_be_bytes()), Ok(-1));
        assert_eq!(
            decoded(&((1_i64 << 32) + 1).to_be_bytes()),
            Ok((1 << 32) + 1)
        );
        assert_eq!(decoded(&i64::MAX.to_be_bytes()), Ok(i64::MAX));
    }

    #[test]
    fn what_is_no_integer_is_refused() {
        for bytes in [&b""[..], b"1", b"123", b"12345", b"123456789"] {
            let error = decoded(bytes).unwrap_err();
            assert_eq!(
                error,
                format!("an id of {} bytes, where 4 or 8 were expected", bytes.len())
            );
        }
    }
}
