//! The tables of an import or export, in the schema of this crate and in the WTS v3 schema with its 32-bit ids and
//! enums.

use std::{error::Error, pin::pin, str::FromStr};

use tokio_postgres::{
    Client, Row,
    binary_copy::BinaryCopyInWriter,
    types::{FromSql, IsNull, Kind, ToSql, Type, private::BytesMut, to_sql_checked},
};
use wts_app::{Entry, Record, TransferError};
use wts_domain::{Category, Date, Priority, Status, Timestamp};

use crate::{
    error::Cause,
    postgres::pooler::{NO_SESSION, is_foreign_session},
    rows::{StaffRow, TicketRow, TraceRow},
    sql_types::{DateValue, IdValue, LabelResult, StrictUtf8, TimestampValue},
    transfer::{staff_record, ticket_record, trace_record},
};

/// A table that is read by a query and written by `COPY … FROM STDIN`.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) key: &'static str,
    pub(super) columns: &'static str,
    types: &'static [Type],
    /// Converts a row of these columns to a record.
    pub(super) read: fn(&Row) -> Result<Record, TransferError>,
}

// The binary formats of `timestamptz` and `date` are the integers that the domain types store.
const TIME: Type = Type::INT8;
const DAY: Type = Type::INT4;
const ID: Type = Type::INT8;
const TEXT: Type = Type::TEXT;

pub(super) const TICKETS: Table = Table {
    name: "wts.tickets",
    key: "tid",
    columns: "tid, issuer, submitted_at, category, description, occur_at, notes, appointed_at, priority, status, \
              last_updated_at",
    types: &[
        ID, TEXT, TIME, TEXT, TEXT, TIME, TEXT, DAY, TEXT, TEXT, TIME,
    ],
    read: |row| {
        let read = || {
            Ok(TicketRow {
                tid: row.try_get(0)?,
                issuer: row.try_get(1)?,
                submitted_at: row.try_get(2)?,
                category: row.try_get(3)?,
                description: row.try_get(4)?,
                occur_at: row.try_get(5)?,
                notes: row.try_get(6)?,
                appointed_at: row.try_get(7)?,
                priority: row.try_get(8)?,
                status: row.try_get(9)?,
                last_updated_at: row.try_get(10)?,
            })
        };
        Ok(ticket_record(read().map_err(unreadable)?)?)
    },
};

pub(super) const TRACES: Table = Table {
    name: "wts.ticket_traces",
    key: "opid",
    columns: "opid, tid, updated_at, op, new_status, new_priority, new_appointment, new_category, remark",
    types: &[ID, ID, TIME, TEXT, TEXT, TEXT, DAY, TEXT, TEXT],
    read: |row| {
        let read = || {
            let trace = TraceRow {
                opid: row.try_get(0)?,
                updated_at: row.try_get(2)?,
                op: row.try_get(3)?,
                new_status: row.try_get(4)?,
                new_priority: row.try_get(5)?,
                new_appointment: row.try_get(6)?,
                new_category: row.try_get(7)?,
                remark: row.try_get(8)?,
            };
            Ok((row.try_get(1)?, trace))
        };
        Ok(trace_record(read().map_err(unreadable)?)?)
    },
};

/// The query whose rows [`staff`] converts to records.
pub(super) const SELECT_STAFF: &str = "select o.wid, o.sid, o.access, s.name \
    from wts.operators o left join data.students s on s.sid = o.sid";

pub(super) fn staff(row: &Row) -> Result<Record, TransferError> {
    let read = || {
        Ok(StaffRow {
            wid: row.try_get(0)?,
            sid: row.try_get(1)?,
            access: row.try_get(2)?,
            name: row.try_get(3)?,
        })
    };
    Ok(staff_record(read().map_err(unreadable)?)?)
}

pub(super) fn unreadable(error: tokio_postgres::Error) -> TransferError {
    let what = if is_foreign_session(&error) {
        NO_SESSION
    } else {
        "cannot read the database"
    };
    TransferError::failed(what, error)
}

impl Table {
    /// Inserts records into the table with `COPY`.
    pub(super) async fn copy(
        &self,
        client: &Client,
        entries: &[&Entry],
    ) -> Result<(), tokio_postgres::Error> {
        let Self { name, columns, .. } = self;
        let statement = format!("copy {name} ({columns}) from stdin (format binary)");
        let sink = client.copy_in(&statement).await?;
        let mut rows = pin!(BinaryCopyInWriter::new(sink, self.types));
        for entry in entries {
            let rows = rows.as_mut();
            match &entry.record {
                Record::Staff(_) => {}
                Record::Ticket(ticket) => {
                    rows.write(&[
                        &ticket.id.get(),
                        &ticket.issuer.as_str(),
                        &ticket.submitted_at.micros_since_2000(),
                        &ticket.category.as_str(),
                        &ticket.description,
                        &ticket.occur_at.map(Timestamp::micros_since_2000),
                        &ticket.notes,
                        &ticket.appointed_at.map(Date::days_since_2000),
                        &ticket.priority.as_str(),
                        &ticket.status.as_str(),
                        &ticket.last_updated_at.map(Timestamp::micros_since_2000),
                    ])
                    .await?;
                }
                Record::Trace(trace) => {
                    rows.write(&[
                        &trace.id.get(),
                        &trace.ticket.get(),
                        &trace.updated_at.micros_since_2000(),
                        &trace.op.as_str(),
                        &trace.new_status.map(Status::as_str),
                        &trace.new_priority.map(Priority::as_str),
                        &trace.new_appointment.map(Date::days_since_2000),
                        &trace.new_category.map(Category::as_str),
                        &trace.remark,
                    ])
                    .await?;
                }
            }
        }
        rows.finish().await.map(drop)
    }
}

/// Implements `FromSql` for values in the binary format of PostgreSQL.
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
    TimestampValue: Type::TIMESTAMPTZ, |of, bytes| {
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

/// Encodes a bound of a selected period.
impl ToSql for TimestampValue {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.0.micros_since_2000().to_sql(&Type::INT8, out)
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::TIMESTAMPTZ
    }

    to_sql_checked!();
}
