//! The values of columns in PostgreSQL's binary form, of our own schema and of the WTS v3 database, which has 32-bit ids
//! and enums.

use std::{error::Error, str::FromStr};

use tokio_postgres::{
    Row,
    types::{FromSql, IsNull, Kind, ToSql, Type, private::BytesMut, to_sql_checked},
};
use wts_domain::{Date, Timestamp};

use crate::{
    error::Cause,
    rows::TraceRow,
    values::{DateValue, IdValue, LabelResult, StrictUtf8, TimestampValue},
};

/// Reads a row of `ticket_traces` from the columns from `first` on.
pub(super) fn trace_row<'a, T: FromSql<'a>>(
    row: &'a Row,
    first: usize,
) -> Result<TraceRow<T>, tokio_postgres::Error> {
    Ok(TraceRow {
        opid: row.try_get(first)?,
        updated_at: row.try_get(first + 1)?,
        op: row.try_get(first + 2)?,
        new_status: row.try_get(first + 3)?,
        new_priority: row.try_get(first + 4)?,
        new_appointment: row.try_get(first + 5)?,
        new_category: row.try_get(first + 6)?,
        remark: row.try_get(first + 7)?,
    })
}

/// Reads values in PostgreSQL's binary form.
macro_rules! from_sql {
    ($($value:ty: $types:pat, |$of:ident, $bytes:ident| $read:expr;)+) => {$(
        impl<'a> FromSql<'a> for $value {
            fn from_sql($of: &Type, $bytes: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
                Ok(Self($read))
            }

            fn accepts(of: &Type) -> bool {
                matches!(*of, $types)
            }
        }
    )+};
}

from_sql! {
    IdValue: Type::INT4 | Type::INT8, |of, bytes| match *of {
        Type::INT4 => i32::from_sql(of, bytes)?.into(),
        _ => i64::from_sql(of, bytes)?,
    };
    TimestampValue: Type::TIMESTAMPTZ | Type::TIMESTAMP, |of, bytes| {
        Timestamp::from_micros_since_2000(i64::from_sql(of, bytes)?)
    };
    DateValue: Type::DATE, |of, bytes| Date::from_days_since_2000(i32::from_sql(of, bytes)?);
    StrictUtf8: Type::TEXT | Type::VARCHAR | Type::BPCHAR, |of, bytes| String::from_sql(of, bytes)?;
}

impl<'a, T: FromStr<Err: Into<Cause>>> FromSql<'a> for LabelResult<T> {
    fn from_sql(of: &Type, bytes: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let label = <&str>::from_sql(of, bytes)?;
        Ok(Self(label.parse().map_err(Into::into)))
    }

    fn accepts(of: &Type) -> bool {
        StrictUtf8::accepts(of) || matches!(of.kind(), Kind::Enum(_))
    }
}

/// A bound of a selection.
impl ToSql for TimestampValue {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.0.micros_since_2000().to_sql(&Type::INT8, out)
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::TIMESTAMPTZ
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_both_widths_are_read() {
        let read = |of: Type, bytes: &[u8]| IdValue::from_sql(&of, bytes).unwrap().0;
        assert_eq!(read(Type::INT4, &123_i32.to_be_bytes()), 123);
        assert_eq!(read(Type::INT4, &(-1_i32).to_be_bytes()), -1);
        let wide = (1_i64 << 32) + 1;
        assert_eq!(read(Type::INT8, &wide.to_be_bytes()), wide);
        assert_eq!(read(Type::INT8, &i64::MAX.to_be_bytes()), i64::MAX);
    }

    #[test]
    fn id_of_another_width_is_rejected() {
        for (of, bytes) in [
            (Type::INT4, &b""[..]),
            (Type::INT4, b"123"),
            (Type::INT4, b"12345"),
            (Type::INT8, b"1234"),
            (Type::INT8, b"123456789"),
        ] {
            assert!(IdValue::from_sql(&of, bytes).is_err(), "{of}: {bytes:?}");
        }
        assert!(!<IdValue as FromSql>::accepts(&Type::INT2));
    }
}
