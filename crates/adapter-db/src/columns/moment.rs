//! Moments: `timestamptz` in PostgreSQL, microseconds since 2000-01-01 in SQLite.

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{BigInt, SqlType},
    sqlite::Sqlite,
};
use wts_domain::Timestamp;

/// A moment.
#[derive(SqlType, QueryId)]
#[diesel(
    postgres_type(oid = 1184, array_oid = 1185),
    sqlite_type(name = "Long")
)]
pub struct Moment;

/// The value of a [`Moment`] column. Both databases hold the very number that [`Timestamp`] counts.
#[derive(Debug, Clone, Copy, AsExpression, FromSqlRow)]
#[diesel(sql_type = Moment)]
pub struct StoredMoment(pub(crate) Timestamp);

impl FromSql<Moment, Pg> for StoredMoment {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let micros = <i64 as FromSql<BigInt, Pg>>::from_sql(value)?;
        Ok(Self(Timestamp::from_micros_since_2000(micros)))
    }
}

impl FromSql<Moment, Sqlite> for StoredMoment {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let micros = <i64 as FromSql<BigInt, Sqlite>>::from_sql(value)?;
        Ok(Self(Timestamp::from_micros_since_2000(micros)))
    }
}

impl ToSql<Moment, Pg> for StoredMoment {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <i64 as ToSql<BigInt, Pg>>::to_sql(&self.0.micros_since_2000(), &mut out.reborrow())
    }
}

impl ToSql<Moment, Sqlite> for StoredMoment {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.micros_since_2000());
        Ok(IsNull::No)
    }
}
