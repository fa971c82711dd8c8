//! Reading all histories, or some.

use std::pin::pin;

use futures_util::{StreamExt, TryStreamExt};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_postgres::{
    Client, Row, RowStream, Statement,
    types::{ToSql, Type},
};
use wts_app::{Batch, BulkError, Entry, HistorySource, Record, Selection, Share};
use wts_domain::{Ticket, Timestamp};

use super::rows::{self, STAFF, TICKETS, TRACES};
use crate::{
    error::OpenError,
    postgres::{Server, connection::client},
};

/// How many batches wait to be taken.
const WAITING: usize = 2;
/// How many tickets are read before their traces: few at first, and more while they are small.
const FEWEST_TICKETS: i64 = 8;
const MOST_TICKETS: i64 = 256;
/// When tickets are not small, together.
const LARGE: usize = 256 * 1024;

/// All of it is read in one transaction, which sees the database as it was when its first statement ran.
const BEGIN: &str = "set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; \
                     set lock_timeout = '10s'; begin isolation level repeatable read read only";

/// Reads histories in a task of its own, while those it has read are being taken.
pub(crate) struct PostgresSource {
    batches: Receiver<Result<Option<Batch>, BulkError>>,
}

impl HistorySource for PostgresSource {
    fn next_batch(&mut self) -> Result<Option<Batch>, BulkError> {
        // Only who says so has come to the end.
        self.batches.blocking_recv().unwrap_or_else(|| {
            let cause = "its reader has ended too early";
            Err(BulkError::failed("cannot read the database", cause))
        })
    }
}

/// See [`crate::source`].
pub(crate) async fn source(
    server: &Server,
    selection: Selection,
) -> Result<PostgresSource, OpenError> {
    let client = client(server, BEGIN)
        .await
        .map_err(|error| OpenError::Unreachable(error.into()))?;
    let reader = Reader::prepare(client, &selection)
        .await
        .map_err(|error| OpenError::Unreadable(error.into()))?;
    let (sender, batches) = channel(WAITING);
    tokio::spawn(async move {
        let mut out = Out {
            sender,
            batch: Batch::default(),
            share: Share {
                done: 0,
                of: reader.count,
            },
        };
        let end = match reader.read(&mut out).await {
            Ok(()) => Ok(None),
            Err(Ended::Failed(error)) => Err(error),
            Err(Ended::Unwanted) => return,
        };
        let _ = out.sender.send(end).await;
    });
    Ok(PostgresSource { batches })
}

/// Why reading ended before the last record.
enum Ended {
    Failed(BulkError),
    /// Nobody wants to hear more.
    Unwanted,
}

impl From<BulkError> for Ended {
    fn from(error: BulkError) -> Self {
        Self::Failed(error)
    }
}

impl From<tokio_postgres::Error> for Ended {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Failed(failed(error))
    }
}

pub(super) fn failed(error: tokio_postgres::Error) -> BulkError {
    BulkError::failed("cannot read the database", error)
}

/// Where what was read goes.
struct Out {
    sender: Sender<Result<Option<Batch>, BulkError>>,
    batch: Batch,
    share: Share,
}

impl Out {
    async fn push(&mut self, record: Record) -> Result<(), Ended> {
        self.batch.push(Entry { line: None, record });
        if self.batch.is_full() {
            self.send().await?;
        }
        Ok(())
    }

    async fn send(&mut self) -> Result<(), Ended> {
        let mut batch = std::mem::take(&mut self.batch);
        batch.completed = Some(self.share);
        if batch.is_empty() {
            return Ok(());
        }
        self.sender
            .send(Ok(Some(batch)))
            .await
            .map_err(|_| Ended::Unwanted)
    }
}

/// Which tickets are wanted, as part of a statement about `wts.tickets k`, and its parameters from `$3` on.
struct Filter {
    sql: &'static str,
    parameters: Vec<Box<dyn ToSql + Sync + Send>>,
    types: Vec<Type>,
}

impl Filter {
    fn of(selection: &Selection) -> Self {
        match selection {
            Selection::Whole => Self {
                sql: "true",
                parameters: Vec::new(),
                types: Vec::new(),
            },
            Selection::Tickets(tickets) => {
                let tickets: Vec<_> = tickets.iter().map(|ticket| ticket.get()).collect();
                Self {
                    sql: "k.tid = any($3)",
                    parameters: vec![Box::new(tickets)],
                    types: vec![Type::INT8_ARRAY],
                }
            }
            Selection::Filed { since, before } => Self {
                sql: "($3::timestamptz is null or k.submitted_at >= $3)
                      and ($4::timestamptz is null or k.submitted_at < $4)",
                parameters: vec![Box::new(since.map(Bound)), Box::new(before.map(Bound))],
                types: vec![Type::TIMESTAMPTZ, Type::TIMESTAMPTZ],
            },
        }
    }
}

struct Reader {
    client: Client,
    filter: Filter,
    staff: Statement,
    tickets: Statement,
    traces: Statement,
    count: u64,
}

impl Reader {
    /// Prepares everything, and looks at the database for the first time.
    async fn prepare(client: Client, selection: &Selection) -> Result<Self, tokio_postgres::Error> {
        let filter = Filter::of(selection);
        let wanted = filter.sql;
        // Every statement takes the same parameters: the last ticket, how many, and those of the filter.
        let types: Vec<_> = [Type::INT8, Type::INT8]
            .into_iter()
            .chain(filter.types.clone())
            .collect();
        let count = format!(
            "select count(*) from wts.tickets k where k.tid > $1 and $2 > 0::bigint and {wanted}"
        );
        let everybody = matches!(selection, Selection::Whole);
        let staff = format!(
            "{STAFF} where $1 <= 0::bigint and $2 > 0::bigint and ({everybody} or o.wid in (
                 select t.op from wts.ticket_traces t join wts.tickets k on k.tid = t.tid where {wanted}))
             order by o.wid collate \"C\""
        );
        let tickets = format!("{TICKETS} where k.tid > $1 and {wanted} order by k.tid limit $2");
        let traces = format!("{TRACES} where t.tid = any($1) order by t.tid, t.updated_at, t.opid");
        let count = client.prepare_typed(&count, &types).await?;
        let mut reader = Self {
            staff: client.prepare_typed(&staff, &types).await?,
            tickets: client.prepare_typed(&tickets, &types).await?,
            traces: client.prepare_typed(&traces, &[Type::INT8_ARRAY]).await?,
            client,
            filter,
            count: 0,
        };
        let mut counted = pin!(reader.rows(&count, i64::MIN, 1).await?);
        let row = counted.try_next().await?;
        let tickets: i64 = row.map_or(Ok(0), |row| row.try_get(0))?;
        reader.count = u64::try_from(tickets).unwrap_or_default();
        Ok(reader)
    }

    /// Runs a statement with the last ticket, how many, and what the filter needs.
    async fn rows(
        &self,
        statement: &Statement,
        last: i64,
        most: i64,
    ) -> Result<RowStream, tokio_postgres::Error> {
        let own: [&(dyn ToSql + Sync); 2] = [&last, &most];
        let filter = self
            .filter
            .parameters
            .iter()
            .map(|value| value.as_ref() as _);
        self.client
            .query_raw(statement, own.into_iter().chain(filter).collect::<Vec<_>>())
            .await
    }

    async fn read(&self, out: &mut Out) -> Result<(), Ended> {
        let mut staff = pin!(self.rows(&self.staff, i64::MIN, 1).await?);
        while let Some(row) = staff.try_next().await? {
            out.push(Record::Staff(rows::staff(&row)?)).await?;
        }
        let (mut last, mut most) = (i64::MIN, FEWEST_TICKETS);
        loop {
            let tickets: Vec<Row> = self
                .rows(&self.tickets, last, most)
                .await?
                .try_collect()
                .await?;
            let size: usize = tickets.iter().map(Row::raw_size_bytes).sum();
            most = if size > LARGE {
                FEWEST_TICKETS
            } else {
                (most * 2).min(MOST_TICKETS)
            };
            let tickets = tickets
                .iter()
                .map(rows::ticket)
                .collect::<Result<Vec<_>, _>>()?;
            let Some(final_ticket) = tickets.last() else {
                break;
            };
            last = final_ticket.id.get();
            self.histories(tickets, out).await?;
        }
        out.send().await
    }

    /// Reads the traces of these tickets.
    async fn histories(&self, tickets: Vec<Ticket>, out: &mut Out) -> Result<(), Ended> {
        let numbers: Vec<_> = tickets.iter().map(|ticket| ticket.id.get()).collect();
        let traces = self
            .client
            .query_raw(&self.traces, [&numbers as &(dyn ToSql + Sync)])
            .await?;
        let mut traces = pin!(traces.peekable());
        for ticket in tickets {
            let id = ticket.id;
            out.push(Record::Ticket(ticket)).await?;
            out.share.done += 1;
            let of_ticket = |row: &Result<Row, tokio_postgres::Error>| {
                row.as_ref().map_or(true, |row| {
                    row.try_get(1).is_ok_and(|tid: i64| tid == id.get())
                })
            };
            while let Some(row) = traces.as_mut().next_if(of_ticket).await {
                out.push(Record::Trace(rows::trace(&row?)?)).await?;
            }
        }
        match traces.next().await {
            None => Ok(()),
            Some(Err(error)) => Err(error.into()),
            Some(Ok(_)) => {
                let cause = "traces came in another order than their tickets";
                Err(BulkError::failed("cannot read the database", cause).into())
            }
        }
    }
}

/// A moment that tickets are compared with.
#[derive(Debug)]
struct Bound(Timestamp);

impl ToSql for Bound {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut tokio_postgres::types::private::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(&self.0.micros_since_2000().to_be_bytes());
        Ok(tokio_postgres::types::IsNull::No)
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::TIMESTAMPTZ
    }

    tokio_postgres::types::to_sql_checked!();
}
