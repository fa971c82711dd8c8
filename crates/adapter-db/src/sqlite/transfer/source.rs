//! Reads the histories of an export from SQLite.

use std::{collections::BTreeSet, path::Path};

use diesel::{
    QueryResult, SqliteConnection,
    connection::{DefaultLoadingMode, SimpleConnection},
    dsl::count_star,
    prelude::*,
};
use wts_app::{BatchSender, HistorySource, Selection, TransferError};
use wts_domain::Timestamp;

use super::statements::{select_staff, select_tickets, select_traces};
use crate::{
    error::OpenError,
    rows::{StaffRow, TicketRow, TraceRow},
    sql_types::{IdValue, StrictUtf8, TimestampValue},
    sqlite::{Mode, connect, ensure_exists, is_damage, unreadable},
    tables::{ticket_traces, tickets},
    transfer::{send, staff_record, ticket_record, trace_record},
};

/// The size of the text columns in a page of tickets above which the page ends.
const MAX_PAGE_BYTES: usize = 256 * 1024;
/// The maximum number of tickets in a page.
const MAX_PAGE_TICKETS: i64 = 256;

/// A source that reads histories in one transaction. With write-ahead logging, the transaction sees the database as it
/// was at the first read, and does not block writers.
pub(crate) struct SqliteSource {
    connection: SqliteConnection,
    selection: Selection,
    progress: (u64, u64),
}

/// Implements [`crate::source`] for SQLite.
pub(crate) fn source(file: &Path, selection: Selection) -> Result<SqliteSource, OpenError> {
    ensure_exists(file)?;
    let mut connection =
        connect(file, Mode::Read).map_err(|error| OpenError::NoAccess(error.into()))?;
    let count = connection
        .batch_execute("begin")
        .and_then(|()| count(&mut connection, &selection))
        .map_err(unreadable)?;
    Ok(SqliteSource {
        connection,
        selection,
        progress: (0, u64::try_from(count).unwrap_or_default()),
    })
}

/// Counts the selected tickets. This query is the first of the transaction, so later queries see the same state of the
/// database.
fn count(connection: &mut SqliteConnection, selection: &Selection) -> QueryResult<i64> {
    let (from, to) = period(selection);
    let filed = tickets::table
        .filter(tickets::submitted_at.between(from, to))
        .select(count_star())
        .first(connection)?;
    Ok(match selection {
        Selection::Tickets(tickets) => i64::try_from(tickets.len()).unwrap_or(i64::MAX),
        Selection::All | Selection::Filed { .. } => filed,
    })
}

/// Returns the first and the last submission time of the selected tickets.
fn period(selection: &Selection) -> (TimestampValue, TimestampValue) {
    let (mut from, mut to) = (Timestamp::NEG_INFINITY, Timestamp::INFINITY);
    if let Selection::Filed { since, before } = selection {
        from = since.unwrap_or(from);
        // No time is before negative infinity, so the period is then empty.
        let last_before = |end: &Timestamp| end.micros_since_2000().checked_sub(1);
        match before.as_ref().map(last_before) {
            Some(Some(last)) => to = Timestamp::from_micros_since_2000(last),
            Some(None) => (from, to) = (to, from),
            None => {}
        }
    }
    (TimestampValue(from), TimestampValue(to))
}

impl HistorySource for SqliteSource {
    fn read(mut self: Box<Self>, output: &mut BatchSender<'_>) -> Result<(), TransferError> {
        self.send_staff(output)?;
        if let Selection::Tickets(tickets) = self.selection.clone() {
            for ticket in tickets {
                let row = select_tickets()
                    .filter(tickets::tid.eq(IdValue(ticket.get())))
                    .first(&mut self.connection)
                    .optional()
                    .map_err(failed)?;
                if let Some(row) = row {
                    self.send_history(row, output)?;
                }
            }
            return Ok(());
        }
        let mut last = IdValue(i64::MIN);
        loop {
            let page = self.page_after(last)?;
            let Some(final_row) = page.last() else {
                return Ok(());
            };
            last = final_row.tid;
            for row in page {
                self.send_history(row, output)?;
            }
        }
    }
}

impl SqliteSource {
    fn send_staff(&mut self, output: &mut BatchSender<'_>) -> Result<(), TransferError> {
        let operators = self.operators().map_err(failed)?;
        let rows = select_staff()
            .load_iter::<StaffRow, DefaultLoadingMode>(&mut self.connection)
            .map_err(failed)?;
        for row in rows {
            let row = row.map_err(failed)?;
            let is_selected = |all: &BTreeSet<String>| all.contains(&row.wid.0);
            if operators.as_ref().is_none_or(is_selected) {
                send(output, staff_record(row).map_err(TransferError::from))?;
            }
        }
        Ok(())
    }

    /// Returns the ids of the operators who have acted on the selected tickets; `None` for all staff.
    fn operators(&mut self) -> QueryResult<Option<BTreeSet<String>>> {
        let mut operators = BTreeSet::new();
        match &self.selection {
            Selection::All => return Ok(None),
            Selection::Tickets(tickets) => {
                for ticket in tickets {
                    let of_ticket = ticket_traces::table
                        .filter(ticket_traces::tid.eq(IdValue(ticket.get())))
                        .select(ticket_traces::op)
                        .distinct();
                    operators.extend(of_ticket.load::<String>(&mut self.connection)?);
                }
            }
            Selection::Filed { .. } => {
                let (from, to) = period(&self.selection);
                let of_tickets = ticket_traces::table
                    .inner_join(tickets::table.on(tickets::tid.eq(ticket_traces::tid)))
                    .filter(tickets::submitted_at.between(from, to))
                    .select(ticket_traces::op)
                    .distinct();
                operators.extend(of_tickets.load::<String>(&mut self.connection)?);
            }
        }
        Ok(Some(operators))
    }

    fn page_after(&mut self, last: IdValue) -> Result<Vec<TicketRow>, TransferError> {
        let (from, to) = period(&self.selection);
        let rows = select_tickets()
            .filter(tickets::tid.gt(last))
            .filter(tickets::submitted_at.between(from, to))
            .order(tickets::tid)
            .limit(MAX_PAGE_TICKETS)
            .load_iter::<TicketRow, DefaultLoadingMode>(&mut self.connection)
            .map_err(failed)?;
        let (mut page, mut bytes) = (Vec::new(), 0);
        for row in rows {
            let row = row.map_err(failed)?;
            bytes += row.description.0.len() + row.notes.as_ref().map_or(0, |notes| notes.0.len());
            page.push(row);
            if bytes > MAX_PAGE_BYTES {
                break;
            }
        }
        Ok(page)
    }

    fn send_history(
        &mut self,
        ticket: TicketRow,
        output: &mut BatchSender<'_>,
    ) -> Result<(), TransferError> {
        let tid = ticket.tid;
        self.progress.0 += 1;
        output.set_progress(self.progress.0, self.progress.1);
        send(output, ticket_record(ticket).map_err(TransferError::from))?;
        let traces = select_traces()
            .filter(ticket_traces::tid.eq(tid))
            .order((ticket_traces::updated_at, ticket_traces::opid))
            .load_iter::<(IdValue, TraceRow<StrictUtf8>), DefaultLoadingMode>(&mut self.connection)
            .map_err(failed)?;
        for trace in traces {
            let record = trace_record(trace.map_err(failed)?);
            send(output, record.map_err(TransferError::from))?;
        }
        Ok(())
    }
}

fn failed(error: diesel::result::Error) -> TransferError {
    let what = if is_damage(&error.to_string()) {
        "the SQLite file is damaged: restore a backup"
    } else {
        "cannot read the database"
    };
    TransferError::failed(what, error)
}
