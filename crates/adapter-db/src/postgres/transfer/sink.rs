//! Writes the histories of an import to PostgreSQL.

use std::collections::{HashMap, HashSet};

use tokio::runtime::Handle;
use tokio_postgres::{Client, Error, Row, error::SqlState, types::ToSql};
use wts_app::{Batch, Entry, HistorySink, ImportReport, Record, TransferError};
use wts_domain::StaffMember;

use super::{
    columns::{self, SELECT_STAFF, TICKETS, TRACES, Table},
    validate::validate,
};
use crate::{
    sql_types::IdValue,
    transfer::{ImportState, duplicate_id, unknown_staff},
};

/// Inserts students. If an existing student has no name and is not a staff member, the name is updated.
const PUT_STUDENTS: &str =
    "insert into data.students as s (sid, name) select * from unnest($1::text[], $2::text[])
    on conflict (sid) do update set name = excluded.name where s.name = '' and excluded.name <> ''
        and not exists (select from wts.operators o where o.sid = s.sid)";
const PUT_OPERATORS: &str = "insert into wts.operators (wid, sid, access)
    select * from unnest($1::text[], $2::text[], $3::text[]) on conflict do nothing returning wid";
const PUT_ISSUERS: &str = "insert into data.students (sid, name)
    select distinct unnest($1::text[]), '' on conflict do nothing";
const COUNT_TRACES: &str =
    "select tid, count(*) from wts.ticket_traces where tid = any($1) group by tid";
/// Advances the sequences past the inserted ids, and commits.
const FINISH: &str = "
    select setval('wts.tickets_tid_seq', last) from (select max(tid) as last from wts.tickets) as tickets
    where last >= (select last_value from wts.tickets_tid_seq);
    select setval('wts.ticket_traces_opid_seq', last) from (select max(opid) as last from wts.ticket_traces) as traces
    where last >= (select last_value from wts.ticket_traces_opid_seq);
    commit";
const ANALYZE: &str = "analyze data.students, wts.operators, wts.tickets, wts.ticket_traces";

/// A sink that writes batches. For each batch, one query per table looks up the existing records, and `COPY` inserts
/// the new ones.
pub(crate) struct PostgresSink {
    pub(super) runtime: Handle,
    /// The connection, with an open transaction. The transaction is rolled back when the connection closes.
    pub(super) client: Client,
    /// Whether there were tickets or traces before the import. In an empty database, no records are looked up.
    pub(super) has_rows: bool,
    /// The statements that add the dropped foreign keys again.
    pub(super) foreign_keys: String,
    /// The ids of the staff members in the database.
    pub(super) staff: HashSet<String>,
    pub(super) state: ImportState,
}

impl HistorySink for PostgresSink {
    fn put(&mut self, batch: Batch) -> Result<(), TransferError> {
        self.runtime.clone().block_on(self.write(batch.entries()))
    }

    fn finish(mut self: Box<Self>) -> Result<ImportReport, TransferError> {
        self.runtime.clone().block_on(async {
            self.compare_trace_counts(false).await?;
            self.state.check()?;
            // Adding a foreign key scans the whole table, so sequential scans are enabled again.
            for statements in ["reset enable_seqscan", &self.foreign_keys, FINISH] {
                let executed = self.client.batch_execute(statements).await;
                executed.map_err(failed)?;
            }
            // If the role lacks the privilege to analyze, autovacuum does it later.
            let _ = self.client.batch_execute(ANALYZE).await;
            Ok(self.state.report)
        })
    }
}

impl PostgresSink {
    async fn write(&mut self, entries: &[Entry]) -> Result<(), TransferError> {
        entries.iter().try_for_each(validate)?;
        let (mut staff, mut tickets, mut issuers) = (Vec::new(), Vec::new(), Vec::new());
        let (mut traces, mut operators) = (Vec::new(), Vec::new());
        for entry in entries {
            match &entry.record {
                Record::Staff(member) => staff.push((entry, member)),
                Record::Ticket(ticket) => {
                    tickets.push(entry);
                    issuers.push(ticket.issuer.as_str());
                }
                Record::Trace(trace) => {
                    traces.push(entry);
                    operators.push(trace.op.as_str());
                }
            }
        }
        self.put_staff(&staff).await?;
        if !issuers.is_empty() {
            self.query(PUT_ISSUERS, &[&issuers]).await?;
        }
        self.put_rows(&TICKETS, &tickets).await?;
        for (entry, operator) in traces.iter().zip(operators) {
            if !self.staff.contains(operator) {
                return Err(unknown_staff(entry, operator));
            }
        }
        self.put_rows(&TRACES, &traces).await?;
        // More traces of the last ticket may follow in the next batch.
        self.compare_trace_counts(true).await?;
        self.state.check()
    }

    async fn put_staff(&mut self, staff: &[(&Entry, &StaffMember)]) -> Result<(), TransferError> {
        if staff.is_empty() {
            return Ok(());
        }
        let members = || staff.iter().map(|(_, member)| member);
        let wids: Vec<_> = members().map(|member| member.id.as_str()).collect();
        let sids: Vec<_> = members().map(|member| member.student.as_str()).collect();
        let names: Vec<_> = members().map(|member| member.name.as_str()).collect();
        let ranks: Vec<_> = members().map(|member| member.access.as_str()).collect();
        self.query(PUT_STUDENTS, &[&sids, &names]).await?;
        let inserted = self.query(PUT_OPERATORS, &[&wids, &sids, &ranks]).await?;
        let there = format!("{SELECT_STAFF} where o.wid = any($1) or o.sid = any($2)");
        let there = self.query(&there, &[&wids, &sids]).await?;
        let find = |rows: &[Row], column, text: &str| {
            let is_text = |row: &&Row| row.try_get(column).is_ok_and(|value: &str| value == text);
            rows.iter().find(is_text).cloned()
        };
        for (entry, member) in staff {
            let (wid, sid) = (member.id.as_str(), member.student.as_str());
            let is_inserted = find(&inserted, 0, wid).is_some();
            if let Some(row) = find(&there, 0, wid).or_else(|| find(&there, 1, sid)) {
                let there = columns::staff(&row)?;
                self.state.compare_staff(entry, &there, is_inserted);
            }
            self.staff.insert(wid.to_owned());
        }
        Ok(())
    }

    /// Inserts the new records among `entries`, which belong to the same table.
    async fn put_rows(&mut self, table: &Table, entries: &[&Entry]) -> Result<(), TransferError> {
        let existing = self.existing(table, entries).await?;
        let mut new = entries.to_vec();
        new.retain(|entry| self.state.compare(entry, existing.get(&key(entry))));
        if new.is_empty() {
            return Ok(());
        }
        let copied = table.copy(&self.client, &new).await;
        copied.map_err(|error| rejected(error, table, &new))
    }

    /// Returns the records with the same ids that were in the database before the import.
    async fn existing(
        &self,
        table: &Table,
        entries: &[&Entry],
    ) -> Result<HashMap<i64, Record>, TransferError> {
        let mut existing = HashMap::new();
        if self.has_rows && !entries.is_empty() {
            let Table {
                name,
                key: id,
                columns,
                read,
                ..
            } = table;
            let sql = format!("select {columns} from {name} where {id} = any($1)");
            let keys: Vec<_> = entries.iter().map(|entry| key(entry)).collect();
            for row in self.query(&sql, &[&keys]).await? {
                let IdValue(key) = row.try_get(0).map_err(failed)?;
                existing.insert(key, read(&row)?);
            }
        }
        Ok(existing)
    }

    /// Compares the number of traces in the import and in the database, for the tickets whose traces in the import are
    /// complete.
    async fn compare_trace_counts(&mut self, keep_last: bool) -> Result<(), TransferError> {
        let tickets = self.state.take_existing(keep_last);
        let numbers: Vec<_> = tickets.iter().map(|ticket| ticket.id.get()).collect();
        if numbers.is_empty() {
            return Ok(());
        }
        let mut counts = HashMap::<i64, i64>::new();
        for row in self.query(COUNT_TRACES, &[&numbers]).await? {
            let (tid, count) = (row.try_get(0), row.try_get(1));
            counts.insert(tid.map_err(failed)?, count.map_err(failed)?);
        }
        for (ticket, number) in tickets.iter().zip(numbers) {
            let there = counts.get(&number).copied().unwrap_or_default();
            self.state.compare_trace_count(ticket, there);
        }
        Ok(())
    }

    async fn query(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, TransferError> {
        self.client.query(sql, parameters).await.map_err(failed)
    }
}

/// Returns the id of a ticket or a trace; 0 for a staff member.
fn key(entry: &Entry) -> i64 {
    match &entry.record {
        Record::Staff(_) => 0,
        Record::Ticket(ticket) => ticket.id.get(),
        Record::Trace(trace) => trace.id.get(),
    }
}

/// Converts an error of `COPY`. If the server reports the line, the result identifies the rejected record.
fn rejected(error: Error, table: &Table, entries: &[&Entry]) -> TransferError {
    let row = error.as_db_error().and_then(|cause| {
        // The text has the form "COPY tickets, line 17", optionally followed by a column.
        let (_, after) = cause.where_()?.split_once(", line ")?;
        let digits = after.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse::<usize>().ok()?.checked_sub(1)
    });
    match row.and_then(|row| entries.get(row)) {
        Some(entry) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
            duplicate_id(entry, table.key)
        }
        Some(entry) => {
            let what = format!(
                "{}cannot write the record to the database",
                entry.location()
            );
            TransferError::failed(what, error)
        }
        None => failed(error),
    }
}

fn failed(error: Error) -> TransferError {
    TransferError::failed("cannot write to the database", error)
}
