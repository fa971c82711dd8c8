//! A connection that reads histories.

use std::{pin::pin, time::Duration};

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::{TryStreamExt, future::try_join};
use tokio::time::timeout;
use wts_domain::{Access, StudentId, TicketId};

use super::{
    Server,
    connection::{ConnectError, connect_within},
    names::Names,
    positions::{POSITION, Position},
    statements::{HistoriesOf, HistoryRow, NameRow, NamesOf, RanksOf, Snapshot},
};
use crate::{
    coalesced::{Asked, Read},
    columns::AnyWidth,
    history::{RankRow, Rows, ranked},
    metrics::{NodeMetrics, OpenConnection},
};

/// No ticket has this number.
const NO_TICKET: AnyWidth = AnyWidth(0);
/// No operator has this number.
const NOBODY: &str = "";
/// How many rows are taken at a time, if so many are there.
const CHUNK: usize = 256;

/// What is asked for, as PostgreSQL takes it.
pub(super) struct Question<'a> {
    tickets: Vec<AnyWidth>,
    students: Vec<&'a str>,
}

impl<'a> From<&'a Asked> for Question<'a> {
    fn from(asked: &'a Asked) -> Self {
        let tickets = asked.tickets.iter().map(|ticket| AnyWidth(ticket.get()));
        let students = asked.students.iter().map(StudentId::as_str);
        Self {
            tickets: tickets.collect(),
            // No text in PostgreSQL has a zero in it, and so nobody is called like that.
            students: students.filter(|student| !student.contains('\0')).collect(),
        }
    }
}

/// Reads histories, of each up to so many traces.
pub(super) struct Reader {
    connection: AsyncPgConnection,
    names: Names,
    /// How long the server may be silent. It should have ended the statement before.
    patience: Duration,
    _counted: OpenConnection,
}

/// How long a reader is patient.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) connect: Duration,
    pub(super) statement: Duration,
    /// How long a statement may wait for a lock. Less than `answer`, so that none is left behind who waits on.
    pub(super) lock: Duration,
    pub(super) answer: Duration,
}

impl Reader {
    /// Connects. The server ends by itself what takes too long: a client that merely stops waiting would leave it at work,
    /// on a connection that no longer counts.
    pub(super) async fn connect(
        server: &Server,
        limits: Limits,
        metrics: &NodeMetrics,
    ) -> Result<Self, ConnectError> {
        let greeting = format!(
            "set statement_timeout = {}; \
             set lock_timeout = {}; \
             set default_transaction_read_only = on; \
             set plan_cache_mode = force_generic_plan", // planning takes longer than reading
            limits.statement.as_millis(),
            limits.lock.as_millis(),
        );
        Ok(Self {
            connection: connect_within(server, limits.connect, &greeting).await?,
            names: Names::default(),
            patience: limits.answer,
            _counted: metrics.connection(),
        })
    }

    /// Reads what cannot be there, to prove that it can.
    pub(super) async fn probe(&mut self) -> Result<(), ReadError> {
        rows(&self.connection, self.patience, &[NO_TICKET], 1, || ()).await?;
        self.names_of(&[NOBODY]).await?;
        Ok(())
    }

    /// The same of ranks.
    pub(super) async fn probe_ranks(&self) -> Result<(), ReadError> {
        ranks(&self.connection, self.patience, &[NOBODY]).await?;
        Ok(())
    }

    /// How far the database is in its write-ahead log.
    pub(super) async fn position(&mut self) -> Result<Position, ReadError> {
        let position = diesel::sql_query(POSITION);
        in_time(self.patience, position.get_result(&mut self.connection)).await
    }

    /// Reads what is asked for; histories of more than `most` traces not to the end. Calls `heard` as parts of it come.
    pub(super) async fn read(
        &mut self,
        asked: &Question<'_>,
        most: i64,
        heard: impl Fn(),
    ) -> Result<Read, ReadError> {
        // Both statements are under way before either is answered: one round trip. The answer that may be long comes last.
        let (ranks, (mut histories, seen)) = try_join(
            ranks(&self.connection, self.patience, &asked.students),
            rows(
                &self.connection,
                self.patience,
                &asked.tickets,
                most.saturating_add(1),
                heard,
            ),
        )
        .await?;
        self.name(&mut histories, seen).await?;
        Ok(Read {
            histories: histories
                .into_iter()
                .map(|rows| rows.finish(most))
                .collect(),
            ranks,
        })
    }

    /// Gives the traces the names of those who did them.
    async fn name(&mut self, histories: &mut [Rows], seen: Snapshot) -> Result<(), ReadError> {
        self.names.forget_unless(seen);
        let traces = || histories.iter().flat_map(Rows::traces);
        let unknown = self.names.unknown(traces().map(|trace| trace.op.as_str()));
        if !unknown.is_empty() {
            let rows = self.names_of(&unknown).await?;
            self.names.learn(&unknown, rows);
        }
        for trace in histories.iter_mut().flat_map(Rows::traces_mut) {
            trace.op_name = self.names.of(trace.op.as_str()).to_owned();
        }
        Ok(())
    }

    async fn names_of(&mut self, operators: &[&str]) -> Result<Vec<NameRow>, ReadError> {
        in_time(
            self.patience,
            NamesOf { operators }.load(&mut self.connection),
        )
        .await
    }
}

async fn rows(
    mut connection: &AsyncPgConnection,
    patience: Duration,
    tickets: &[AnyWidth],
    limit: i64,
    heard: impl Fn(),
) -> Result<(Vec<Rows>, Snapshot), ReadError> {
    let statement = HistoriesOf { tickets, limit };
    let rows = in_time(
        patience,
        statement.load_stream::<HistoryRow>(&mut connection),
    )
    .await?;
    let mut chunks = pin!(rows.try_ready_chunks(CHUNK));
    let mut histories: Vec<Rows> = Vec::with_capacity(tickets.len());
    let mut snapshot = Snapshot::default();
    while let Some(chunk) = in_time(patience, async {
        chunks.try_next().await.map_err(|error| error.1)
    })
    .await?
    {
        heard();
        for (ticket, issuer, seen, trace) in chunk {
            let Some(ticket) = TicketId::new(ticket.0) else {
                continue; // nobody asked for it
            };
            snapshot = seen;
            let rows = history_of(ticket, issuer, &mut histories);
            if let (Some(rows), Some(trace)) = (rows, trace) {
                rows.push(trace, String::new());
            }
        }
    }
    Ok((histories, snapshot))
}

/// The ranks of those of `students` who are known. Nothing is asked where there is nobody to ask for.
async fn ranks(
    mut connection: &AsyncPgConnection,
    patience: Duration,
    students: &[&str],
) -> Result<Vec<(StudentId, Access)>, ReadError> {
    if students.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<RankRow> = in_time(patience, RanksOf { students }.load(&mut connection)).await?;
    Ok(rows.into_iter().map(ranked).collect())
}

/// The history that is being read of `ticket`. Its rows come one after the other, as a rule.
fn history_of(ticket: TicketId, issuer: String, histories: &mut Vec<Rows>) -> Option<&mut Rows> {
    if let Some(at) = histories.iter().rposition(|rows| rows.ticket() == ticket) {
        return histories.get_mut(at);
    }
    histories.push(Rows::new(ticket, issuer));
    histories.last_mut()
}

async fn in_time<T>(
    patience: Duration,
    answer: impl Future<Output = QueryResult<T>>,
) -> Result<T, ReadError> {
    match timeout(patience, answer).await {
        Ok(outcome) => outcome.map_err(ReadError::Query),
        Err(_elapsed) => Err(ReadError::Silent(patience)),
    }
}

/// Why no histories came back.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("reading from wts.tickets, wts.ticket_traces, wts.operators and data.students")]
    Query(#[source] diesel::result::Error),
    #[error("no answer within {0:?}")]
    Silent(Duration),
}
