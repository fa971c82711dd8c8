//! The feed of a PostgreSQL database.
//!
//! A page in ascending order ends at the [settled horizon](horizon), which all requests share. A request takes two small
//! statements: one that moves the horizon, and one that reads the page. The first is omitted if the page is full of traces
//! below the horizon, and the second if the page begins at the horizon.

mod histories;
mod horizon;
mod news;
mod observer;
mod statements;

use std::{
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use tokio::{
    runtime::Handle,
    sync::{Mutex, Semaphore},
    time::{sleep, timeout},
};
use tokio_util::task::AbortOnDropHandle;
use wts_app::{
    ErrorChain, FeedFilter, FeedPosition, FeedRepository, FoundHistory, FoundIssuers, HistoryQuery,
    IssuerQuery, News, PageQuery, RepositoryError, TracePage, WatchRepository,
};
use wts_domain::{Access, StaffId, StudentId, TicketId, Timestamp, TraceId};

use self::{
    horizon::{Observation, SettledHorizon},
    statements::{
        Conditions, Direction, IssuersOf, ObservationRow, Observe, PageRow, ProcessesOf, ReadPage,
    },
};
use super::{
    reader::ReadError,
    reader_slot::{ReadTimeouts, ReaderSlot},
};
use crate::{
    error::Cause,
    feed::PageRows,
    health::DatabaseHealth,
    history::rank_from_row,
    settings::ReadSettings,
    sql_types::{IdValue, TimestampValue},
    url::PostgresConfig,
};

/// The number of connections that read pages.
const CONNECTIONS: usize = 4;
/// The timeout for finding the first settled position, while transactions are in progress that began before the service
/// started.
const FIRST_HORIZON_TIMEOUT: Duration = Duration::from_secs(1);
/// The interval between observations until the first settled position is found.
const FIRST_HORIZON_INTERVAL: Duration = Duration::from_millis(50);

/// The feed of a primary database.
pub(super) struct PostgresFeed {
    reader: Arc<FeedReader>,
    /// The runtime on which statements run, so that they are completed if the request is aborted.
    runtime: Handle,
}

struct FeedReader {
    observing: ReaderSlot,
    /// The horizon. It is locked during an observation.
    horizon: Mutex<ObservedHorizon>,
    /// The horizon after the last observation.
    known: std::sync::Mutex<PageHorizon>,
    pages: ReaderSlot,
    permits: Semaphore,
    queue_timeout: Duration,
}

/// The horizon, and the last observation.
#[derive(Default)]
struct ObservedHorizon {
    horizon: SettledHorizon,
    /// The start time of the last observation, and its error, if any.
    last: Option<(Instant, Option<Arc<str>>)>,
    /// Since when committed traces have been above the horizon and the horizon has not moved.
    waiting_since: Option<Instant>,
    /// The id of the last invalid trace that was logged.
    invalid: Option<i64>,
}

impl ObservedHorizon {
    /// Records an observation that began at `begun`. Returns the horizon for a reader at `position`.
    fn record(&mut self, begun: Instant, observation: &Observation, position: i64) -> i64 {
        let before = self.horizon.settled();
        let settled = self.horizon.record(observation, position);
        let after = self.horizon.settled();
        self.waiting_since = (observation.newest > Some(after)).then(|| {
            let since = self.waiting_since.filter(|_| after == before);
            since.unwrap_or(begun)
        });
        self.last = Some((begun, None));
        settled
    }
}

/// The horizon for one page.
#[derive(Clone, Copy)]
struct PageHorizon {
    settled: i64,
    server: Timestamp,
}

impl From<&SettledHorizon> for PageHorizon {
    fn from(horizon: &SettledHorizon) -> Self {
        Self {
            settled: horizon.settled(),
            server: horizon.server(),
        }
    }
}

impl PostgresFeed {
    /// Opens the feed of a primary, without connecting to it. Statements run on the current runtime.
    pub(super) fn new(
        config: &PostgresConfig,
        settings: &ReadSettings,
        health: &DatabaseHealth,
    ) -> Self {
        let slot = || ReaderSlot::new(config, ReadTimeouts::shared(settings), health);
        Self {
            reader: Arc::new(FeedReader {
                observing: slot(),
                horizon: Mutex::default(),
                known: std::sync::Mutex::new(PageHorizon::from(&SettledHorizon::default())),
                pages: slot().with_capacity(CONNECTIONS),
                permits: Semaphore::new(CONNECTIONS),
                queue_timeout: settings.queue_timeout,
            }),
            runtime: Handle::current(),
        }
    }

    /// Spawns a task that observes the feed while no request does. Dropping the returned handle stops the task.
    pub(super) fn spawn_observer(&self) -> AbortOnDropHandle<()> {
        let observing = observer::run(Arc::clone(&self.reader));
        AbortOnDropHandle::new(self.runtime.spawn(observing))
    }

    /// Runs a read to its end, even if the request is aborted: a connection would be closed if its read were cancelled.
    async fn run<T: Send + 'static>(
        &self,
        read: impl Future<Output = Result<T, RepositoryError>> + Send + 'static,
    ) -> Result<T, RepositoryError> {
        let outcome = self.runtime.spawn(read).await;
        outcome.unwrap_or_else(|panic| Err(failed(panic)))
    }
}

#[async_trait]
impl FeedRepository for PostgresFeed {
    async fn read_page(&self, query: &PageQuery) -> Result<TracePage, RepositoryError> {
        self.run(Arc::clone(&self.reader).page(query.clone())).await
    }

    async fn find_issuers(&self, query: &IssuerQuery) -> Result<FoundIssuers, RepositoryError> {
        self.run(Arc::clone(&self.reader).issuers(query.clone()))
            .await
    }
}

#[async_trait]
impl WatchRepository for PostgresFeed {
    async fn read_news(&self, after: Option<TraceId>) -> Result<News, RepositoryError> {
        self.run(Arc::clone(&self.reader).news(after)).await
    }

    async fn find_all(
        &self,
        queries: &[HistoryQuery],
    ) -> Result<Vec<Option<FoundHistory>>, RepositoryError> {
        let request = queries.iter().collect();
        let response = self.run(Arc::clone(&self.reader).histories(request));
        Ok(response.await?.results_of(queries))
    }
}

impl FeedReader {
    async fn page(self: Arc<Self>, query: PageQuery) -> Result<TracePage, RepositoryError> {
        let query = &query;
        match query.start {
            FeedPosition::Oldest => self.ascending(query, i64::MIN).await,
            FeedPosition::After(position) => self.ascending(query, position.get()).await,
            FeedPosition::End => {
                let end = self.first_horizon().await?;
                let end = TraceId::new(end.ok_or(RepositoryError::Busy)?);
                Ok(TracePage {
                    traces: Vec::new(),
                    next: FeedPosition::After(end),
                    has_more: false,
                    settled: Some(end),
                })
            }
            FeedPosition::Newest => {
                // Until a horizon is found, the position for later traces is the beginning of the feed.
                let settled = self.first_horizon().await?.unwrap_or(i64::MIN);
                let mut page = self.descending(query, i64::MAX).await?;
                page.settled = Some(TraceId::new(settled));
                Ok(page)
            }
            FeedPosition::Before(position) => {
                let high = position.get().saturating_sub(1);
                self.descending(query, high).await
            }
        }
    }

    /// Reads a page of settled traces after `position`.
    async fn ascending(
        &self,
        query: &PageQuery,
        position: i64,
    ) -> Result<TracePage, RepositoryError> {
        let known = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
        if query.filter == FeedFilter::default() && known.settled.saturating_sub(position) > limit {
            let page = self.settled_page(query, position, known).await?;
            if let Some(page) = page.filter(|page| page.has_more) {
                return Ok(page);
            }
        }
        // After a fail-over the connections can lead to different servers, so a second attempt is made.
        for _ in 0..2 {
            let horizon = self.observe(position).await?;
            if let Some(page) = self.settled_page(query, position, horizon).await? {
                return Ok(page);
            }
        }
        Err(failed("connections lead to different servers"))
    }

    /// Reads a page of traces after `position` that the horizon includes; `None` if another server was observed.
    async fn settled_page(
        &self,
        query: &PageQuery,
        position: i64,
        horizon: PageHorizon,
    ) -> Result<Option<TracePage>, RepositoryError> {
        let mut rows = PageRows::default();
        if position < horizon.settled {
            let range = (position, horizon.settled);
            let server = self
                .read(query, Direction::Ascending, range, &mut rows)
                .await?;
            if server != horizon.server {
                self.pages.clear();
                self.observing.clear();
                return Ok(None);
            }
        }
        let end = horizon.settled.max(position);
        Ok(Some(TracePage {
            settled: Some(TraceId::new(horizon.settled)),
            ..rows.into_page(query.limit, FeedPosition::After, end)
        }))
    }

    async fn descending(&self, query: &PageQuery, high: i64) -> Result<TracePage, RepositoryError> {
        let mut rows = PageRows::default();
        let range = (i64::MIN, high);
        self.read(query, Direction::Descending, range, &mut rows)
            .await?;
        Ok(rows.into_page(query.limit, FeedPosition::Before, i64::MIN))
    }

    /// Reads at most `limit + 1` traces whose ids are above `range.0` and at most `range.1`.
    /// Returns the start time of the server.
    async fn read(
        &self,
        query: &PageQuery,
        direction: Direction,
        range: (i64, i64),
        rows: &mut PageRows,
    ) -> Result<Timestamp, RepositoryError> {
        let filter = &query.filter;
        let tickets = filter.tickets.as_deref().map(ids);
        let statuses: Vec<_> = filter.statuses.iter().map(|label| label.as_str()).collect();
        let priorities: Vec<_> = filter
            .priorities
            .iter()
            .map(|label| label.as_str())
            .collect();
        let categories: Vec<_> = filter
            .categories
            .iter()
            .map(|label| label.as_str())
            .collect();
        let statement = ReadPage {
            direction,
            low: range.0,
            high: range.1,
            limit: i64::try_from(query.limit).map_or(i64::MAX, |limit| limit.saturating_add(1)),
            tickets: tickets.as_deref(),
            conditions: Conditions {
                since: filter.since.map(TimestampValue),
                until: filter.until.map(TimestampValue),
                op: filter.op.as_ref().map(StaffId::as_str),
                statuses: &statuses,
                priorities: &priorities,
                categories: &categories,
            },
        };
        let _permit = self.permit().await?;
        let read = self.pages.read(|mut reader| async move {
            let page: Vec<PageRow> = reader.load(statement).await?;
            Ok((reader, page))
        });
        let page = self.measured(read).await.map_err(failed)?;
        let mut server = None;
        for (bound, started, ticket, name, trace) in page {
            server = started;
            rows.set_bound(bound);
            rows.push(ticket, name, trace).map_err(failed)?;
        }
        Ok(server.ok_or_else(|| failed(ReadError::Standby))?.0)
    }

    /// Returns the settled position. If none has been found yet, waits for one; after a timeout returns `None`.
    async fn first_horizon(&self) -> Result<Option<i64>, RepositoryError> {
        let begun = Instant::now();
        loop {
            let settled = self.observe(i64::MIN).await?.settled;
            if settled > i64::MIN {
                return Ok(Some(settled));
            }
            if begun.elapsed() > FIRST_HORIZON_TIMEOUT {
                return Ok(None);
            }
            sleep(FIRST_HORIZON_INTERVAL).await;
        }
    }

    /// Returns the horizon for a reader at `position`, from an observation that begins after this call. Concurrent calls
    /// share an observation.
    async fn observe(&self, position: i64) -> Result<PageHorizon, RepositoryError> {
        let called = Instant::now();
        let mut observed = self.horizon.lock().await;
        if let Some((begun, error)) = &observed.last
            && *begun >= called
        {
            match error {
                Some(error) => return Err(failed(error.to_string())),
                None if position <= observed.horizon.settled() => {
                    return Ok(PageHorizon::from(&observed.horizon));
                }
                None => {}
            }
        }
        let begun = Instant::now();
        let outcome = self.read_observation(&observed.horizon, position).await;
        let error = outcome
            .as_ref()
            .err()
            .map(|error| ErrorChain(error).to_string());
        observed.last = Some((begun, error.map(Arc::from)));
        let observation = outcome.map_err(failed)?;
        let settled = observed.record(begun, &observation, position);
        let shared = self.set_known(&observed.horizon);
        Ok(PageHorizon { settled, ..shared })
    }

    fn set_known(&self, horizon: &SettledHorizon) -> PageHorizon {
        let known = PageHorizon::from(horizon);
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
        known
    }

    async fn read_observation(
        &self,
        horizon: &SettledHorizon,
        position: i64,
    ) -> Result<Observation, ReadError> {
        let statement = Observe {
            floor: &horizon.floor(position),
            settled: &horizon.settled(),
        };
        let read = self.observing.read(|mut reader| async move {
            let rows: Vec<ObservationRow> = reader.load(statement).await?;
            let row = rows.into_iter().next();
            let (Some(server), newest, following, writers) = row.unwrap_or_default() else {
                return Err(ReadError::Standby);
            };
            let observation = Observation {
                server: server.0,
                newest,
                following,
                writers,
            };
            Ok((reader, observation))
        });
        self.measured(read).await
    }

    /// Runs a read and records its duration.
    async fn measured<T>(
        &self,
        read: impl Future<Output = Result<T, ReadError>>,
    ) -> Result<T, ReadError> {
        let begun = Instant::now();
        let outcome = read.await;
        let metrics = self.pages.health().metrics();
        metrics.record_feed_read(begun.elapsed());
        outcome
    }

    async fn issuers(self: Arc<Self>, query: IssuerQuery) -> Result<FoundIssuers, RepositoryError> {
        let tickets = ids(&query.tickets);
        // PostgreSQL rejects text with a zero byte, so no student has such a number.
        let student = query.rank_of.as_ref().map(StudentId::as_str);
        let students: Vec<_> = student
            .filter(|sid| !sid.contains('\0'))
            .into_iter()
            .collect();
        let _permit = self.permit().await?;
        let (tickets, students) = (&tickets[..], &students[..]);
        let read = self.pages.read(|mut reader| async move {
            let issuers: Vec<(IdValue, String)> = if tickets.is_empty() {
                Vec::new()
            } else {
                reader.load(IssuersOf { tickets }).await?
            };
            let ranks = reader.ranks(students).await?;
            Ok((reader, (issuers, ranks)))
        });
        let (issuers, ranks) = self.measured(read).await.map_err(failed)?;
        let rank = ranks.into_iter().next().map(|row| rank_from_row(row).1);
        let issuers = issuers.into_iter().filter_map(|(ticket, issuer)| {
            Some((TicketId::new(ticket.0)?, StudentId::from(issuer)))
        });
        Ok(FoundIssuers {
            issuers: issuers.collect(),
            rank: student.map(|_| rank.unwrap_or(Access::Unregistered)),
        })
    }

    async fn permit(&self) -> Result<tokio::sync::SemaphorePermit<'_>, RepositoryError> {
        match timeout(self.queue_timeout, self.permits.acquire()).await {
            Ok(permit) => permit.map_err(failed),
            Err(_elapsed) => Err(RepositoryError::Busy),
        }
    }
}

fn ids(tickets: &[TicketId]) -> Vec<IdValue> {
    tickets.iter().map(|ticket| IdValue(ticket.get())).collect()
}

fn failed(cause: impl Into<Cause>) -> RepositoryError {
    RepositoryError::Failed(cause.into())
}
