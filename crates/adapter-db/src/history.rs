//! The tables that a history is read from, and the domain's view of their rows.
//!
//! PostgreSQL keeps the tables in schemas and SQLite does not, which diesel knows by the type of a table. So the tables
//! are written once, in a macro, and stand twice, in `postgres::tables` and in `sqlite::tables`.
//!
//! No statement orders the rows. [`TicketHistory`] puts them in order, once for every database, and since an index hands them
//! over in order or nearly so, that costs less than a sort that a planner may choose.

use std::sync::Arc;

use diesel::{
    prelude::Queryable,
    sql_types::{Nullable, Text},
};
use wts_domain::{
    Access, Category, Priority, StaffId, Status, StudentId, TicketHistory, TicketId, Trace, TraceId,
};

use crate::{
    batching::{HistoryOutcome, LookupError},
    columns::{AnyWidth, CalendarDay, Id, Label, Moment, ReadLabel, StoredDay, StoredMoment},
    error::Cause,
};

/// How many traces a history may have to be read in a shared batch. Far more than a real ticket has.
pub(crate) const MAX_BATCHED_TRACES: i64 = 200;

/// How many traces of longer histories may be in use when the next is read. They take some 300 bytes each.
pub(crate) const MAX_LIVE_TRACES: usize = 150_000;

/// Declares the tables, `tables!([wts data])` inside these schemas.
macro_rules! tables {
    ($([$wts:ident $data:ident])?) => {
        diesel::table! {
            $($data.)? students (sid) {
                sid -> Text,
                name -> Text,
            }
        }

        diesel::table! {
            $($wts.)? users (sid) {
                sid -> Text,
            }
        }

        diesel::table! {
            use diesel::sql_types::{Nullable, Text};
            use crate::columns::Label;

            $($wts.)? operators (wid) {
                wid -> Text,
                sid -> Text,
                access -> Label,
            }
        }

        diesel::table! {
            use diesel::sql_types::{Nullable, Text};
            use crate::columns::{CalendarDay, Id, Label, Moment};

            $($wts.)? tickets (tid) {
                tid -> Id,
                issuer -> Text,
                submitted_at -> Moment,
                category -> Label,
                description -> Text,
                occur_at -> Nullable<Moment>,
                notes -> Nullable<Text>,
                appointed_at -> Nullable<CalendarDay>,
                priority -> Label,
                status -> Label,
                last_updated_at -> Nullable<Moment>,
            }
        }

        diesel::table! {
            use diesel::sql_types::{Nullable, Text};
            use crate::columns::{CalendarDay, Id, Label, Moment};

            $($wts.)? ticket_traces (opid) {
                opid -> Id,
                tid -> Id,
                updated_at -> Moment,
                op -> Text,
                new_status -> Nullable<Label>,
                new_priority -> Nullable<Label>,
                new_appointment -> Nullable<CalendarDay>,
                new_category -> Nullable<Label>,
                remark -> Text,
            }
        }

        diesel::allow_tables_to_appear_in_same_query!(students, users, operators, tickets, ticket_traces);
    };
}

pub(crate) use tables;

/// The columns of [`TraceRow`], `null` where a ticket has no trace.
pub(crate) type TraceColumns = Nullable<(
    Id,
    Moment,
    Text,
    Nullable<Label>,
    Nullable<Label>,
    Nullable<CalendarDay>,
    Nullable<Label>,
    Text,
)>;

/// A row of `ticket_traces`, but for the ticket that it was found by.
#[derive(Queryable)]
pub(crate) struct TraceRow {
    opid: AnyWidth,
    updated_at: StoredMoment,
    op: String,
    new_status: Option<ReadLabel<Status>>,
    new_priority: Option<ReadLabel<Priority>>,
    new_appointment: Option<StoredDay>,
    new_category: Option<ReadLabel<Category>>,
    remark: String,
}

impl TraceRow {
    fn into_trace(self, ticket: TicketId, op_name: String) -> Result<Trace, InvalidColumn> {
        let mut trace = Trace::new(
            TraceId::new(self.opid.0),
            ticket,
            self.updated_at.0,
            StaffId::from(self.op),
        );
        trace.op_name = op_name;
        trace.new_status = known(self.new_status, "new_status")?;
        trace.new_priority = known(self.new_priority, "new_priority")?;
        trace.new_appointment = self.new_appointment.map(|day| day.0);
        trace.new_category = known(self.new_category, "new_category")?;
        trace.remark = self.remark;
        Ok(trace)
    }
}

/// The value of a label, which is unknown only if the schema is newer than this program.
fn known<T>(label: Option<ReadLabel<T>>, column: &'static str) -> Result<Option<T>, InvalidColumn> {
    label
        .map(|label| label.0.map_err(|cause| InvalidColumn { column, cause }))
        .transpose()
}

/// A value that this program cannot read.
#[derive(Debug, thiserror::Error)]
#[error("wts.ticket_traces.{column} holds what cannot be read")]
pub(crate) struct InvalidColumn {
    column: &'static str,
    #[source]
    cause: Cause,
}

/// A registered student; their rank, if they are staff.
pub(crate) type RankRow = (String, Option<ReadLabel<Access>>);

/// The rank of a registered student: [`Access::User`] if they are no staff, and [`Access::Unregistered`] if their rank is
/// unknown, since it could be lower than any.
pub(crate) fn rank_from_row((student, rank): RankRow) -> (StudentId, Access) {
    let rank = rank.map_or(Access::User, |rank| rank.0.unwrap_or(Access::Unregistered));
    (StudentId::from(student), rank)
}

/// A history that is being read, row by row.
pub(crate) struct HistoryBuilder {
    ticket: TicketId,
    issuer: StudentId,
    traces: Vec<Trace>,
    invalid: Option<InvalidColumn>,
}

impl HistoryBuilder {
    /// The history of `ticket`, of which no trace has been read yet.
    pub(crate) fn new(ticket: TicketId, issuer: String) -> Self {
        Self {
            ticket,
            issuer: StudentId::from(issuer),
            traces: Vec::new(),
            invalid: None,
        }
    }

    pub(crate) fn ticket(&self) -> TicketId {
        self.ticket
    }

    /// The traces read so far.
    pub(crate) fn traces(&self) -> &[Trace] {
        &self.traces
    }

    /// The traces read so far, to be completed.
    pub(crate) fn traces_mut(&mut self) -> &mut [Trace] {
        &mut self.traces
    }

    /// Adds a trace. `op_name` is the name of its operator.
    pub(crate) fn push(&mut self, row: TraceRow, op_name: String) {
        match row.into_trace(self.ticket, op_name) {
            Ok(trace) => self.traces.push(trace),
            Err(invalid) => self.invalid = Some(invalid),
        }
    }

    /// The ticket and its history, if that has no more than `max_traces` traces. One more row was queried.
    pub(crate) fn finish(self, max_traces: i64) -> (TicketId, HistoryOutcome) {
        let outcome = if i64::try_from(self.traces.len()).is_ok_and(|read| read > max_traces) {
            Err(LookupError::TooLong)
        } else if let Some(invalid) = self.invalid {
            Err(LookupError::failed(invalid))
        } else {
            Ok(Arc::new(TicketHistory::new(self.issuer, self.traces)))
        };
        (self.ticket, outcome)
    }
}
