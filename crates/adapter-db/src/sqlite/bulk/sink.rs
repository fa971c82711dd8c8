//! Bringing histories in.

use std::{collections::HashSet, path::Path};

use diesel::{
    SqliteConnection,
    connection::SimpleConnection,
    dsl::{count_star, exists, not},
    prelude::*,
    result::Error as QueryError,
};
use wts_app::{Batch, BulkError, Entry, Fault, HistorySink, Place, Record, Stored};
use wts_domain::{StaffMember, Ticket, TicketId, Trace};

use super::{
    rows::{StaffRow, TicketRow, TraceRow},
    statements::{all_tickets, all_traces, insert_ticket, insert_trace, staff_from},
};
use crate::{
    bulk::{MOST_FAULTS, SinkError, differences, missing_there, taken, unknown_staff},
    columns::{AnyWidth, Labelled},
    sqlite::{
        Mode, connect,
        migrate::is_foreign,
        tables::{operators, students, ticket_traces, tickets},
    },
};

/// How many people are remembered to be there.
const REMEMBERED: usize = 10_000;
/// So many KiB of the file are held in memory, so that what is written to many places is not written at once.
const CACHE: &str = "pragma cache_size = -8192; pragma synchronous = normal;";

/// Inserts row by row, with statements that are prepared once: SQLite has no faster way.
pub(crate) struct SqliteSink {
    connection: SqliteConnection,
    /// Whether there were traces before.
    occupied: bool,
    issuers: HashSet<String>,
    staff: HashSet<String>,
    /// The ticket whose history is coming in, if it was there before.
    known: Option<Known>,
    stored: Stored,
    faults: Vec<Fault>,
}

struct Known {
    place: Place,
    ticket: TicketId,
    traces: u64,
}

/// See [`crate::sink`].
pub(crate) fn sink(file: &Path) -> Result<SqliteSink, SinkError> {
    if !file.exists() {
        return Err(SinkError::NoSuchFile(file.to_owned()));
    }
    let mut connection =
        connect(file, Mode::Write).map_err(|error| SinkError::Unreachable(error.into()))?;
    let unwritable = |error: QueryError| SinkError::Unwritable(error.into());
    if is_foreign(&mut connection).map_err(unwritable)? {
        return Err(SinkError::NotOurs);
    }
    connection
        .batch_execute(CACHE)
        .and_then(|()| connection.batch_execute("begin immediate"))
        // A table that is missing is missed now and not in the middle of a file.
        .and_then(|()| {
            ticket_traces::table
                .select(count_star())
                .limit(0)
                .execute(&mut connection)
        })
        .map_err(unwritable)?;
    let occupied = diesel::select(exists(ticket_traces::table.select(ticket_traces::opid)))
        .get_result(&mut connection)
        .map_err(unwritable)?;
    Ok(SqliteSink {
        connection,
        occupied,
        issuers: HashSet::new(),
        staff: HashSet::new(),
        known: None,
        stored: Stored::default(),
        faults: Vec::new(),
    })
}

impl HistorySink for SqliteSink {
    fn put(&mut self, batch: Batch) -> Result<(), BulkError> {
        for entry in batch.entries() {
            match &entry.record {
                Record::Staff(staff) => self.staff(entry, staff)?,
                Record::Ticket(ticket) => self.ticket(entry, ticket)?,
                Record::Trace(trace) => self.trace(entry, trace)?,
            }
            if self.faults.len() >= MOST_FAULTS {
                break;
            }
        }
        self.consistent()
    }

    fn finish(mut self: Box<Self>) -> Result<Stored, BulkError> {
        self.end_history()?;
        self.consistent()?;
        self.connection.batch_execute("commit").map_err(failed)?;
        // The log in which the transaction was written is as large as the data. Should somebody be reading, it shrinks
        // later.
        let _ = self
            .connection
            .batch_execute("pragma wal_checkpoint(truncate)");
        Ok(self.stored)
    }
}

impl SqliteSink {
    fn consistent(&mut self) -> Result<(), BulkError> {
        if self.faults.is_empty() {
            return Ok(());
        }
        self.faults.truncate(MOST_FAULTS);
        Err(BulkError::Contradictions(std::mem::take(&mut self.faults)))
    }

    fn staff(&mut self, entry: &Entry, staff: &StaffMember) -> Result<(), BulkError> {
        let connection = &mut self.connection;
        insert_person(connection, staff.student.as_str(), &staff.name).map_err(failed)?;
        // Known until now only as somebody who filed tickets.
        let of_staff = operators::table.filter(operators::sid.eq(staff.student.as_str()));
        diesel::update(students::table.filter(students::sid.eq(staff.student.as_str())))
            .filter(students::name.eq(""))
            .filter(not(exists(of_staff.select(operators::wid))))
            .set(students::name.eq(&staff.name))
            .execute(connection)
            .map_err(failed)?;
        let inserted = diesel::insert_into(operators::table)
            .values((
                operators::wid.eq(staff.id.as_str()),
                operators::sid.eq(staff.student.as_str()),
                operators::access.eq(Labelled(staff.access)),
            ))
            .on_conflict_do_nothing()
            .execute(connection)
            .map_err(failed)?;
        let there: Option<StaffRow> = staff_from("")
            .filter(
                operators::wid
                    .eq(staff.id.as_str())
                    .or(operators::sid.eq(staff.student.as_str())),
            )
            .first(connection)
            .optional()
            .map_err(failed)?;
        if let Some(there) = there {
            self.faults
                .extend(differences(&Place::of(entry), staff, &there.read()?));
        }
        self.count(inserted, &entry.record);
        Ok(())
    }

    fn ticket(&mut self, entry: &Entry, ticket: &Ticket) -> Result<(), BulkError> {
        self.end_history()?;
        let issuer = ticket.issuer.as_str();
        if !self.issuers.contains(issuer) {
            insert_person(&mut self.connection, issuer, "").map_err(failed)?;
            remember(&mut self.issuers, issuer);
        }
        let inserted = insert_ticket(&mut self.connection, ticket).map_err(failed)?;
        if inserted == 0 {
            let there: TicketRow = all_tickets()
                .filter(tickets::tid.eq(AnyWidth(ticket.id.get())))
                .first(&mut self.connection)
                .map_err(failed)?;
            let place = Place::of(entry);
            self.faults
                .extend(differences(&place, ticket, &there.read()?));
            self.known = Some(Known {
                place,
                ticket: ticket.id,
                traces: 0,
            });
        }
        self.count(inserted, &entry.record);
        Ok(())
    }

    fn trace(&mut self, entry: &Entry, trace: &Trace) -> Result<(), BulkError> {
        self.ensure_staff(entry, trace)?;
        let inserted = insert_trace(&mut self.connection, trace).map_err(failed)?;
        if inserted == 0 && !self.occupied {
            return Err(BulkError::BadRecord(taken(entry, "opid")));
        }
        if inserted == 0 {
            let there: TraceRow = all_traces()
                .filter(ticket_traces::opid.eq(AnyWidth(trace.id.get())))
                .first(&mut self.connection)
                .map_err(failed)?;
            self.faults
                .extend(differences(&Place::of(entry), trace, &there.read()?));
        } else if self.known.is_some() {
            let problem = "its ticket is there, but without this trace";
            self.faults.push(Place::of(entry).fault(problem));
        }
        if let Some(known) = &mut self.known {
            known.traces += 1;
        }
        self.count(inserted, &entry.record);
        Ok(())
    }

    /// Whoever acted has to be there.
    fn ensure_staff(&mut self, entry: &Entry, trace: &Trace) -> Result<(), BulkError> {
        let op = trace.op.as_str();
        if self.staff.contains(op) {
            return Ok(());
        }
        let there: i64 = operators::table
            .filter(operators::wid.eq(op))
            .select(count_star())
            .first(&mut self.connection)
            .map_err(failed)?;
        if there == 0 {
            return Err(BulkError::BadRecord(unknown_staff(entry, op)));
        }
        remember(&mut self.staff, op);
        Ok(())
    }

    /// A ticket that was there has all of its traces in what is to be brought in.
    fn end_history(&mut self) -> Result<(), BulkError> {
        let Some(known) = self.known.take() else {
            return Ok(());
        };
        let there: i64 = ticket_traces::table
            .filter(ticket_traces::tid.eq(AnyWidth(known.ticket.get())))
            .select(count_star())
            .first(&mut self.connection)
            .map_err(failed)?;
        let there = u64::try_from(there).unwrap_or_default();
        if there > known.traces {
            self.faults
                .push(missing_there(&known.place, known.traces, there));
        }
        Ok(())
    }

    fn count(&mut self, inserted: usize, record: &Record) {
        if inserted == 0 {
            self.stored.known.count(record);
        } else {
            self.stored.new.count(record);
        }
    }
}

fn insert_person(connection: &mut SqliteConnection, sid: &str, name: &str) -> QueryResult<usize> {
    diesel::insert_into(students::table)
        .values((students::sid.eq(sid), students::name.eq(name)))
        .on_conflict_do_nothing()
        .execute(connection)
}

fn remember(people: &mut HashSet<String>, person: &str) {
    if people.len() >= REMEMBERED {
        people.clear();
    }
    people.insert(person.to_owned());
}

fn failed(error: QueryError) -> BulkError {
    BulkError::failed("cannot write to the database", error)
}
