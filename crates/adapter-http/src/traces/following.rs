//! Requests that follow a ticket: long polling and event streams.

use std::{
    mem,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant as Clock},
};

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody},
    http::{
        Method, StatusCode,
        header::{EntityTag, IF_NONE_MATCH, IfNoneMatch},
    },
    web::{Bytes, Data},
};
use futures_util::future::poll_fn;
use tokio::time::{Instant, sleep_until};
use wts_app::UseCases;
use wts_domain::{ActiveCaller, TicketHistory};

use super::Representation;
use crate::{
    error::{ApiError, Unauthenticated},
    request_class::{
        RequestClass::{Streaming, Waiting},
        WaitedFor,
    },
    token::TokenError,
    updates::{
        self, EndReason, EventStream, HEARTBEAT, HEARTBEAT_INTERVAL, LongLivedRequest, Reading,
        Subscription, Updates,
    },
};

/// The end of the data of an event.
const EVENT_END: &[u8] = b"\n\n";

/// Returns the time that a request waits if nothing has changed, at most `max`.
pub(super) fn wait(request: &HttpRequest, max: Duration) -> Option<Duration> {
    let headers = request.headers();
    if request.method() != Method::GET || !headers.contains_key(IF_NONE_MATCH) {
        return None;
    }
    let wait = updates::preferred_wait(headers, max)?;
    // `*` matches every tag, so there is nothing to wait for.
    let condition = request.get_header::<IfNoneMatch>()?;
    (condition != IfNoneMatch::Any).then_some(wait)
}

/// A request that follows a ticket.
pub(super) struct Following {
    pub(super) use_cases: Data<UseCases>,
    pub(super) updates: Data<Updates>,
    pub(super) caller: ActiveCaller,
    pub(super) representation: Representation,
    pub(super) subscription: Subscription,
}

impl Following {
    /// Returns a response as soon as the history differs from the one that the client has, or 304 after the time `wait`.
    pub(super) async fn wait(
        mut self,
        request: &HttpRequest,
        history: Arc<TicketHistory>,
        wait: Duration,
    ) -> Result<HttpResponse, ApiError> {
        let mut response = self.representation.respond(request, history).await?;
        if response.status() == StatusCode::NOT_MODIFIED {
            let begun = Clock::now();
            let waited = self.wait_for_change(request, wait).await;
            let mut extensions = request.extensions_mut();
            extensions.insert(WaitedFor(begun.elapsed()));
            response = waited?.unwrap_or(response);
        }
        let (name, value) = updates::applied(wait);
        response.headers_mut().insert(name, value);
        Ok(response)
    }

    /// Returns the response with the changed history, or that after the time `wait`; `None` if the wait ends earlier.
    async fn wait_for_change(
        &mut self,
        request: &HttpRequest,
        wait: Duration,
    ) -> Result<Option<HttpResponse>, ApiError> {
        let deadline = Instant::now() + wait;
        let begun = self.updates.begin(request, &self.caller, Waiting);
        // If this instance is stopping, the client gets 304 at once and sends the next request to another instance.
        let Some(mut long_lived) = begun.map(Some).or_else(unless_stopping)? else {
            return Ok(None);
        };
        loop {
            let reading = tokio::select! {
                biased;
                reason = long_lived.ended() => return match reason {
                    EndReason::Expired => {
                        Err(Unauthenticated::InvalidToken(TokenError::Expired).into())
                    }
                    _ => Ok(None),
                },
                reading = self.subscription.next() => reading,
                () = sleep_until(deadline) => break,
            };
            long_lived.verify_token()?;
            let history = self.authorize(&reading)?;
            let response = self.representation.respond(request, history).await?;
            if response.status() != StatusCode::NOT_MODIFIED {
                self.updates.record_delivery(&reading);
                return Ok(Some(response));
            }
        }
        long_lived.verify_token()?;
        let ticket = self.representation.ticket;
        let history = self.use_cases.watch_traces.execute(&self.caller, ticket);
        let history = history.await?;
        self.representation
            .respond(request, history)
            .await
            .map(Some)
    }

    /// Returns an event stream. If the client has the history already, the stream begins with the next change.
    pub(super) fn stream(
        self,
        request: &HttpRequest,
        history: Arc<TicketHistory>,
    ) -> Result<HttpResponse, ApiError> {
        if request.method() == Method::HEAD {
            return Ok(updates::head_response());
        }
        let last_id = request.headers().get("last-event-id");
        let last_id = last_id.and_then(|id| id.to_str().ok()?.trim().parse().ok());
        let long_lived = self.updates.begin(request, &self.caller, Streaming)?;
        let events = TraceEvents {
            following: self,
            long_lived,
            sent: last_id,
            next: Next::Compare(history),
            heartbeat: Instant::now() + HEARTBEAT_INTERVAL,
        };
        Ok(events.into_response())
    }

    fn authorize(&self, reading: &Reading) -> Result<Arc<TicketHistory>, ApiError> {
        let ticket = self.representation.ticket;
        let found = reading.found.clone();
        let watch = &self.use_cases.watch_traces;
        Ok(watch.authorize(&self.caller, ticket, found)?)
    }
}

/// Returns `Ok(None)` if the error is that the service is stopping, and the error otherwise.
fn unless_stopping<T>(error: ApiError) -> Result<Option<T>, ApiError> {
    match error {
        ApiError::NotReady(_) => Ok(None),
        error => Err(error),
    }
}

/// The events of a stream: `traces` for each state of the history, and `end`.
struct TraceEvents {
    following: Following,
    long_lived: LongLivedRequest,
    /// The entity tag of the state that the client has.
    sent: Option<EntityTag>,
    next: Next,
    /// When the next heartbeat is due.
    heartbeat: Instant,
}

/// The next step of a stream.
enum Next {
    /// Sends the history if it differs from the one that the client has.
    Compare(Arc<TicketHistory>),
    /// Sends the remaining chunks of the current event.
    Data(BoxBody),
    /// Waits for a reading.
    Wait,
    /// Ends the stream.
    End,
}

impl EventStream for TraceEvents {
    async fn next_chunk(&mut self) -> Option<Result<Bytes, ApiError>> {
        let chunk = self.chunk().await.transpose();
        self.heartbeat = Instant::now() + HEARTBEAT_INTERVAL;
        chunk
    }
}

impl TraceEvents {
    async fn chunk(&mut self) -> Result<Option<Bytes>, ApiError> {
        loop {
            match mem::replace(&mut self.next, Next::Wait) {
                Next::Compare(history) => {
                    if let Some(start) = self.begin_event(history).await? {
                        return Ok(Some(start));
                    }
                }
                Next::Data(mut body) => {
                    let chunk = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await;
                    let Some(chunk) = chunk else {
                        return Ok(Some(Bytes::from_static(EVENT_END)));
                    };
                    let chunk =
                        chunk.map_err(|_| ApiError::Internal("serializing a trace failed"))?;
                    self.next = Next::Data(body);
                    return Ok(Some(chunk));
                }
                Next::End => return Ok(None),
                Next::Wait => {
                    let reading = tokio::select! {
                        biased;
                        reason = self.long_lived.ended() => return Ok(Some(self.end(reason))),
                        reading = self.following.subscription.next() => reading,
                        () = sleep_until(self.heartbeat) => return Ok(Some(HEARTBEAT)),
                    };
                    match self.check(&reading) {
                        Ok(history) => {
                            if let Some(start) = self.begin_event(history).await? {
                                self.following.updates.record_delivery(&reading);
                                return Ok(Some(start));
                            }
                        }
                        Err(error) => {
                            if let Some(reason) = EndReason::from_error(&error) {
                                return Ok(Some(self.end(reason)));
                            }
                        }
                    }
                }
            }
        }
    }

    /// Checks that the caller may still read the ticket.
    fn check(&mut self, reading: &Reading) -> Result<Arc<TicketHistory>, ApiError> {
        self.long_lived.verify_token()?;
        self.following.authorize(reading)
    }

    /// Returns an event with this history, or its beginning if the history is long. Returns `None` if the client has the
    /// history already.
    async fn begin_event(
        &mut self,
        history: Arc<TicketHistory>,
    ) -> Result<Option<Bytes>, ApiError> {
        let representation = self.following.representation;
        let etag = representation.etag(&history).await;
        let is_known = |sent: &EntityTag| sent.weak_eq(&etag);
        if self.sent.as_ref().is_some_and(is_known) {
            return Ok(None);
        }
        let mut event = format!("event: traces\nid: {etag}\ndata: ").into_bytes();
        self.sent = Some(etag);
        match representation.body(history)?.try_into_bytes() {
            Ok(whole) => {
                event.extend_from_slice(&whole);
                event.extend_from_slice(EVENT_END);
            }
            Err(body) => self.next = Next::Data(body),
        }
        Ok(Some(event.into()))
    }

    fn end(&mut self, reason: EndReason) -> Bytes {
        self.next = Next::End;
        updates::end_event(reason)
    }
}
