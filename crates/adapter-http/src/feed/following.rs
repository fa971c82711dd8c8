//! Requests that follow the feed: long polling and event streams.

use std::{
    collections::VecDeque,
    mem,
    sync::Arc,
    time::{Duration, Instant as Clock},
};

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::Method,
    web::{Bytes, Data},
};
use futures_util::FutureExt;
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{Instant, sleep, sleep_until},
};
use wts_app::{FeedPosition, ListedTraces, PageQuery, UseCases};
use wts_domain::{ActiveCaller, TicketId, Trace, TraceId};

use super::{body, cursor, params::INVALID_CURSOR, respond};
use crate::{
    error::{ApiError, LocalizedText, Unauthenticated},
    request_class::{
        RequestClass::{Streaming, Waiting},
        WaitedFor,
    },
    response::{Format, ensure_accepts_json, prefers_event_stream},
    settings::Order,
    token::TokenError,
    updates::{
        self, EndReason, EventStream, FeedBatch, HEARTBEAT, HEARTBEAT_INTERVAL, LongLivedRequest,
        Updates,
    },
};

/// The time after which the access of a stream's caller is checked again.
const RECHECK_MILLIS: std::ops::Range<u64> = 20_000..28_000;
/// The number of traces that a stream reads at once.
const PAGE_TRACES: usize = 100;
/// The time until a stream reads again after the database failed.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

const DESC_IN_STREAM: LocalizedText =
    LocalizedText::new("expected asc for an event stream", "事件流只支持 asc");

/// Returns whether the response is an event stream.
///
/// # Errors
///
/// Returns an error if the feed has no stream with these parameters.
pub(super) fn is_stream(request: &HttpRequest, page: &PageQuery) -> Result<bool, ApiError> {
    let has_format = form_urlencoded::parse(request.query_string().as_bytes())
        .any(|(name, value)| name == "format" && !value.is_empty());
    if has_format || !prefers_event_stream(request, &[Format::Json]) {
        return Ok(false);
    }
    if is_descending(page) {
        return Err(ApiError::invalid_parameter("order", DESC_IN_STREAM));
    }
    Ok(true)
}

/// Returns the time for which an empty page waits, at most `max`.
pub(super) fn wait(request: &HttpRequest, page: &PageQuery, max: Duration) -> Option<Duration> {
    if request.method() != Method::GET || is_descending(page) {
        return None;
    }
    updates::preferred_wait(request.headers(), max)
}

fn is_descending(page: &PageQuery) -> bool {
    matches!(page.start, FeedPosition::Newest | FeedPosition::Before(_))
}

/// A request that follows the feed.
pub(super) struct Following {
    use_cases: Data<UseCases>,
    updates: Data<Updates>,
    caller: ActiveCaller,
    page: PageQuery,
    include_changes: bool,
    batches: broadcast::Receiver<Arc<FeedBatch>>,
}

impl Following {
    pub(super) fn new(
        use_cases: Data<UseCases>,
        updates: Data<Updates>,
        caller: ActiveCaller,
        page: PageQuery,
        include_changes: bool,
    ) -> Self {
        Self {
            batches: updates.watcher.subscribe_feed(),
            use_cases,
            updates,
            caller,
            page,
            include_changes,
        }
    }

    /// Returns a page. If it would be empty, waits up to `wait` for a trace.
    pub(super) async fn wait(
        mut self,
        request: &HttpRequest,
        wait: Duration,
    ) -> Result<HttpResponse, ApiError> {
        let start = self.page.start;
        let mut listed = self.read().await?;
        ensure_accepts_json(request)?;
        if listed.page.traces.is_empty() && !listed.page.has_more {
            let begun = Clock::now();
            let waited = self.wait_for_trace(request, &listed, wait).await;
            let mut extensions = request.extensions_mut();
            extensions.insert(WaitedFor(begun.elapsed()));
            drop(extensions);
            if let Some(news) = waited? {
                listed = news;
            }
        }
        let mut response = respond(request, start, &listed).await?;
        let (name, value) = updates::applied(wait);
        response.headers_mut().insert(name, value);
        Ok(response)
    }

    /// Returns the page with new traces, or the page after the time `wait`; `None` if the wait ends earlier.
    async fn wait_for_trace(
        &mut self,
        request: &HttpRequest,
        empty: &ListedTraces,
        wait: Duration,
    ) -> Result<Option<ListedTraces>, ApiError> {
        let deadline = Instant::now() + wait;
        let mut long_lived = match self.updates.begin(request, &self.caller, Waiting) {
            Ok(long_lived) => long_lived,
            // The client opens the next request at another instance.
            Err(ApiError::NotReady(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let denied = empty.denied.clone();
        let mut position = empty.page.next;
        loop {
            let batch = tokio::select! {
                biased;
                reason = long_lived.ended() => return match reason {
                    EndReason::Expired => {
                        Err(Unauthenticated::InvalidToken(TokenError::Expired).into())
                    }
                    _ => Ok(None),
                },
                batch = self.batches.recv() => batch,
                () = sleep_until(deadline) => break,
            };
            let has_news = match &batch {
                Ok(batch) if batch.after > id_of(position) => true,
                Ok(batch) => self
                    .new_traces(batch, position)
                    .any(|trace| !denied.contains(&trace.ticket)),
                Err(_) => true,
            };
            if has_news {
                long_lived.verify_token()?;
                // The next page begins after the traces that cannot match.
                self.page.start = position;
                let listed = self.read().await?;
                if !listed.page.traces.is_empty() || listed.page.has_more {
                    if let Ok(batch) = batch {
                        self.updates.record_batch_delivery(&batch);
                    }
                    return Ok(Some(listed));
                }
                position = listed.page.next;
            } else if let Ok(batch) = batch {
                position = FeedPosition::After(batch.end.max(id_of(position)));
            }
        }
        long_lived.verify_token()?;
        self.page.start = position;
        self.read().await.map(Some)
    }

    /// Reads the page as a plain request.
    async fn read(&self) -> Result<ListedTraces, ApiError> {
        let list_traces = &self.use_cases.list_traces;
        let listed = list_traces.execute(&self.caller, self.page.clone(), self.include_changes);
        Ok(listed.await?)
    }

    /// Returns the traces of a batch after `position` that match the filter.
    fn new_traces<'b>(
        &'b self,
        batch: &'b FeedBatch,
        position: FeedPosition,
    ) -> impl Iterator<Item = &'b Trace> {
        batch
            .traces
            .iter()
            .filter(move |trace| trace.id > id_of(position) && self.page.filter.matches(trace))
    }

    /// Returns an event stream. `Last-Event-ID` has precedence over the cursor.
    pub(super) async fn stream(mut self, request: &HttpRequest) -> Result<HttpResponse, ApiError> {
        if let Some(id) = request.headers().get("last-event-id") {
            let id = id.to_str().unwrap_or_default().trim();
            if !id.is_empty() {
                self.page.start = cursor::decode(id, Order::Asc)
                    .ok_or(ApiError::invalid_parameter("cursor", INVALID_CURSOR))?;
            }
        }
        self.page.limit = PAGE_TRACES;
        let requested = self.page.filter.tickets.clone();
        let listed = self.read().await?;
        if request.method() == Method::HEAD {
            return Ok(updates::head_response());
        }
        let long_lived = self.updates.begin(request, &self.caller, Streaming)?;
        let mut events = FeedEvents {
            long_lived,
            requested,
            queue: VecDeque::new(),
            has_caught_up: false,
            has_ended: false,
            heartbeat: Instant::now() + HEARTBEAT_INTERVAL,
            recheck: next_recheck(),
            following: self,
        };
        if !listed.denied.is_empty() {
            let denied = serde_json::to_string(&listed.denied)
                .map_err(|_| ApiError::Internal("serializing ticket numbers failed"))?;
            let event = format!("event: denied\ndata: {denied}\n\n");
            events.queue.push_back(event.into());
        }
        events.set_denied(&listed.denied);
        events.add_page(&listed)?;
        Ok(events.into_response())
    }
}

fn next_recheck() -> Instant {
    Instant::now() + Duration::from_millis(fastrand::u64(RECHECK_MILLIS))
}

/// Returns the id after which a page begins.
fn id_of(position: FeedPosition) -> TraceId {
    match position {
        FeedPosition::After(id) => id,
        _ => TraceId::new(i64::MIN),
    }
}

/// The events of a stream: `denied`, `trace` for each trace, and `end`.
struct FeedEvents {
    following: Following,
    long_lived: LongLivedRequest,
    /// The tickets that the client requested.
    requested: Option<Vec<TicketId>>,
    queue: VecDeque<Bytes>,
    /// Whether all traces before the watcher's have been queued.
    has_caught_up: bool,
    has_ended: bool,
    heartbeat: Instant,
    recheck: Instant,
}

impl EventStream for FeedEvents {
    async fn next_chunk(&mut self) -> Option<Result<Bytes, ApiError>> {
        let chunk = self.chunk().await.transpose();
        self.heartbeat = Instant::now() + HEARTBEAT_INTERVAL;
        chunk
    }
}

impl FeedEvents {
    async fn chunk(&mut self) -> Result<Option<Bytes>, ApiError> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Ok(Some(event));
            }
            if self.has_ended {
                return Ok(None);
            }
            if self.recheck <= Instant::now() {
                self.recheck = next_recheck();
                if let Err(error) = self.check().await {
                    if let Some(reason) = EndReason::from_error(&error) {
                        return Ok(Some(self.end(reason)));
                    }
                    self.recheck = Instant::now() + RETRY_INTERVAL;
                }
            }
            if !self.has_caught_up {
                // Catching up can take minutes, without a trace that matches the filter.
                if let Some(reason) = self.long_lived.ended().now_or_never() {
                    return Ok(Some(self.end(reason)));
                }
                if self.heartbeat <= Instant::now() {
                    return Ok(Some(HEARTBEAT));
                }
                match self.read_page().await {
                    Ok(()) => continue,
                    Err(error) => {
                        if let Some(reason) = EndReason::from_error(&error) {
                            return Ok(Some(self.end(reason)));
                        }
                    }
                }
            }
            tokio::select! {
                biased;
                reason = self.long_lived.ended() => return Ok(Some(self.end(reason))),
                // The database failed.
                () = sleep(RETRY_INTERVAL), if !self.has_caught_up => {}
                batch = self.following.batches.recv(), if self.has_caught_up => match batch {
                    Ok(batch) => self.add_batch(&batch).await?,
                    Err(RecvError::Lagged(_) | RecvError::Closed) => self.has_caught_up = false,
                },
                () = sleep_until(self.heartbeat) => return Ok(Some(HEARTBEAT)),
                () = sleep_until(self.recheck) => {}
            }
        }
    }

    /// Reads the next page and queues its traces.
    async fn read_page(&mut self) -> Result<(), ApiError> {
        let listed = self.following.read().await?;
        self.add_page(&listed)
    }

    fn add_page(&mut self, listed: &ListedTraces) -> Result<(), ApiError> {
        let page = &listed.page;
        for (index, trace) in page.traces.iter().enumerate() {
            let changes = listed.changes.as_ref();
            let changes = changes.and_then(|changes| changes.get(index)).copied();
            self.add_trace(trace, changes)?;
        }
        self.following.page.start = page.next;
        self.has_caught_up = !page.has_more;
        Ok(())
    }

    async fn add_batch(&mut self, batch: &FeedBatch) -> Result<(), ApiError> {
        let position = self.following.page.start;
        if batch.after > id_of(position) {
            self.has_caught_up = false;
            return Ok(());
        }
        let following = &self.following;
        let traces: Vec<_> = following.new_traces(batch, position).cloned().collect();
        let changes = if following.include_changes && !traces.is_empty() {
            let changes = following.use_cases.list_traces.changes(&traces);
            let Ok(changes) = changes.await else {
                // The page is read when the database is back.
                self.has_caught_up = false;
                return Ok(());
            };
            changes.into_iter().map(Some).collect()
        } else {
            vec![None; traces.len()]
        };
        if !traces.is_empty() {
            following.updates.record_batch_delivery(batch);
        }
        for (trace, changes) in traces.iter().zip(changes) {
            self.add_trace(trace, changes)?;
        }
        self.following.page.start = FeedPosition::After(batch.end.max(id_of(position)));
        Ok(())
    }

    fn add_trace(
        &mut self,
        trace: &Trace,
        changes: Option<wts_domain::TraceChanges>,
    ) -> Result<(), ApiError> {
        let data = body::trace(trace, changes)
            .map_err(|_| ApiError::Internal("serializing a trace failed"))?;
        let id = cursor::encode(FeedPosition::After(trace.id));
        let event = format!("event: trace\nid: {id}\ndata: {data}\n\n");
        self.queue.push_back(event.into());
        Ok(())
    }

    /// Checks that the token is valid, and which of the requested tickets the caller may read now.
    async fn check(&mut self) -> Result<(), ApiError> {
        self.long_lived.verify_token()?;
        let mut query = self.following.page.clone();
        query.filter.tickets.clone_from(&self.requested);
        let list_traces = &self.following.use_cases.list_traces;
        let authorized = list_traces.authorize(&self.following.caller, query).await?;
        self.set_denied(&authorized.denied);
        Ok(())
    }

    fn set_denied(&mut self, denied: &[TicketId]) {
        let readable = self.requested.as_ref().map(|requested| {
            let tickets = requested.iter().copied();
            tickets.filter(|ticket| !denied.contains(ticket)).collect()
        });
        self.following.page.filter.tickets = readable;
    }

    fn end(&mut self, reason: EndReason) -> Bytes {
        self.has_ended = true;
        mem::take(&mut self.queue);
        updates::end_event(reason)
    }
}
