//! Reading all histories, or some.

use std::{
    collections::{BTreeSet, VecDeque},
    path::Path,
};

use diesel::{
    QueryResult, SqliteConnection,
    connection::{DefaultLoadingMode, SimpleConnection},
    dsl::count_star,
    prelude::*,
};
use wts_app::{Batch, BulkError, Entry, HistorySource, Record, Selection, Share};
use wts_domain::{Ticket, TicketId, Timestamp, TraceId};

use super::{
    rows::{StaffRow, TicketRow, TraceRow},
    statements::{all_tickets, all_traces, staff_from},
};
use crate::{
    columns::{AnyWidth, StoredMoment},
    error::OpenError,
    sqlite::{
        Mode, connect,
        tables::{ticket_traces, tickets},
        unreadable,
    },
};

/// Reads histories within one transaction, which in SQLite's write-ahead mode sees the database as it was when the
/// transaction began, and holds up nobody.
pub(crate) struct SqliteSource {
    connection: SqliteConnection,
    selection: Selection,
    /// Whose records are wanted, if not everybody's.
    acting: Option<BTreeSet<String>>,
    next: Next,
    tickets: VecDeque<Ticket>,
    share: Share,
}

/// What is read next.
enum Next {
    /// The staff from this number on.
    Staff(String),
    /// Tickets after this place in the selection.
    Tickets(After),
    /// The traces of a ticket from this place on, and then tickets.
    Traces(TicketId, (Timestamp, TraceId), After),
    Nothing,
}

/// How far the tickets have been read.
#[derive(Clone, Copy)]
enum After {
    Number(i64),
    /// So many of those that were named.
    Named(usize),
}

/// See [`crate::source`].
pub(crate) fn source(file: &Path, selection: Selection) -> Result<SqliteSource, OpenError> {
    match file.try_exists() {
        Ok(true) => {}
        Ok(false) => return Err(OpenError::NoSuchFile(file.to_owned())),
        Err(error) => return Err(OpenError::NoAccess(error.into())),
    }
    let mut connection =
        connect(file, Mode::Read).map_err(|error| OpenError::NoAccess(error.into()))?;
    let mut selection = selection;
    if let Selection::Tickets(tickets) = &mut selection {
        tickets.sort_unstable();
        tickets.dedup();
    }
    let begun = connection
        .batch_execute("begin")
        .and_then(|()| count(&mut connection, &selection))
        .and_then(|count| Ok((count, acting(&mut connection, &selection)?)));
    let (count, acting) = begun.map_err(unreadable)?;
    Ok(SqliteSource {
        connection,
        selection,
        acting,
        next: Next::Staff(String::new()),
        tickets: VecDeque::new(),
        share: Share {
            done: 0,
            of: u64::try_from(count).unwrap_or_default(),
        },
    })
}

/// How many tickets there will be. It is the first to be read, and so the transaction sees the database as it is now.
fn count(connection: &mut SqliteConnection, selection: &Selection) -> QueryResult<i64> {
    let all = tickets::table.select(count_star());
    match selection {
        Selection::Whole => all.first(connection),
        Selection::Tickets(named) => {
            all.first::<i64>(connection)?;
            Ok(i64::try_from(named.len()).unwrap_or(i64::MAX))
        }
        Selection::Filed { since, before } => {
            let mut filed = all.into_boxed();
            if let Some(since) = since {
                filed = filed.filter(tickets::submitted_at.ge(StoredMoment(*since)));
            }
            if let Some(before) = before {
                filed = filed.filter(tickets::submitted_at.lt(StoredMoment(*before)));
            }
            filed.first(connection)
        }
    }
}

/// Who has acted on the tickets; `None` where everybody is wanted.
fn acting(
    connection: &mut SqliteConnection,
    selection: &Selection,
) -> QueryResult<Option<BTreeSet<String>>> {
    let mut acting = BTreeSet::new();
    match selection {
        Selection::Whole => return Ok(None),
        Selection::Tickets(named) => {
            for ticket in named {
                let of_ticket = ticket_traces::table
                    .filter(ticket_traces::tid.eq(AnyWidth(ticket.get())))
                    .select(ticket_traces::op)
                    .distinct();
                acting.extend(of_ticket.load::<String>(connection)?);
            }
        }
        Selection::Filed { since, before } => {
            let mut of_tickets = ticket_traces::table
                .inner_join(tickets::table.on(tickets::tid.eq(ticket_traces::tid)))
                .select(ticket_traces::op)
                .distinct()
                .into_boxed();
            if let Some(since) = since {
                of_tickets = of_tickets.filter(tickets::submitted_at.ge(StoredMoment(*since)));
            }
            if let Some(before) = before {
                of_tickets = of_tickets.filter(tickets::submitted_at.lt(StoredMoment(*before)));
            }
            acting.extend(of_tickets.load::<String>(connection)?);
        }
    }
    Ok(Some(acting))
}

impl HistorySource for SqliteSource {
    fn next_batch(&mut self) -> Result<Option<Batch>, BulkError> {
        let mut batch = Batch::default();
        while !batch.is_full() {
            self.next = match std::mem::replace(&mut self.next, Next::Nothing) {
                Next::Staff(from) => self.staff(&mut batch, &from)?,
                Next::Tickets(after) => self.ticket(&mut batch, after)?,
                Next::Traces(ticket, from, after) => {
                    let rest = self.traces(&mut batch, ticket, from)?;
                    rest.map_or(Next::Tickets(after), |from| {
                        Next::Traces(ticket, from, after)
                    })
                }
                Next::Nothing => break,
            };
        }
        batch.completed = Some(self.share);
        Ok((!batch.is_empty()).then_some(batch))
    }
}

impl SqliteSource {
    fn staff(&mut self, batch: &mut Batch, from: &str) -> Result<Next, BulkError> {
        let rows = staff_from(from)
            .load_iter::<StaffRow, DefaultLoadingMode>(&mut self.connection)
            .map_err(failed)?;
        for row in rows {
            let staff = row.map_err(failed)?.read()?;
            // In the order of bytes, nothing comes between a text and the same with a zero behind.
            let next = format!("{}\0", staff.id);
            if self
                .acting
                .as_ref()
                .is_none_or(|acting| acting.contains(staff.id.as_str()))
            {
                batch.push(entry(Record::Staff(staff)));
            }
            if batch.is_full() {
                return Ok(Next::Staff(next));
            }
        }
        Ok(Next::Tickets(match self.selection {
            Selection::Tickets(_) => After::Named(0),
            Selection::Whole | Selection::Filed { .. } => After::Number(i64::MIN),
        }))
    }

    fn ticket(&mut self, batch: &mut Batch, after: After) -> Result<Next, BulkError> {
        let mut after = after;
        if self.tickets.is_empty() {
            after = self.more_tickets(after)?;
        }
        let Some(ticket) = self.tickets.pop_front() else {
            return Ok(Next::Nothing);
        };
        let id = ticket.id;
        batch.push(entry(Record::Ticket(ticket)));
        self.share.done += 1;
        let first = (Timestamp::NEG_INFINITY, TraceId::new(i64::MIN));
        Ok(Next::Traces(id, first, after))
    }

    /// Reads some tickets ahead, and says how far that was.
    fn more_tickets(&mut self, after: After) -> Result<After, BulkError> {
        match (after, &self.selection) {
            (After::Named(mut done), Selection::Tickets(named)) => {
                while let Some(ticket) = named.get(done)
                    && self.tickets.is_empty()
                {
                    done += 1;
                    let found = all_tickets()
                        .filter(tickets::tid.eq(AnyWidth(ticket.get())))
                        .first::<TicketRow>(&mut self.connection)
                        .optional()
                        .map_err(failed)?;
                    self.tickets.extend(found.map(TicketRow::read).transpose()?);
                }
                Ok(After::Named(done))
            }
            (After::Number(mut last), selection) => {
                let mut statement = all_tickets()
                    .filter(tickets::tid.gt(AnyWidth(last)))
                    .order(tickets::tid)
                    .into_boxed();
                if let Selection::Filed { since, before } = selection {
                    if let Some(since) = since {
                        statement =
                            statement.filter(tickets::submitted_at.ge(StoredMoment(*since)));
                    }
                    if let Some(before) = before {
                        statement =
                            statement.filter(tickets::submitted_at.lt(StoredMoment(*before)));
                    }
                }
                let mut ahead = Batch::default();
                let rows = statement
                    .load_iter::<TicketRow, DefaultLoadingMode>(&mut self.connection)
                    .map_err(failed)?;
                for row in rows {
                    let ticket = row.map_err(failed)?.read()?;
                    last = ticket.id.get();
                    ahead.push(entry(Record::Ticket(ticket)));
                    if ahead.is_full() {
                        break;
                    }
                }
                let ahead = ahead.into_entries().into_iter();
                self.tickets
                    .extend(ahead.filter_map(|entry| match entry.record {
                        Record::Ticket(ticket) => Some(ticket),
                        Record::Staff(_) | Record::Trace(_) => None,
                    }));
                Ok(After::Number(last))
            }
            (After::Named(_), _) => Ok(after),
        }
    }

    /// Reads traces until the batch is full, and then says where the next begins.
    fn traces(
        &mut self,
        batch: &mut Batch,
        ticket: TicketId,
        (moment, id): (Timestamp, TraceId),
    ) -> Result<Option<(Timestamp, TraceId)>, BulkError> {
        let (moment, id) = (StoredMoment(moment), AnyWidth(id.get()));
        let statement = all_traces()
            .filter(ticket_traces::tid.eq(AnyWidth(ticket.get())))
            .filter(ticket_traces::updated_at.ge(moment))
            .filter(
                ticket_traces::updated_at
                    .gt(moment)
                    .or(ticket_traces::opid.ge(id)),
            )
            .order((ticket_traces::updated_at, ticket_traces::opid));
        let rows = statement
            .load_iter::<TraceRow, DefaultLoadingMode>(&mut self.connection)
            .map_err(failed)?;
        for row in rows {
            let trace = row.map_err(failed)?.read()?;
            let next = after(trace.updated_at, trace.id);
            batch.push(entry(Record::Trace(trace)));
            if batch.is_full() {
                return Ok(next);
            }
        }
        Ok(None)
    }
}

/// The first place after this one; `None` after the last.
fn after(moment: Timestamp, id: TraceId) -> Option<(Timestamp, TraceId)> {
    if let Some(next) = id.get().checked_add(1) {
        return Some((moment, TraceId::new(next)));
    }
    let next = moment.micros_since_2000().checked_add(1)?;
    Some((
        Timestamp::from_micros_since_2000(next),
        TraceId::new(i64::MIN),
    ))
}

fn entry(record: Record) -> Entry {
    Entry { line: None, record }
}

fn failed(error: diesel::result::Error) -> BulkError {
    BulkError::failed("cannot read the database", error)
}
