//! Reads the histories of an export from PostgreSQL.

use std::pin::pin;

use futures_util::TryStreamExt;
use tokio::runtime::Handle;
use tokio_postgres::{Client, Error, Row, RowStream, Statement, types::ToSql};
use wts_app::{BatchSender, HistorySource, Selection, TransferError};

use super::columns::{SELECT_STAFF, TICKETS, TRACES, staff, unreadable};
use crate::{
    error::OpenError,
    postgres::{connection::client, pooler::is_foreign_session},
    sql_types::{IdValue, TimestampValue},
    transfer::send,
    url::PostgresConfig,
};

/// The minimum and maximum number of tickets in a page. The traces of a page are read after its tickets. Pages start small,
/// and grow while the tickets are small.
const MIN_PAGE_TICKETS: i64 = 8;
const MAX_PAGE_TICKETS: i64 = 256;
/// If a page is larger than this number of bytes, the next page has only [`MIN_PAGE_TICKETS`] tickets.
const MAX_PAGE_BYTES: usize = 256 * 1024;

/// The settings of an export.
const SETTINGS: [(&str, &str); 4] = [
    ("statement_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("lock_timeout", "10s"),
    ("plan_cache_mode", "force_custom_plan"),
];
/// Starts the transaction of an export. Its first query takes the snapshot.
const BEGIN: &str = "begin isolation level repeatable read read only";

/// The SQL condition for the selected tickets `k`. With custom plans, PostgreSQL removes the parts of the condition
/// whose parameters are `null`.
const SELECTED: &str = "($1::bigint[] is null or k.tid = any($1)) \
    and ($2::timestamptz is null or k.submitted_at >= $2) \
    and ($3::timestamptz is null or k.submitted_at < $3)";

/// A source that reads histories from PostgreSQL page by page.
pub(crate) struct PostgresSource {
    runtime: Handle,
    client: Client,
    /// The parameters of [`SELECTED`].
    tickets: Option<Vec<i64>>,
    since: Option<TimestampValue>,
    before: Option<TimestampValue>,
    staff_statement: Statement,
    tickets_statement: Statement,
    traces_statement: Statement,
    /// The number of selected tickets.
    total: u64,
}

/// Implements [`crate::source`] for PostgreSQL.
pub(crate) async fn source(
    config: &PostgresConfig,
    selection: Selection,
) -> Result<PostgresSource, OpenError> {
    let client = client(
        config,
        &SETTINGS.map(|(name, value)| (name, value.to_owned())),
    )
    .await?;
    PostgresSource::prepare(client, &selection)
        .await
        .map_err(|error| {
            if is_foreign_session(&error) {
                OpenError::Pooler(error.into())
            } else {
                OpenError::Unreadable(error.into())
            }
        })
}

impl PostgresSource {
    /// Prepares all statements and counts the selected tickets. The count is the first query, so it takes the snapshot
    /// of the transaction.
    async fn prepare(client: Client, selection: &Selection) -> Result<Self, Error> {
        client.batch_execute(BEGIN).await?;
        let is_all = matches!(selection, Selection::All);
        let staff = format!(
            "{SELECT_STAFF} where {is_all} or o.wid in (
                 select t.op from wts.ticket_traces t join wts.tickets k on k.tid = t.tid where {SELECTED})
             order by o.wid collate \"C\""
        );
        let tickets = format!(
            "select {} from wts.tickets k where k.tid > $4::bigint and {SELECTED} order by k.tid limit $5",
            TICKETS.columns
        );
        let traces = format!(
            "select {} from wts.ticket_traces where tid = any($1::bigint[]) order by tid, updated_at, opid",
            TRACES.columns
        );
        let (mut numbers, mut since, mut before) = (None, None, None);
        match selection {
            Selection::All => {}
            Selection::Tickets(tickets) => {
                numbers = Some(tickets.iter().map(|ticket| ticket.get()).collect());
            }
            Selection::Filed {
                since: from,
                before: to,
            } => (since, before) = (from.map(TimestampValue), to.map(TimestampValue)),
        }
        let mut source = Self {
            runtime: Handle::current(),
            tickets: numbers,
            since,
            before,
            staff_statement: client.prepare(&staff).await?,
            tickets_statement: client.prepare(&tickets).await?,
            traces_statement: client.prepare(&traces).await?,
            client,
            total: 0,
        };
        let count = format!("select count(*) from wts.tickets k where {SELECTED}");
        let row = source.client.query_one(&count, &source.selected()).await?;
        source.total = u64::try_from(row.try_get::<_, i64>(0)?).unwrap_or_default();
        Ok(source)
    }

    fn selected(&self) -> [&(dyn ToSql + Sync); 3] {
        [&self.tickets, &self.since, &self.before]
    }

    async fn send_all(&self, output: &mut BatchSender<'_>) -> Result<(), TransferError> {
        let mut rows = pin!(self.rows(&self.staff_statement, &self.selected()).await?);
        while let Some(row) = rows.try_next().await.map_err(unreadable)? {
            send(output, staff(&row))?;
        }
        let [tickets, since, before] = self.selected();
        let (mut last, mut limit, mut done) = (i64::MIN, MIN_PAGE_TICKETS, 0);
        loop {
            let page = self
                .client
                .query(
                    &self.tickets_statement,
                    &[tickets, since, before, &last, &limit],
                )
                .await
                .map_err(unreadable)?;
            let Some(final_row) = page.last() else {
                return Ok(());
            };
            last = number(final_row, 0)?;
            let size: usize = page.iter().map(Row::raw_size_bytes).sum();
            limit = if size > MAX_PAGE_BYTES {
                MIN_PAGE_TICKETS
            } else {
                (limit * 2).min(MAX_PAGE_TICKETS)
            };
            self.send_histories(page, &mut done, output).await?;
        }
    }

    /// Sends tickets, each followed by its traces.
    async fn send_histories(
        &self,
        tickets: Vec<Row>,
        done: &mut u64,
        output: &mut BatchSender<'_>,
    ) -> Result<(), TransferError> {
        let mut numbers = Vec::with_capacity(tickets.len());
        for ticket in &tickets {
            numbers.push(number(ticket, 0)?);
        }
        let mut traces = pin!(self.rows(&self.traces_statement, &[&numbers]).await?);
        let mut trace = traces.try_next().await.map_err(unreadable)?;
        for (ticket, tid) in tickets.into_iter().zip(numbers) {
            *done += 1;
            output.set_progress(*done, self.total);
            send(output, (TICKETS.read)(&ticket))?;
            while let Some(row) = &trace
                && number(row, 1)? == tid
            {
                send(output, (TRACES.read)(row))?;
                trace = traces.try_next().await.map_err(unreadable)?;
            }
        }
        if trace.is_some() {
            let cause = "the traces are not in the order of their tickets";
            return Err(TransferError::failed("cannot read the database", cause));
        }
        Ok(())
    }

    async fn rows(
        &self,
        statement: &Statement,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<RowStream, TransferError> {
        let rows = self.client.query_raw(statement, parameters.iter().copied());
        rows.await.map_err(unreadable)
    }
}

fn number(row: &Row, column: usize) -> Result<i64, TransferError> {
    let number: IdValue = row.try_get(column).map_err(unreadable)?;
    Ok(number.0)
}

impl HistorySource for PostgresSource {
    fn read(self: Box<Self>, output: &mut BatchSender<'_>) -> Result<(), TransferError> {
        self.runtime.block_on(self.send_all(output))
    }
}
