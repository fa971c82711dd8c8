//! Building a history from the rows of either database.
//!
//! No statement orders the rows. [`TicketHistory`] puts them in order, once for every database, and since an index returns
//! them in order or nearly so, that costs less than a sort that a planner may choose.

use std::sync::Arc;

use diesel::{
    prelude::{Queryable, Selectable},
    sql_types::{Nullable, Text},
};
use wts_domain::{
    Access, Category, Priority, StaffId, Status, StudentId, TicketHistory, TicketId, Trace, TraceId,
};

use crate::{
    batching::{HistoryOutcome, LookupError},
    error::Cause,
    sql_types::{
        DateColumn, DateValue, IdColumn, IdValue, LabelColumn, LabelResult, TimestampColumn,
        TimestampValue,
    },
    tables::ticket_traces,
};

/// How many traces a history may have to be read in a shared batch. Far more than a real ticket has.
pub(crate) const MAX_BATCHED_TRACES: i64 = 200;

/// The SQL types of a [`TraceRow`]; all `null` if a ticket has no trace.
pub(crate) type TraceColumns = Nullable<(
    IdColumn,
    TimestampColumn,
    Text,
    Nullable<LabelColumn>,
    Nullable<LabelColumn>,
    Nullable<DateColumn>,
    Nullable<LabelColumn>,
    Text,
)>;

/// A row of `ticket_traces`, without the ticket that it was found by; `T` is how texts are read.
#[derive(Queryable, Selectable)]
#[diesel(table_name = ticket_traces)]
pub(crate) struct TraceRow<T = String> {
    pub(crate) opid: IdValue,
    pub(crate) updated_at: TimestampValue,
    pub(crate) op: T,
    pub(crate) new_status: Option<LabelResult<Status>>,
    pub(crate) new_priority: Option<LabelResult<Priority>>,
    pub(crate) new_appointment: Option<DateValue>,
    pub(crate) new_category: Option<LabelResult<Category>>,
    pub(crate) remark: T,
}

impl<T: Into<String>> TraceRow<T> {
    pub(crate) fn into_trace(
        self,
        ticket: TicketId,
        op_name: String,
    ) -> Result<Trace, InvalidColumn> {
        let mut trace = Trace::new(
            TraceId::new(self.opid.0),
            ticket,
            self.updated_at.0,
            StaffId::from(self.op.into()),
        );
        trace.op_name = op_name;
        trace.new_status = known(self.new_status, "new_status")?;
        trace.new_priority = known(self.new_priority, "new_priority")?;
        trace.new_appointment = self.new_appointment.map(|day| day.0);
        trace.new_category = known(self.new_category, "new_category")?;
        trace.remark = self.remark.into();
        Ok(trace)
    }
}

/// The value of a label, which is unknown only if the schema is newer than this program.
fn known<T>(
    label: Option<LabelResult<T>>,
    column: &'static str,
) -> Result<Option<T>, InvalidColumn> {
    label
        .map(|label| label.0.map_err(|cause| InvalidColumn { column, cause }))
        .transpose()
}

/// A value that this program cannot read.
#[derive(Debug, thiserror::Error)]
#[error("wts.ticket_traces.{column} holds what cannot be read")]
pub(crate) struct InvalidColumn {
    pub(crate) column: &'static str,
    #[source]
    pub(crate) cause: Cause,
}

/// A registered student; their rank, if they are staff.
pub(crate) type RankRow = (String, Option<LabelResult<Access>>);

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
