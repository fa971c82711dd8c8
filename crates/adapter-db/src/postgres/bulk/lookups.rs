//! What is there already of a batch.

use std::collections::{HashMap, HashSet};

use tokio_postgres::{Client, Row, types::ToSql};
use wts_app::BulkError;
use wts_domain::{StaffMember, Ticket, TicketId, Trace, TraceId};

use super::{
    rows::{self, STAFF, TICKETS, TRACES},
    sink::failed,
};

/// Those of the staff who have one of these staff or student numbers.
pub(super) async fn staff(
    client: &Client,
    wids: &[&str],
    sids: &[&str],
) -> Result<Vec<StaffMember>, BulkError> {
    let sql = format!("{STAFF} where o.wid = any($1) or o.sid = any($2)");
    let found = query(client, &sql, &[&wids, &sids]).await?;
    found.iter().map(rows::staff).collect()
}

/// Those of the tickets that are there.
pub(super) async fn tickets(
    client: &Client,
    numbers: &[i64],
) -> Result<HashMap<TicketId, Ticket>, BulkError> {
    let sql = format!("{TICKETS} where k.tid = any($1)");
    let found = query(client, &sql, &[&numbers]).await?;
    found
        .iter()
        .map(|row| rows::ticket(row).map(|ticket| (ticket.id, ticket)))
        .collect()
}

/// Those of the traces that are there.
pub(super) async fn traces(
    client: &Client,
    numbers: &[i64],
) -> Result<HashMap<TraceId, Trace>, BulkError> {
    let sql = format!("{TRACES} where t.opid = any($1)");
    let found = query(client, &sql, &[&numbers]).await?;
    found
        .iter()
        .map(|row| rows::trace(row).map(|trace| (trace.id, trace)))
        .collect()
}

/// How many traces each of these tickets has.
pub(super) async fn trace_counts(
    client: &Client,
    tickets: &[i64],
) -> Result<HashMap<i64, u64>, BulkError> {
    let sql = "select tid, count(*) from wts.ticket_traces where tid = any($1) group by tid";
    let found = query(client, sql, &[&tickets]).await?;
    found
        .iter()
        .map(|row| {
            let ticket = row.try_get(0).map_err(failed)?;
            let count: i64 = row.try_get(1).map_err(failed)?;
            Ok((ticket, u64::try_from(count).unwrap_or_default()))
        })
        .collect()
}

/// Those of the staff numbers that somebody has.
pub(super) async fn staff_numbers(
    client: &Client,
    wids: &[&str],
) -> Result<HashSet<String>, BulkError> {
    let sql = "select wid from wts.operators where wid = any($1)";
    let found = query(client, sql, &[&wids]).await?;
    found
        .iter()
        .map(|row| row.try_get(0).map_err(failed))
        .collect()
}

async fn query(
    client: &Client,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, BulkError> {
    client.query(sql, parameters).await.map_err(failed)
}
