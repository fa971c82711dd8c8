//! `GET /api/v3/get_traces`: the history of a ticket.

mod body;
mod csv;
mod etag;
mod following;
pub(crate) mod params;
mod schema;
mod state;
mod view;

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    body::BoxBody,
    http::{
        StatusCode,
        header::{CONTENT_DISPOSITION, EntityTag, HeaderValue},
    },
    web::Data,
};
use wts_app::UseCases;
use wts_domain::{TicketHistory, TicketId};

#[cfg(feature = "fuzzing")]
pub(crate) use self::params::parse_ticket;
pub(crate) use self::{
    body::TraceWithChanges,
    schema::{TraceSchema, TracesBody},
};
use self::{body::body, etag::etag, following::Following, params::Params};
pub use self::{
    body::{write_traces_csv, write_traces_json},
    view::TracesView,
};
use crate::{
    authentication::AuthenticatedCaller,
    error::ApiError,
    request_body::NoBody,
    response::{self, CachePolicy, Content, Format},
    settings::Order,
    updates::Updates,
};

pub(crate) const PATH: &str = "/api/v3/get_traces";

/// Handles `GET /api/v3/get_traces`. A request is checked in the order of the extractors.
#[utoipa::path(
    get,
    path = PATH,
    tag = "traces",
    operation_id = "getTraces",
    summary = "Returns the history of a ticket",
    description = "Returns all traces of a ticket in chronological order. The caller must be the creator of the ticket or \
                   a staff member. `include` adds what each trace changed and the resulting state, `as_of` returns the \
                   history up to a point in time, and `format` chooses between JSON and CSV.\n\n\
                   With `Prefer: wait` and `If-None-Match`, the response waits until the history changes. With `Accept: \
                   text/event-stream`, the response is an event stream: an event `traces` with the JSON body for each state \
                   of the history, beginning with the current one, and at the end an event `end` with the member `reason`: \
                   `expired` (the token has expired), `forbidden`, `key_withdrawn`, `no_such_ticket`, `replaced` (by the 17th \
                   waiting or streaming request of the caller) or `stopping` (the instance is shutting down). New traces are \
                   sent within 1.5 s; edits, deletions, and changed names and ranks within 30 s.\n\n\
                   A request is checked in this order, and the first failed check determines the error: valid token, \
                   active caller, presence of `tid`, format of `tid`, values of `order`, `include`, `as_of` and `format`, \
                   no request body, existence of the ticket, permission to read the ticket, acceptable media type and \
                   content coding.",
    params(
        (
            "tid" = String,
            Query,
            description = "The ticket number: a positive decimal number up to 2^63-1, without sign or leading zeros. Must be \
                           given exactly once.",
            pattern = "^[1-9][0-9]{0,18}$",
            example = json!("123")
        ),
        (
            "order" = inline(Option<Order>),
            Query,
            description = "The order of the traces: `asc` returns the oldest first, `desc` the newest first. Must not be \
                           given more than once. If it is missing or empty, the order is `asc`, unless an administrator \
                           has configured `desc`."
        ),
        (
            "include" = Option<String>,
            Query,
            nullable = false,
            description = "A comma-separated list of what is added to the traces. `changes`: each trace gets the members \
                           `actor` and `changes`, or in CSV the columns `actor`, `status_from`, `priority_from`, \
                           `appointment_from` and `category_from`. `state`: the body gets the member `state`; not available \
                           in CSV. Must not be given more than once.",
            pattern = "^((changes|state)(,(changes|state))*)?$",
            example = json!("changes,state")
        ),
        (
            "as_of" = Option<String>,
            Query,
            nullable = false,
            description = "A point in time (RFC 3339). The response contains only the traces with `updated_at` at or before \
                           it, and `state` is the state at that time. Every value of `updated_at` is accepted, too. Encode a \
                           `+` as `%2B`. Must not be given more than once.",
            example = json!("2025-12-06T18:00:00+08:00")
        ),
        (
            "format" = inline(Option<Format>),
            Query,
            description = "The format of the response. It has precedence over `Accept`. If it is missing or empty, the media \
                           type with the highest quality in `Accept` is chosen, and JSON if both have the same quality. \
                           Errors are always JSON. Must not be given more than once."
        ),
        (
            "If-None-Match" = Option<String>,
            Header,
            nullable = false,
            description = "The `ETag` of a stored response. If the history has not changed since, the response is 304.",
            example = json!("W/\"4vsLrvSxvMbzBpJTrFhGqg\"")
        ),
        (
            "Prefer" = Option<String>,
            Header,
            nullable = false,
            description = "`wait=N` (RFC 7240): if `If-None-Match` contains the current entity tag, the response waits until \
                           the history changes, for at most N seconds, and is 304 then. `Preference-Applied` contains the \
                           seconds that are applied, at most 45 unless an administrator has configured another maximum.",
            example = json!("wait=5")
        ),
        (
            "Last-Event-ID" = Option<String>,
            Header,
            nullable = false,
            description = "The `id` of the last event of an earlier stream, or the `ETag` of a response in JSON. If it is \
                           current, the stream begins with the next change.",
            example = json!("W/\"4vsLrvSxvMbzBpJTrFhGqg\"")
        )
    ),
    security(("token" = [])),
    responses(
        (
            status = 200,
            description = "The history of the ticket",
            content(
                (
                    TracesBody = "application/json",
                    examples(
                        ("Traces" = (value = json!(schema::example()))),
                        ("With include=changes,state" = (value = json!(schema::example_with_changes_and_state())))
                    )
                ),
                (
                    String = "text/csv",
                    examples(("With include=changes" = (value = json!(schema::example_csv()))))
                ),
                (
                    String = "text/event-stream",
                    examples(("Two events" = (value = json!(schema::example_events()))))
                )
            ),
            headers((
                "Content-Disposition" = String,
                description = "Only if the body is CSV: the name of the file in which a browser saves it, such as \
                               `attachment; filename=\"ticket-123.csv\"`."
            ),
            (
                "Preference-Applied" = String,
                description = "Only if the request can wait: the wait that is applied, such as `wait=45`."
            ))
        ),
        (status = 304, description = "Not Modified: `If-None-Match` contains the current entity tag")
    )
)]
pub(crate) async fn get(
    AuthenticatedCaller(caller): AuthenticatedCaller,
    params: Params,
    _: NoBody,
    use_cases: Data<UseCases>,
    updates: Data<Updates>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let Params {
        ticket,
        view,
        format,
        is_stream,
    } = params;
    let wait = following::wait(&request, updates.max_wait).filter(|_| !is_stream);
    let is_following = is_stream || wait.is_some();
    let subscription = is_following.then(|| {
        let query = use_cases.watch_traces.query(&caller, ticket);
        updates.watcher.subscribe(query)
    });
    // A replica may not have a trace yet that the watcher has already seen.
    let history = if is_following {
        use_cases.watch_traces.execute(&caller, ticket).await?
    } else {
        use_cases.get_traces.execute(&caller, ticket).await?
    };
    let format = format.ok_or(ApiError::NotAcceptable)?;
    let representation = Representation {
        ticket,
        view,
        format,
    };
    let Some(subscription) = subscription else {
        return representation.respond(&request, history).await;
    };
    let following = Following {
        use_cases,
        updates,
        caller,
        representation,
        subscription,
    };
    match wait {
        Some(wait) => following.wait(&request, history, wait).await,
        None => following.stream(&request, history),
    }
}

/// The representation of a history that a client requested.
#[derive(Clone, Copy)]
struct Representation {
    ticket: TicketId,
    view: TracesView,
    format: Format,
}

impl Representation {
    /// Returns the response with a history, or 304 if the client already has it.
    async fn respond(
        &self,
        request: &HttpRequest,
        history: Arc<TicketHistory>,
    ) -> Result<HttpResponse, ApiError> {
        let etag = self.etag(&history).await;
        let content_type = self.format.content_type();
        let mut response =
            response::respond(request, etag, CachePolicy::PRIVATE, content_type, || {
                self.body(history).map(Content::Plain)
            })
            .await?;
        if self.format == Format::Csv && response.status() == StatusCode::OK {
            let headers = response.headers_mut();
            headers.insert(CONTENT_DISPOSITION, attachment(self.ticket)?);
        }
        Ok(response)
    }

    async fn etag(&self, history: &TicketHistory) -> EntityTag {
        etag(history, &self.view, self.format).await
    }

    fn body(&self, history: Arc<TicketHistory>) -> Result<BoxBody, ApiError> {
        body(history, self.view, self.format)
            .map_err(|_| ApiError::Internal("serializing a trace failed"))
    }
}

/// Returns the `Content-Disposition` (RFC 6266) that makes a browser save the traces of a ticket as a file.
fn attachment(ticket: TicketId) -> Result<HeaderValue, ApiError> {
    HeaderValue::try_from(format!("attachment; filename=\"ticket-{ticket}.csv\""))
        .map_err(|_| ApiError::Internal("the name of a file is not a header value"))
}
