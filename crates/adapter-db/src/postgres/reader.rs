//! A connection that reads batches of histories.

use std::{pin::pin, time::Duration};

use futures_util::{TryStreamExt, future::try_join};
use tokio::time::timeout;
use tokio_postgres::{Client, Error, Row, types::ToSql};
use wts_domain::{StudentId, TicketId};

use super::{
    connection::ConnectError,
    from_sql::trace_row,
    names::OperatorNameCache,
    statements::{Prepared, Snapshot},
    wal_lag::{WAL_POSITION, WalPosition},
};
use crate::{
    batching::{BatchRequest, BatchResponse},
    history::{HistoryBuilder, RankRow, rank_from_row},
    metrics::OpenConnection,
    values::IdValue,
};

/// How many rows are decoded at a time, if so many have arrived.
const CHUNK: usize = 256;

/// A connection that reads batches.
pub(super) struct Reader {
    client: Client,
    histories: Prepared,
    names: Prepared,
    ranks: Prepared,
    known_names: OperatorNameCache,
    /// How long the server may be silent. It should have ended the statement before.
    timeout: Duration,
    _counted: OpenConnection,
}

impl Reader {
    pub(super) fn new(client: Client, timeout: Duration, counted: OpenConnection) -> Self {
        Self {
            client,
            histories: Prepared::histories(),
            names: Prepared::names(),
            ranks: Prepared::ranks(),
            known_names: OperatorNameCache::default(),
            timeout,
            _counted: counted,
        }
    }

    /// Reads a history that is hardly ever there, to prove that histories can be read; and ranks too, if `ranks`.
    pub(super) async fn probe(&mut self, ranks: bool) -> Result<(), ReadError> {
        self.read(&BatchRequest::probe(ranks), 1, || ()).await?;
        self.read_names(&[""]).await?;
        Ok(())
    }

    /// Reads the position of the database in its write-ahead log.
    pub(super) async fn wal_position(&self) -> Result<WalPosition, ReadError> {
        let row = self.in_time(self.client.query_one(WAL_POSITION, &[])).await;
        WalPosition::from_row(&row?).map_err(ReadError::Row)
    }

    /// Reads a batch; histories of more than `max_traces` traces not to the end. Calls `on_rows` whenever rows arrive.
    pub(super) async fn read(
        &mut self,
        request: &BatchRequest,
        max_traces: i64,
        on_rows: impl Fn(),
    ) -> Result<BatchResponse, ReadError> {
        // Both statements are sent before either is answered: one round trip. The result that may be long comes last.
        let (ranks, (mut histories, snapshot)) = try_join(
            self.read_ranks(&request.students),
            self.read_histories(&request.tickets, max_traces.saturating_add(1), on_rows),
        )
        .await?;
        self.fill_operator_names(&mut histories, snapshot).await?;
        Ok(BatchResponse {
            histories: histories
                .into_iter()
                .map(|history| history.finish(max_traces))
                .collect(),
            ranks: ranks.into_iter().map(rank_from_row).collect(),
        })
    }

    async fn read_histories(
        &self,
        tickets: &[TicketId],
        limit: i64,
        on_rows: impl Fn(),
    ) -> Result<(Vec<HistoryBuilder>, Snapshot), ReadError> {
        let tickets: Vec<_> = tickets.iter().map(|ticket| ticket.get()).collect();
        let rows = self.in_time(async {
            let statement = self.histories.on(&self.client).await?;
            let parameters: [&(dyn ToSql + Sync); 2] = [&limit, &tickets];
            self.client.query_raw(statement, parameters).await
        });
        let mut chunks = pin!(rows.await?.try_ready_chunks(CHUNK));
        let mut histories = Vec::with_capacity(tickets.len());
        let mut snapshot = Snapshot::default();
        let mut next = async || chunks.try_next().await.map_err(|error| error.1);
        while let Some(chunk) = self.in_time(next()).await? {
            on_rows();
            for row in &chunk {
                snapshot = row.try_get(2).map_err(ReadError::Row)?;
                add_row(row, &mut histories).map_err(ReadError::Row)?;
            }
        }
        Ok((histories, snapshot))
    }

    /// Reads the ranks of the registered ones of `students`. If there are none, no statement is sent.
    async fn read_ranks(&self, students: &[StudentId]) -> Result<Vec<RankRow>, ReadError> {
        // PostgreSQL rejects a text with a zero byte, and so no student has such a number.
        let students = students.iter().map(StudentId::as_str);
        let students: Vec<_> = students.filter(|sid| !sid.contains('\0')).collect();
        if students.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.query(&self.ranks, &students).await?;
        let ranks = rows
            .iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
        ranks.collect::<Result<_, _>>().map_err(ReadError::Row)
    }

    async fn fill_operator_names(
        &mut self,
        histories: &mut [HistoryBuilder],
        snapshot: Snapshot,
    ) -> Result<(), ReadError> {
        self.known_names.invalidate_unless(snapshot);
        let traces = histories.iter().flat_map(HistoryBuilder::traces);
        let operators = traces.map(|trace| trace.op.as_str());
        let unknown = self.known_names.unknown(operators);
        if !unknown.is_empty() {
            let names = self.read_names(&unknown).await?;
            self.known_names.insert(&unknown, names);
        }
        for trace in histories.iter_mut().flat_map(HistoryBuilder::traces_mut) {
            trace.op_name = self.known_names.get(trace.op.as_str()).to_owned();
        }
        Ok(())
    }

    /// Reads the names of those of `operators` who have one.
    async fn read_names(&self, operators: &[&str]) -> Result<Vec<(String, String)>, ReadError> {
        let rows = self.query(&self.names, operators).await?;
        let names = rows
            .iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
        names.collect::<Result<_, _>>().map_err(ReadError::Row)
    }

    /// Runs a statement whose parameter is an array of texts.
    async fn query(&self, statement: &Prepared, texts: &[&str]) -> Result<Vec<Row>, ReadError> {
        self.in_time(async {
            let statement = statement.on(&self.client).await?;
            self.client.query(statement, &[&texts]).await
        })
        .await
    }

    async fn in_time<T>(
        &self,
        result: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, ReadError> {
        match timeout(self.timeout, result).await {
            Ok(result) => result.map_err(ReadError::Query),
            Err(_elapsed) => Err(ReadError::Timeout(self.timeout)),
        }
    }
}

/// Adds a row to the history of its ticket. As a rule the rows of a ticket come one after the other.
fn add_row(row: &Row, histories: &mut Vec<HistoryBuilder>) -> Result<(), Error> {
    let Some(ticket) = TicketId::new(row.try_get::<_, IdValue>(0)?.0) else {
        return Ok(());
    };
    let is_its = |history: &HistoryBuilder| history.ticket() == ticket;
    if !histories.iter().rev().any(is_its) {
        histories.push(HistoryBuilder::new(ticket, row.try_get(1)?));
    }
    let has_trace = row.try_get::<_, Option<IdValue>>(3)?.is_some();
    if has_trace && let Some(history) = histories.iter_mut().rev().find(|history| is_its(history)) {
        history.push(trace_row::<String>(row, 3)?, String::new());
    }
    Ok(())
}

/// Why a batch was not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("no connection")]
    Connect(#[from] ConnectError),
    #[error("reading from wts.tickets, wts.ticket_traces, wts.operators and data.students")]
    Query(#[source] Error),
    #[error("decoding a row of wts.tickets, wts.ticket_traces, wts.operators or data.students")]
    Row(#[source] Error),
    #[error("no answer within {0:?}")]
    Timeout(Duration),
}

impl ReadError {
    /// Whether the rows of one ticket may be the cause, and not the connection or the server.
    pub(super) fn is_per_ticket(&self) -> bool {
        matches!(self, Self::Query(_) | Self::Row(_))
    }
}
