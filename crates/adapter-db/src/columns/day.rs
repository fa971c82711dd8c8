//! Days: `date` in PostgreSQL, days since 2000-01-01 in SQLite.

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{BigInt, Integer, SqlType},
    sqlite::Sqlite,
};
use wts_domain::Day;

/// A day.
#[derive(SqlType, QueryId)]
#[diesel(
    postgres_type(oid = 1082, array_oid = 1182),
    sqlite_type(name = "Long")
)]
pub struct CalendarDay;

/// The value of a [`CalendarDay`] column. Both databases hold the very number that [`Day`] counts.
#[derive(Debug, Clone, Copy, AsExpression, FromSqlRow)]
#[diesel(sql_type = CalendarDay)]
pub struct StoredDay(pub(crate) Day);

impl FromSql<CalendarDay, Pg> for StoredDay {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let days = <i32 as FromSql<Integer, Pg>>::from_sql(value)?;
        Ok(Self(Day::from_days_since_2000(days)))
    }
}

impl FromSql<CalendarDay, Sqlite> for StoredDay {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        // SQLite would cut a wider number down to 32 bits in silence.
        let days = <i64 as FromSql<BigInt, Sqlite>>::from_sql(value)?;
        Ok(Self(Day::from_days_since_2000(days.try_into()?)))
    }
}

impl ToSql<CalendarDay, Pg> for StoredDay {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <i32 as ToSql<Integer, Pg>>::to_sql(&self.0.days_since_2000(), &mut out.reborrow())
    }
}

impl ToSql<CalendarDay, Sqlite> for StoredDay {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(i64::from(self.0.days_since_2000()));
        Ok(IsNull::No)
    }
}
