//! `GET /api/v3/traces`: the feed of the traces of many tickets in the order of their ids.

mod body;
mod cursor;
mod following;
pub(crate) mod params;
mod schema;

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    body::MessageBody,
    web::{Data, Payload},
};
use wts_app::{FeedPosition, ListedTraces, UseCases};

pub use self::body::trace_json;
pub(crate) use self::schema::FeedBody;
use self::{following::Following, params::Params};
use crate::{
    authentication::AuthenticatedCaller,
    constants::JSON,
    error::ApiError,
    request_body::NoBody,
    response::{self, CachePolicy, Content, ETagBuilder},
    settings::Order,
    updates::Updates,
};

pub(crate) const PATH: &str = "/api/v3/traces";

/// Handles `GET /api/v3/traces`.
#[utoipa::path(
    get,
    path = PATH,
    tag = "traces",
    operation_id = "listTraces",
    summary = "Returns the traces of many tickets in the order in which they were recorded",
    description = "Returns a page of the traces of all tickets, or of the tickets in `tid`, in the order of `opid`. Staff can \
                   read all tickets. Other callers must give `tid`, and read the tickets that they created.\n\n\
                   With `order=asc`, a client that follows `next_cursor` gets every trace exactly once, although traces are \
                   committed in another order than that of `opid`: a page ends before the first trace in front of which a \
                   transaction in progress could still insert one. Later edits and deletions, and traces that are inserted \
                   with an explicit `opid`, are not returned.\n\n\
                   With `Prefer: wait` and `order=asc`, the response waits while the page is empty. With `Accept: \
                   text/event-stream`, the response is an event stream: an event `trace` for each trace, whose id is the \
                   cursor of the trace, and at the end an event `end` with the `reason` as for `get_traces`. If tickets were \
                   denied, the first event is `denied` with their numbers. A new trace is sent within 1.5 s after no \
                   transaction in progress can insert a trace in front of it any more.\n\n\
                   A request is checked in this order, and the first failed check determines the error: valid token, \
                   active caller, format of `tid`, presence of `tid`, values of `order`, `include`, `format`, `cursor`, \
                   `limit`, `since`, `until`, `op`, `status`, `priority` and `category`, no request body, acceptable media \
                   type and content coding.",
    params(
        (
            "cursor" = Option<String>,
            Query,
            nullable = false,
            description = "The position after which the page begins: `next_cursor` or `live_cursor` of an earlier response, \
                           or `end`, which skips all existing traces, with `order=asc` only. If it is missing, the page \
                           begins with the first trace of the order.",
            example = json!("AQAAAAAAAAAAew")
        ),
        (
            "limit" = Option<u32>,
            Query,
            nullable = false,
            description = "The maximum number of traces: 1 to 1000, or to 100 with `include=changes`; 100 if it is missing.",
            minimum = 1,
            maximum = 1000,
            example = json!(100)
        ),
        (
            "order" = inline(Option<Order>),
            Query,
            description = "The order of `opid`: `asc`, the default, or `desc`, which begins with the newest trace."
        ),
        (
            "tid" = Option<String>,
            Query,
            nullable = false,
            description = "A comma-separated list of 1 to 100 distinct ticket numbers. Numbers of tickets that do not exist or \
                           that the caller may not read are returned in `denied`. Required unless the caller is a staff \
                           member.",
            pattern = "^([1-9][0-9]{0,18}(,[1-9][0-9]{0,18}){0,99})?$",
            example = json!("123,124")
        ),
        (
            "since" = Option<String>,
            Query,
            nullable = false,
            description = "The earliest `updated_at` (RFC 3339). Encode a `+` as `%2B`.",
            example = json!("2025-12-06T10:00:00Z")
        ),
        (
            "until" = Option<String>,
            Query,
            nullable = false,
            description = "The end of the range of `updated_at` (RFC 3339), which is excluded. Encode a `+` as `%2B`.",
            example = json!("2026-12-06T10:00:00Z")
        ),
        (
            "op" = Option<String>,
            Query,
            nullable = false,
            description = "Only traces by this staff number.",
            example = json!("W007")
        ),
        (
            "status" = Option<String>,
            Query,
            nullable = false,
            description = "Only traces that set one of these statuses, separated by commas.",
            example = json!("solved,canceled")
        ),
        (
            "priority" = Option<String>,
            Query,
            nullable = false,
            description = "Only traces that set one of these priorities, separated by commas.",
            example = json!("highest,mainline")
        ),
        (
            "category" = Option<String>,
            Query,
            nullable = false,
            description = "Only traces that set one of these categories, separated by commas.",
            example = json!("low-speed")
        ),
        (
            "include" = Option<String>,
            Query,
            nullable = false,
            description = "`changes`: each trace gets the members `actor` and `changes`.",
            pattern = "^(changes)?$",
            example = json!("changes")
        ),
        (
            "If-None-Match" = Option<String>,
            Header,
            nullable = false,
            description = "The `ETag` of a stored response. If the page has not changed since, the response is 304.",
            example = json!("W/\"4vsLrvSxvMbzBpJTrFhGqg\"")
        ),
        (
            "Prefer" = Option<String>,
            Header,
            nullable = false,
            description = "`wait=N` (RFC 7240), with `order=asc`: an empty page waits for a trace for at most N seconds, and is \
                           returned empty then. `Preference-Applied` contains the seconds that are applied, at most 45 unless \
                           an administrator has configured another maximum.",
            example = json!("wait=5")
        ),
        (
            "Last-Event-ID" = Option<String>,
            Header,
            nullable = false,
            description = "The `id` of the last event of an earlier stream, after which this stream begins. It has precedence \
                           over `cursor`.",
            example = json!("AQAAAAAAAAAAew")
        )
    ),
    security(("token" = [])),
    responses(
        (
            status = 200,
            description = "A page of the feed",
            content(
                (
                    FeedBody = "application/json",
                    examples(
                        ("A page" = (value = json!(schema::example()))),
                        ("The end" = (value = json!(schema::empty_example())))
                    )
                ),
                (
                    String = "text/event-stream",
                    examples(("One trace" = (value = json!(schema::example_events()))))
                )
            ),
            headers((
                "Preference-Applied" = String,
                description = "Only if the request can wait: the wait that is applied, such as `wait=45`."
            ))
        ),
        (status = 304, description = "Not Modified: `If-None-Match` contains the current entity tag")
    )
)]
pub(crate) async fn get(
    AuthenticatedCaller(caller): AuthenticatedCaller,
    use_cases: Data<UseCases>,
    updates: Data<Updates>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    // Whether `tid` is required depends on the caller, so the handler parses the parameters instead of an extractor.
    let Params {
        page,
        include_changes,
    } = Params::parse(request.query_string(), &caller)?;
    let is_stream = following::is_stream(&request, &page)?;
    NoBody::from_request(&request, &mut payload.into_inner()).await?;
    if is_stream {
        let following = Following::new(use_cases, updates, caller, page, include_changes);
        return following.stream(&request).await;
    }
    if let Some(wait) = following::wait(&request, &page, updates.max_wait) {
        let following = Following::new(use_cases, updates, caller, page, include_changes);
        return following.wait(&request, wait).await;
    }
    let start = page.start;
    let listed = use_cases
        .list_traces
        .execute(&caller, page, include_changes)
        .await?;
    respond(&request, start, &listed).await
}

/// Returns the response with a page that was requested from `start`.
async fn respond(
    request: &HttpRequest,
    start: FeedPosition,
    listed: &ListedTraces,
) -> Result<HttpResponse, ApiError> {
    response::ensure_accepts_json(request)?;
    let body =
        body::body(start, listed).map_err(|_| ApiError::Internal("serializing a trace failed"))?;
    let mut etag = ETagBuilder::new();
    etag.add_bytes(&body);
    response::respond(request, etag.finish(), CachePolicy::PRIVATE, JSON, || {
        Ok(Content::Plain(body.boxed()))
    })
    .await
}
