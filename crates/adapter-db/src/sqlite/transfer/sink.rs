//! Writes the histories of an import to SQLite.

use std::{collections::HashSet, path::Path};

use diesel::{
    SqliteConnection,
    connection::SimpleConnection,
    dsl::{count_star, exists, not},
    prelude::*,
    result::Error as QueryError,
};
use wts_app::{Batch, Entry, HistorySink, ImportReport, Record, TransferError};
use wts_domain::{StaffMember, Ticket, Trace};

use super::statements::{
    insert_student, insert_ticket, insert_trace, select_staff, select_tickets, select_traces,
};
use crate::{
    error::OpenError,
    sql_types::{IdValue, LabelParam},
    sqlite::{Mode, connect, migrate::is_foreign},
    tables::{operators, students, ticket_traces, tickets},
    transfer::{
        ImportState, duplicate_id, staff_record, ticket_record, trace_record, unknown_staff,
    },
};

/// The settings of an import. A cache of 8 MiB avoids writing the same page again and again.
const IMPORT_PRAGMAS: &str = "pragma cache_size = -8192; pragma synchronous = normal;";

/// A sink that inserts row by row with prepared statements, which is the fastest way in SQLite.
pub(crate) struct SqliteSink {
    connection: SqliteConnection,
    /// Whether there were traces before the import.
    has_rows: bool,
    /// The ids of the staff members in the database.
    staff: HashSet<String>,
    state: ImportState,
}

/// Implements [`crate::sink`] for SQLite.
pub(crate) fn sink(file: &Path) -> Result<SqliteSink, OpenError> {
    if !file.exists() {
        return Err(OpenError::NoSuchFile(file.to_owned()));
    }
    let mut connection =
        connect(file, Mode::Write).map_err(|error| OpenError::NoAccess(error.into()))?;
    let unwritable = |error: QueryError| OpenError::Unwritable(error.into());
    if is_foreign(&mut connection).map_err(unwritable)? {
        return Err(OpenError::UnmanagedSchema);
    }
    prepare(connection).map_err(unwritable)
}

fn prepare(mut connection: SqliteConnection) -> QueryResult<SqliteSink> {
    connection.batch_execute(IMPORT_PRAGMAS)?;
    connection.batch_execute("begin immediate")?;
    // A missing table fails here rather than in the middle of the import.
    let has_rows = diesel::select(exists(ticket_traces::table.select(ticket_traces::opid)))
        .get_result(&mut connection)?;
    let staff: Vec<String> = operators::table
        .select(operators::wid)
        .load(&mut connection)?;
    Ok(SqliteSink {
        connection,
        has_rows,
        staff: HashSet::from_iter(staff),
        state: ImportState::default(),
    })
}

impl HistorySink for SqliteSink {
    fn put(&mut self, batch: Batch) -> Result<(), TransferError> {
        for entry in batch.entries() {
            match &entry.record {
                Record::Staff(staff) => self.put_staff(entry, staff)?,
                Record::Ticket(ticket) => self.put_ticket(entry, ticket)?,
                Record::Trace(trace) => self.put_trace(entry, trace)?,
            }
        }
        self.state.check()
    }

    fn finish(mut self: Box<Self>) -> Result<ImportReport, TransferError> {
        self.end_history()?;
        self.state.check()?;
        self.connection.batch_execute("commit").map_err(failed)?;
        // Truncates the write-ahead log, which has grown to the size of the import. This may fail while there are
        // readers; SQLite then reuses the log.
        let _ = self
            .connection
            .batch_execute("pragma wal_checkpoint(truncate)");
        Ok(self.state.report)
    }
}

impl SqliteSink {
    fn put_staff(&mut self, entry: &Entry, staff: &StaffMember) -> Result<(), TransferError> {
        let connection = &mut self.connection;
        let (wid, sid) = (staff.id.as_str(), staff.student.as_str());
        insert_student(connection, sid, &staff.name).map_err(failed)?;
        // Students outside the staff may have been inserted without a name.
        let of_staff = operators::table.filter(operators::sid.eq(sid));
        diesel::update(students::table.filter(students::sid.eq(sid)))
            .filter(students::name.eq(""))
            .filter(not(exists(of_staff.select(operators::wid))))
            .set(students::name.eq(&staff.name))
            .execute(connection)
            .map_err(failed)?;
        let inserted = diesel::insert_into(operators::table)
            .values((
                operators::wid.eq(wid),
                operators::sid.eq(sid),
                operators::access.eq(LabelParam(staff.access)),
            ))
            .on_conflict_do_nothing()
            .execute(connection)
            .map_err(failed)?;
        let there = select_staff()
            .filter(operators::wid.eq(wid).or(operators::sid.eq(sid)))
            .first(connection)
            .map_err(failed)?;
        self.state
            .compare_staff(entry, &staff_record(there)?, inserted > 0);
        self.staff.insert(wid.to_owned());
        Ok(())
    }

    fn put_ticket(&mut self, entry: &Entry, ticket: &Ticket) -> Result<(), TransferError> {
        self.end_history()?;
        insert_student(&mut self.connection, ticket.issuer.as_str(), "").map_err(failed)?;
        let mut there = None;
        if insert_ticket(&mut self.connection, ticket).map_err(failed)? == 0 {
            let row = select_tickets()
                .filter(tickets::tid.eq(IdValue(ticket.id.get())))
                .first(&mut self.connection)
                .map_err(failed)?;
            there = Some(ticket_record(row)?);
        }
        self.state.compare(entry, there.as_ref());
        Ok(())
    }

    fn put_trace(&mut self, entry: &Entry, trace: &Trace) -> Result<(), TransferError> {
        if !self.staff.contains(trace.op.as_str()) {
            return Err(unknown_staff(entry, trace.op.as_str()));
        }
        let mut there = None;
        if insert_trace(&mut self.connection, trace).map_err(failed)? == 0 {
            if !self.has_rows {
                return Err(duplicate_id(entry, "opid"));
            }
            let row = select_traces()
                .filter(ticket_traces::opid.eq(IdValue(trace.id.get())))
                .first(&mut self.connection)
                .map_err(failed)?;
            there = Some(trace_record(row)?);
        }
        self.state.compare(entry, there.as_ref());
        Ok(())
    }

    /// Compares the number of traces in the import and in the database, for the ticket whose traces in the import are
    /// complete.
    fn end_history(&mut self) -> Result<(), TransferError> {
        for ticket in self.state.take_existing(false) {
            let there = ticket_traces::table
                .filter(ticket_traces::tid.eq(IdValue(ticket.id.get())))
                .select(count_star())
                .first(&mut self.connection)
                .map_err(failed)?;
            self.state.compare_trace_count(&ticket, there);
        }
        Ok(())
    }
}

fn failed(error: QueryError) -> TransferError {
    TransferError::failed("cannot write to the database", error)
}
