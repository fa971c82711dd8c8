//! `GET /api/v3/get_traces`: the history of a ticket.

mod body;
mod csv;
mod etag;
pub(crate) mod params;
mod schema;
mod state;
mod view;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{CONTENT_DISPOSITION, HeaderValue},
    },
    web::Data,
};
use wts_app::UseCases;
use wts_domain::TicketId;

#[cfg(feature = "fuzzing")]
pub(crate) use self::params::parse_ticket;
pub(crate) use self::{
    body::TraceWithChanges,
    schema::{TraceSchema, TracesBody},
};
use self::{body::body, etag::etag, params::Params};
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
            format = DateTime,
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
                )
            ),
            headers((
                "Content-Disposition" = String,
                description = "Only if the body is CSV: the name of the file in which a browser saves it, such as \
                               `attachment; filename=\"ticket-123.csv\"`."
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
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let Params {
        ticket,
        view,
        format,
    } = params;
    let history = use_cases.get_traces.execute(&caller, ticket).await?;
    let format = format.ok_or(ApiError::NotAcceptable)?;
    let etag = etag(&history, &view, format).await;
    let content_type = format.content_type();
    let mut response =
        response::respond(&request, etag, CachePolicy::PRIVATE, content_type, || {
            body(history, view, format)
                .map(Content::Plain)
                .map_err(|_| ApiError::Internal("serializing a trace failed"))
        })
        .await?;
    if format == Format::Csv && response.status() == StatusCode::OK {
        let headers = response.headers_mut();
        headers.insert(CONTENT_DISPOSITION, attachment(ticket)?);
    }
    Ok(response)
}

/// Returns the `Content-Disposition` (RFC 6266) by which a browser saves the traces of a ticket in a file.
fn attachment(ticket: TicketId) -> Result<HeaderValue, ApiError> {
    HeaderValue::try_from(format!("attachment; filename=\"ticket-{ticket}.csv\""))
        .map_err(|_| ApiError::Internal("the name of a file is not a header value"))
}
