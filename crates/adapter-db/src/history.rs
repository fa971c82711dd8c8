//! The tables that a history is read from, the one statement that reads it, and the domain's view of its rows.
//!
//! PostgreSQL keeps the tables in schemas and SQLite does not, which diesel knows by the type of a table. So the tables
//! and the statement are written once, in a macro, and stand twice, in `postgres::tables` and in `sqlite::tables`.

use diesel::prelude::Queryable;
use wts_domain::{
    Category, Priority, StaffId, Status, StudentId, TicketHistory, TicketId, Trace, TraceId,
};

use crate::columns::{AnyWidth, Labelled, StoredDay, StoredMoment};

/// Declares the tables, `tables!([wts data])` inside these schemas, and `history_of`, the statement.
macro_rules! tables {
    ($([$wts:ident $data:ident])?) => {
        diesel::table! {
            $($data.)? students (sid) {
                sid -> Text,
                name -> Text,
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

        diesel::allow_tables_to_appear_in_same_query!(students, operators, tickets, ticket_traces);

        /// Reads a ticket's issuer and its traces in order with the names of those who did them: a
        /// [`HistoryRow`](crate::history::HistoryRow) for each trace, and one without a trace where there is none.
        #[diesel::dsl::auto_type]
        pub(crate) fn history_of(ticket: crate::columns::AnyWidth) -> _ {
            tickets::table
                .left_join(ticket_traces::table.on(ticket_traces::tid.eq(tickets::tid)))
                .left_join(operators::table.on(operators::wid.nullable().eq(ticket_traces::op.nullable())))
                .left_join(students::table.on(students::sid.nullable().eq(operators::sid.nullable())))
                .filter(tickets::tid.eq(ticket))
                .order((ticket_traces::updated_at.asc(), ticket_traces::opid.asc()))
                .select((
                    tickets::issuer,
                    (
                        ticket_traces::opid,
                        ticket_traces::updated_at,
                        ticket_traces::op,
                        ticket_traces::new_status,
                        ticket_traces::new_priority,
                        ticket_traces::new_appointment,
                        ticket_traces::new_category,
                        ticket_traces::remark,
                    )
                        .nullable(),
                    students::name.nullable(),
                ))
        }
    };
}

pub(crate) use tables;

/// The ticket's issuer; one of its traces; the name of who did it.
pub(crate) type HistoryRow = (String, Option<TraceRow>, Option<String>);

/// A row of `ticket_traces`, but for the ticket that it was found by.
#[derive(Queryable)]
pub(crate) struct TraceRow {
    opid: AnyWidth,
    updated_at: StoredMoment,
    op: String,
    new_status: Option<Labelled<Status>>,
    new_priority: Option<Labelled<Priority>>,
    new_appointment: Option<StoredDay>,
    new_category: Option<Labelled<Category>>,
    remark: String,
}

impl TraceRow {
    fn into_trace(self, ticket: TicketId, op_name: Option<String>) -> Trace {
        let mut trace = Trace::new(
            TraceId::new(self.opid.0),
            ticket,
            self.updated_at.0,
            StaffId::from(self.op),
        );
        trace.op_name = op_name.unwrap_or_default();
        trace.new_status = self.new_status.map(|label| label.0);
        trace.new_priority = self.new_priority.map(|label| label.0);
        trace.new_appointment = self.new_appointment.map(|day| day.0);
        trace.new_category = self.new_category.map(|label| label.0);
        trace.remark = self.remark;
        trace
    }
}

/// The history that these rows tell, `None` where there are none: then there is no such ticket.
pub(crate) fn history_from(ticket: TicketId, rows: Vec<HistoryRow>) -> Option<TicketHistory> {
    let issuer = StudentId::from(rows.first()?.0.as_str());
    let traces = rows
        .into_iter()
        .filter_map(|(_, trace, op_name)| Some(trace?.into_trace(ticket, op_name)))
        .collect();
    Some(TicketHistory { issuer, traces })
}
