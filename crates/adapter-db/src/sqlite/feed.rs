//! The feed of a SQLite database.
//!
//! SQLite has one writer at a time, which assigns ids in ascending order, so every committed trace is settled. The table
//! assigns no id twice, even if the trace with the highest id is deleted.

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SqliteConnection};
use tokio::{sync::Mutex, time::timeout};
use wts_app::{
    FeedFilter, FeedPosition, FeedRepository, FoundHistory, FoundIssuers, HistoryQuery,
    IssuerQuery, News, PageQuery, RepositoryError, TracePage, WatchRepository,
};
use wts_domain::{Access, StudentId, TicketId, TraceId};

use super::{
    loader,
    statements::{TraceRange, issuers_of, rank_of},
    worker::{ReadError, SqliteWorker},
};
use crate::{
    batching::BatchRequest,
    error::OpenError,
    feed::PageRows,
    health::DatabaseHealth,
    history::{MAX_BATCHED_TRACES, RankRow, rank_from_row},
    settings::ReadSettings,
    sql_types::IdValue,
    tables::ticket_traces,
};

/// The maximum number of new traces that are read at once.
const MAX_NEWS: usize = 1_000;

/// The feed of a database file, read by one thread.
pub(super) struct SqliteFeed {
    /// Locked by the request whose read is in progress.
    worker: Mutex<SqliteWorker>,
    queue_timeout: Duration,
}

impl SqliteFeed {
    /// Opens the file and starts the thread.
    pub(super) fn open(
        file: &Path,
        settings: &ReadSettings,
        health: &DatabaseHealth,
    ) -> Result<Self, OpenError> {
        let worker = SqliteWorker::start(file, settings.answer_timeout, health)?;
        Ok(Self {
            worker: Mutex::new(worker),
            queue_timeout: settings.queue_timeout,
        })
    }

    async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut SqliteConnection) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, RepositoryError> {
        let Ok(worker) = timeout(self.queue_timeout, self.worker.lock()).await else {
            return Err(RepositoryError::Busy);
        };
        let outcome = worker.run(read).await;
        outcome.map_err(|error| RepositoryError::Failed(error.into()))
    }
}

#[async_trait]
impl FeedRepository for SqliteFeed {
    async fn read_page(&self, query: &PageQuery) -> Result<TracePage, RepositoryError> {
        let query = query.clone();
        self.run(move |connection| page(connection, &query)).await
    }

    async fn find_issuers(&self, query: &IssuerQuery) -> Result<FoundIssuers, RepositoryError> {
        let query = query.clone();
        self.run(move |connection| issuers(connection, &query))
            .await
    }
}

#[async_trait]
impl WatchRepository for SqliteFeed {
    async fn read_news(&self, after: Option<TraceId>) -> Result<News, RepositoryError> {
        let query = PageQuery {
            start: after.map_or(FeedPosition::End, FeedPosition::After),
            limit: MAX_NEWS,
            filter: FeedFilter::default(),
        };
        let page = self.read_page(&query).await?;
        let FeedPosition::After(next) = page.next else {
            return Ok(News::default());
        };
        Ok(News {
            settled: page.traces,
            next: Some(next),
            has_more: page.has_more,
            is_truncated: page.has_more,
            others: Vec::new(),
        })
    }

    async fn find_all(
        &self,
        queries: &[HistoryQuery],
    ) -> Result<Vec<Option<FoundHistory>>, RepositoryError> {
        let request: BatchRequest = queries.iter().collect();
        let response =
            self.run(move |connection| loader::read(connection, &request, MAX_BATCHED_TRACES));
        Ok(response.await?.results_of(queries))
    }
}

fn page(connection: &mut SqliteConnection, query: &PageQuery) -> Result<TracePage, ReadError> {
    let newest: Option<IdValue> = ticket_traces::table
        .select(ticket_traces::opid)
        .order(ticket_traces::opid.desc())
        .first(connection)
        .optional()?;
    let newest = newest.map_or(i64::MIN, |newest| newest.0);
    let position = match query.start {
        FeedPosition::Newest => {
            let mut page = descending(connection, query, i64::MAX)?;
            page.settled = Some(TraceId::new(newest));
            return Ok(page);
        }
        FeedPosition::Before(id) => {
            return descending(connection, query, id.get().saturating_sub(1));
        }
        FeedPosition::Oldest => i64::MIN,
        FeedPosition::After(id) => id.get(),
        FeedPosition::End => newest,
    };
    let mut rows = PageRows::default();
    if position < newest {
        let range = TraceRange {
            filter: &query.filter,
            low: position,
            high: newest,
            is_descending: false,
        };
        read(connection, range, query.limit, &mut rows)?;
    }
    Ok(TracePage {
        settled: Some(TraceId::new(newest)),
        ..rows.into_page(query.limit, FeedPosition::After, newest.max(position))
    })
}

fn descending(
    connection: &mut SqliteConnection,
    query: &PageQuery,
    high: i64,
) -> Result<TracePage, ReadError> {
    let mut rows = PageRows::default();
    let range = TraceRange {
        filter: &query.filter,
        low: i64::MIN,
        high,
        is_descending: true,
    };
    read(connection, range, query.limit, &mut rows)?;
    Ok(rows.into_page(query.limit, FeedPosition::Before, i64::MIN))
}

/// Reads at most `limit + 1` traces of the range. The extra trace shows that there is another page.
fn read(
    connection: &mut SqliteConnection,
    mut range: TraceRange<'_>,
    limit: usize,
    rows: &mut PageRows,
) -> Result<(), ReadError> {
    let conditions = FeedFilter {
        tickets: None,
        ..range.filter.clone()
    };
    if range.filter.tickets.is_none() && conditions != FeedFilter::default() {
        let bound: Option<IdValue> = range.scan_bound(connection)?;
        rows.set_bound(bound);
        match bound {
            Some(IdValue(bound)) if range.is_descending => range.low = bound.saturating_sub(1),
            Some(IdValue(bound)) => range.high = bound,
            None => {}
        }
    }
    let limit = i64::try_from(limit).map_or(i64::MAX, |limit| limit.saturating_add(1));
    for (ticket, name, trace) in range.traces(connection, limit)? {
        rows.push(Some(ticket), name, Some(trace))?;
    }
    Ok(())
}

fn issuers(
    connection: &mut SqliteConnection,
    query: &IssuerQuery,
) -> Result<FoundIssuers, ReadError> {
    let tickets = query.tickets.iter().map(|ticket| IdValue(ticket.get()));
    let issuers: Vec<(IdValue, String)> = issuers_of(tickets.collect()).load(connection)?;
    let rank = match &query.rank_of {
        Some(student) => {
            let row = rank_of(student.as_str()).first::<RankRow>(connection);
            let rank = row.optional()?.map(|row| rank_from_row(row).1);
            Some(rank.unwrap_or(Access::Unregistered))
        }
        None => None,
    };
    let issuers = issuers
        .into_iter()
        .filter_map(|(ticket, issuer)| Some((TicketId::new(ticket.0)?, StudentId::from(issuer))));
    Ok(FoundIssuers {
        issuers: issuers.collect(),
        rank,
    })
}
