//! Bringing histories in.

mod open;
mod references;
mod staff;

use std::collections::{HashMap, HashSet};

use tokio::runtime::Handle;
use tokio_postgres::{Client, error::SqlState};
use wts_app::{Batch, BulkError, Entry, Fault, HistorySink, Place, Record, Stored};
use wts_domain::{Ticket, TicketId, Trace};

pub(crate) use self::open::sink;
use self::references::References;
use super::{
    copy::{INTO_TICKETS, INTO_TRACES, Rows},
    lookups,
    storable::ensure_storable,
};
use crate::bulk::{MOST_FAULTS, differences, missing_there, taken, unknown_staff};

/// How many of the staff are remembered to be there.
const REMEMBERED: usize = 10_000;

/// Sends batch by batch with `COPY`, after looking up, in sets, what is there already.
pub(crate) struct PostgresSink {
    runtime: Handle,
    /// In a transaction; it is undone when the connection closes.
    client: Client,
    /// Whether there were tickets or traces before. In an empty database nothing has to be looked up.
    occupied: bool,
    references: References,
    staff: HashSet<String>,
    /// Tickets that were there before and whose traces are not yet counted.
    known: Vec<Known>,
    stored: Stored,
    faults: Vec<Fault>,
}

struct Known {
    place: Place,
    ticket: TicketId,
    traces: u64,
}

impl HistorySink for PostgresSink {
    fn put(&mut self, batch: Batch) -> Result<(), BulkError> {
        self.runtime
            .clone()
            .block_on(self.write(&batch.into_entries()))
    }

    fn finish(mut self: Box<Self>) -> Result<Stored, BulkError> {
        self.runtime.clone().block_on(async {
            self.count_traces(0).await?;
            self.consistent()?;
            self.references
                .restore(&self.client)
                .await
                .map_err(failed)?;
            self.client.batch_execute(FINISH).await.map_err(failed)?;
            // Planners know nothing yet of what has come in. Who may not tell them has to wait until they notice.
            let _ = self.client.batch_execute(ANALYZE).await;
            Ok(self.stored)
        })
    }
}

/// Lets identities continue after the ids that were given, which they know nothing of.
const FINISH: &str = "
    select setval('wts.tickets_tid_seq', last) from (select max(tid) as last from wts.tickets) as tickets
    where last >= (select last_value from wts.tickets_tid_seq);
    select setval('wts.ticket_traces_opid_seq', last) from (select max(opid) as last from wts.ticket_traces) as traces
    where last >= (select last_value from wts.ticket_traces_opid_seq);
    commit";
const ANALYZE: &str = "analyze data.students, wts.operators, wts.tickets, wts.ticket_traces";

impl PostgresSink {
    async fn write(&mut self, entries: &[Entry]) -> Result<(), BulkError> {
        entries.iter().try_for_each(ensure_storable)?;
        let (mut staff, mut tickets, mut traces) = (Vec::new(), Vec::new(), Vec::new());
        for entry in entries {
            match &entry.record {
                Record::Staff(record) => staff.push((entry, record)),
                Record::Ticket(record) => tickets.push((entry, record)),
                Record::Trace(record) => traces.push((entry, record)),
            }
        }
        self.put_staff(&staff).await?;
        self.put_tickets(&tickets).await?;
        self.put_traces(&traces).await?;
        // The last ticket's traces may go on in the next batch.
        self.count_traces(1).await?;
        self.consistent()
    }

    fn consistent(&mut self) -> Result<(), BulkError> {
        if self.faults.is_empty() {
            return Ok(());
        }
        self.faults.truncate(MOST_FAULTS);
        Err(BulkError::Contradictions(std::mem::take(&mut self.faults)))
    }

    async fn put_tickets(&mut self, tickets: &[(&Entry, &Ticket)]) -> Result<(), BulkError> {
        if tickets.is_empty() {
            return Ok(());
        }
        let mut there = HashMap::new();
        if self.occupied {
            let numbers: Vec<_> = tickets.iter().map(|(_, ticket)| ticket.id.get()).collect();
            there = lookups::tickets(&self.client, &numbers).await?;
        }
        let mut new = Vec::with_capacity(tickets.len());
        for (entry, ticket) in tickets {
            if let Some(there) = there.get(&ticket.id) {
                let place = Place::of(entry);
                self.faults.extend(differences(&place, *ticket, there));
                self.stored.known.tickets += 1;
                self.known.push(Known {
                    place,
                    ticket: ticket.id,
                    traces: 0,
                });
            } else {
                new.push((*entry, *ticket));
            }
        }
        self.put_issuers(&new).await?;
        let mut rows = Rows::new();
        for (_, ticket) in &new {
            rows.ticket(ticket);
        }
        self.copy(rows, INTO_TICKETS, new.iter().map(|(entry, _)| *entry))
            .await?;
        self.stored.new.tickets += as_count(new.len());
        Ok(())
    }

    async fn put_traces(&mut self, traces: &[(&Entry, &Trace)]) -> Result<(), BulkError> {
        self.ensure_staff(traces).await?;
        let mut there = HashMap::new();
        if self.occupied {
            let numbers: Vec<_> = traces.iter().map(|(_, trace)| trace.id.get()).collect();
            there = lookups::traces(&self.client, &numbers).await?;
        }
        let mut new = Vec::with_capacity(traces.len());
        let mut rows = Rows::new();
        let mut known = self.known.iter_mut().peekable();
        for (entry, trace) in traces {
            // Both are in the order of the tickets.
            while known.next_if(|known| known.ticket < trace.ticket).is_some() {}
            let ticket = known
                .peek_mut()
                .filter(|known| known.ticket == trace.ticket);
            let ticket_is_known = ticket.map(|known| known.traces += 1).is_some();
            if let Some(there) = there.get(&trace.id) {
                self.faults
                    .extend(differences(&Place::of(entry), *trace, there));
                self.stored.known.traces += 1;
            } else if ticket_is_known {
                let problem = "its ticket is there, but without this trace";
                self.faults.push(Place::of(entry).fault(problem));
            } else {
                rows.trace(trace);
                new.push(*entry);
            }
        }
        if self.faults.is_empty() {
            self.stored.new.traces += as_count(new.len());
            self.copy(rows, INTO_TRACES, new.into_iter()).await?;
        }
        Ok(())
    }

    /// Whoever acted has to be there.
    async fn ensure_staff(&mut self, traces: &[(&Entry, &Trace)]) -> Result<(), BulkError> {
        let mut unknown: Vec<_> = traces
            .iter()
            .map(|(_, trace)| trace.op.as_str())
            .filter(|op| !self.staff.contains(*op))
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        if unknown.is_empty() {
            return Ok(());
        }
        if self.staff.len() >= REMEMBERED {
            self.staff.clear();
        }
        let there = lookups::staff_numbers(&self.client, &unknown).await?;
        let missing = |op: &str| unknown.binary_search(&op).is_ok() && !there.contains(op);
        if let Some((entry, trace)) = traces.iter().find(|(_, trace)| missing(trace.op.as_str())) {
            return Err(BulkError::BadRecord(unknown_staff(
                entry,
                trace.op.as_str(),
            )));
        }
        self.staff.extend(there);
        Ok(())
    }

    /// Tickets that were there have all of their traces in what is to be brought in. The last so many may have some more
    /// to come.
    async fn count_traces(&mut self, except: usize) -> Result<(), BulkError> {
        let ended = self.known.len().saturating_sub(except);
        if ended == 0 {
            return Ok(());
        }
        let ended: Vec<_> = self.known.drain(..ended).collect();
        let numbers: Vec<_> = ended.iter().map(|known| known.ticket.get()).collect();
        let counts = lookups::trace_counts(&self.client, &numbers).await?;
        for known in ended {
            let there = counts.get(&known.ticket.get()).copied().unwrap_or_default();
            if there > known.traces {
                self.faults
                    .push(missing_there(&known.place, known.traces, there));
            }
        }
        Ok(())
    }

    /// Sends rows, of which each came from one of `entries`.
    async fn copy<'a>(
        &self,
        rows: Rows,
        statement: &str,
        entries: impl ExactSizeIterator<Item = &'a Entry>,
    ) -> Result<(), BulkError> {
        if entries.len() == 0 {
            return Ok(());
        }
        let sent = rows.send(&self.client, statement).await;
        sent.map_err(|error| refused(error, entries))
    }
}

/// Why rows were refused, and which of them, if the server says so.
fn refused<'a>(
    error: tokio_postgres::Error,
    mut entries: impl Iterator<Item = &'a Entry>,
) -> BulkError {
    let row = error.as_db_error().and_then(|cause| {
        // "COPY tickets, line 17", and then perhaps a column.
        let (_, after) = cause.where_()?.split_once(", line ")?;
        let digits = after.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse::<usize>().ok()?.checked_sub(1)
    });
    match row.and_then(|row| entries.nth(row)) {
        Some(entry) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
            let field = match entry.record {
                Record::Trace(_) => "opid",
                Record::Staff(_) | Record::Ticket(_) => "tid",
            };
            BulkError::BadRecord(taken(entry, field))
        }
        Some(entry) => BulkError::failed(
            format!("{}cannot write it to the database", Place::of(entry)),
            error,
        ),
        None => failed(error),
    }
}

pub(super) fn failed(error: tokio_postgres::Error) -> BulkError {
    BulkError::failed("cannot write to the database", error)
}

fn as_count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
