//! A connection to PostgreSQL that reads batches of histories.

use std::{pin::pin, time::Duration};

use diesel::{
    QueryResult,
    result::Error::{self as QueryError, DatabaseError, DeserializationError},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl, methods::LoadQuery};
use futures_util::{
    FutureExt, TryStreamExt,
    future::{BoxFuture, try_join},
};
use tokio::time::timeout;
use wts_domain::{StudentId, TicketId};

use super::{
    connection::ConnectError,
    names::OperatorNameCache,
    pooler::{NO_SESSION, is_foreign_session_in_diesel},
    statements::{HistoriesOf, HistoryRow, NameRow, NamesOf, RanksOf, Snapshot},
    wal_lag::{WAL_POSITION, WalPosition},
};
use crate::{
    batching::{BatchRequest, BatchResponse},
    error::OpenError,
    history::{HistoryBuilder, RankRow, rank_from_row},
    metrics::OpenConnection,
    rows::InvalidColumn,
    sql_types::IdValue,
};

/// The maximum number of rows that are decoded per chunk.
const CHUNK: usize = 256;

/// A connection to PostgreSQL that reads batches of histories.
pub(super) struct Reader {
    connection: AsyncPgConnection,
    names: OperatorNameCache,
    /// The longest time for which the server may send no data. The statement timeout of the server is shorter.
    timeout: Duration,
    _counted: OpenConnection,
}

impl Reader {
    pub(super) fn new(
        connection: AsyncPgConnection,
        timeout: Duration,
        counted: OpenConnection,
    ) -> Self {
        Self {
            connection,
            names: OperatorNameCache::default(),
            timeout,
            _counted: counted,
        }
    }

    /// Reads a history, which probably does not exist, to verify that histories can be read. If `ranks`, also reads a
    /// rank.
    pub(super) async fn probe(&mut self, ranks: bool) -> Result<(), ReadError> {
        self.read(&BatchRequest::probe(ranks), 1, || ()).await?;
        self.read_names(&[""]).await?;
        Ok(())
    }

    /// Reads the position of the server in its write-ahead log.
    pub(super) async fn wal_position(&mut self) -> Result<WalPosition, ReadError> {
        let position = diesel::sql_query(WAL_POSITION);
        with_timeout(self.timeout, position.get_result(&mut self.connection)).await
    }

    /// Reads a batch. Reads at most `max_traces + 1` traces of each history, to detect histories that are too long. Calls
    /// `on_rows` whenever rows arrive.
    pub(super) async fn read(
        &mut self,
        request: &BatchRequest,
        max_traces: i64,
        on_rows: impl Fn(),
    ) -> Result<BatchResponse, ReadError> {
        let tickets: Vec<_> = request
            .tickets
            .iter()
            .map(|ticket| IdValue(ticket.get()))
            .collect();
        // PostgreSQL text cannot contain a zero byte, so no such student is registered.
        let students = request.students.iter().map(StudentId::as_str);
        let students: Vec<_> = students.filter(|sid| !sid.contains('\0')).collect();
        // Both statements are pipelined, which saves a round trip. The statement with the longer result is sent last.
        let (ranks, (mut histories, snapshot)) = try_join(
            read_ranks(&self.connection, self.timeout, &students),
            read_histories(
                &self.connection,
                self.timeout,
                &tickets,
                max_traces.saturating_add(1),
                on_rows,
            ),
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

    /// Runs one statement and returns its rows.
    pub(super) fn load<'q, S, T>(
        &'q mut self,
        statement: S,
    ) -> BoxFuture<'q, Result<Vec<T>, ReadError>>
    where
        S: LoadQuery<'q, AsyncPgConnection, T> + Send + 'q,
        T: Send + 'q,
    {
        let rows = statement.load(&mut self.connection);
        with_timeout(self.timeout, rows).boxed()
    }

    /// Reads the ranks of those `students` who are registered.
    pub(super) async fn ranks(&mut self, students: &[&str]) -> Result<Vec<RankRow>, ReadError> {
        read_ranks(&self.connection, self.timeout, students).await
    }

    async fn fill_operator_names(
        &mut self,
        histories: &mut [HistoryBuilder],
        snapshot: Snapshot,
    ) -> Result<(), ReadError> {
        self.names.invalidate_unless(snapshot);
        let traces = histories.iter().flat_map(HistoryBuilder::traces);
        let unknown = self.names.unknown(traces.map(|trace| trace.op.as_str()));
        if !unknown.is_empty() {
            let rows = self.read_names(&unknown).await?;
            self.names.insert(&unknown, rows);
        }
        for trace in histories.iter_mut().flat_map(HistoryBuilder::traces_mut) {
            trace.op_name = self.names.get(trace.op.as_str()).to_owned();
        }
        Ok(())
    }

    async fn read_names(&mut self, operators: &[&str]) -> Result<Vec<NameRow>, ReadError> {
        let names = NamesOf { operators };
        with_timeout(self.timeout, names.load(&mut self.connection)).await
    }
}

async fn read_histories(
    mut connection: &AsyncPgConnection,
    timeout: Duration,
    tickets: &[IdValue],
    limit: i64,
    on_rows: impl Fn(),
) -> Result<(Vec<HistoryBuilder>, Snapshot), ReadError> {
    let statement = HistoriesOf { limit, tickets };
    let rows = statement.load_stream::<HistoryRow>(&mut connection);
    let rows = with_timeout(timeout, rows).await?;
    let mut chunks = pin!(rows.try_ready_chunks(CHUNK));
    let mut histories: Vec<HistoryBuilder> = Vec::with_capacity(tickets.len());
    let mut snapshot = Snapshot::default();
    while let Some(chunk) = with_timeout(timeout, async {
        chunks.try_next().await.map_err(|error| error.1)
    })
    .await?
    {
        on_rows();
        for (ticket, issuer, row_snapshot, trace) in chunk {
            let Some(ticket) = TicketId::new(ticket.0) else {
                continue;
            };
            snapshot = row_snapshot;
            let history = history_of(ticket, issuer, &mut histories);
            if let (Some(history), Some(trace)) = (history, trace) {
                history.push(trace, String::new());
            }
        }
    }
    Ok((histories, snapshot))
}

/// Reads the ranks of those `students` who are registered. If `students` is empty, no statement is sent.
async fn read_ranks(
    mut connection: &AsyncPgConnection,
    timeout: Duration,
    students: &[&str],
) -> Result<Vec<RankRow>, ReadError> {
    if students.is_empty() {
        return Ok(Vec::new());
    }
    with_timeout(timeout, RanksOf { students }.load(&mut connection)).await
}

/// Returns the history of `ticket` that is being built. The search starts at the last history, because the rows of a
/// ticket usually arrive together.
fn history_of(
    ticket: TicketId,
    issuer: String,
    histories: &mut Vec<HistoryBuilder>,
) -> Option<&mut HistoryBuilder> {
    if let Some(at) = histories
        .iter()
        .rposition(|history| history.ticket() == ticket)
    {
        return histories.get_mut(at);
    }
    histories.push(HistoryBuilder::new(ticket, issuer));
    histories.last_mut()
}

async fn with_timeout<T>(
    limit: Duration,
    result: impl Future<Output = QueryResult<T>>,
) -> Result<T, ReadError> {
    match timeout(limit, result).await {
        Ok(result) => result.map_err(ReadError::from),
        Err(_elapsed) => Err(ReadError::Timeout(limit)),
    }
}

/// The reason why reading a batch failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("cannot connect to PostgreSQL")]
    Connect(#[from] ConnectError),
    #[error("cannot read from wts.tickets, wts.ticket_traces, wts.operators and data.students")]
    Query(#[source] QueryError),
    /// The statement ran in a session that this program has not prepared.
    #[error("{NO_SESSION}")]
    Pooler(#[source] QueryError),
    #[error("no response from PostgreSQL within {0:?}")]
    Timeout(Duration),
    #[error("the feed is read from a primary only, and this server is a standby")]
    Standby,
    #[error(transparent)]
    Invalid(#[from] InvalidColumn),
}

impl From<QueryError> for ReadError {
    fn from(error: QueryError) -> Self {
        if is_foreign_session_in_diesel(&error) {
            Self::Pooler(error)
        } else {
            Self::Query(error)
        }
    }
}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Connect(error) => error.into(),
            ReadError::Pooler(_) => Self::Pooler(error.into()),
            error => Self::Unreadable(error.into()),
        }
    }
}

impl ReadError {
    /// Returns whether the rows of a single ticket may have caused the error, rather than the connection or the server.
    pub(super) fn is_per_ticket(&self) -> bool {
        matches!(
            self,
            Self::Query(DatabaseError(..) | DeserializationError(_))
        )
    }
}
