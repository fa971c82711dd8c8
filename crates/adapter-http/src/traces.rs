//! `GET /api/v3/get_traces`.

mod body;
mod etag;
mod params;
mod schema;

use actix_web::{HttpRequest, HttpResponse, web::Data};
use wts_app::UseCases;

#[cfg(feature = "bench")]
pub use self::body::write_body;
#[cfg(feature = "fuzzing")]
pub(crate) use self::params::ticket_of;
pub(crate) use self::schema::TracesBody;
use self::{body::body, etag::etag, params::Params};
use crate::{
    authentication::AuthenticatedCaller,
    constants::JSON,
    error::ApiError,
    request_body::NoBody,
    response::{self, CacheRule, Content},
    settings::Order,
};

pub(crate) const PATH: &str = "/api/v3/get_traces";

/// Answers with the history of a ticket. The extractors stand in the contract's order of checks.
#[utoipa::path(
    get,
    path = PATH,
    tag = "traces",
    operation_id = "getTraces",
    summary = "The history of a ticket",
    description = "All traces of a ticket, in order of time. It is the creator's to read, and staff's.\n\n\
                   What is wrong is told in this order, the first first: the token, its bearer's rank, a missing `tid`, a \
                   malformed one, a wrong `order`, a body, a ticket that does not exist, one that is not the caller's \
                   to see, and forms that there are none of.",
    params(
        (
            "tid" = String,
            Query,
            description = "The ticket: a positive decimal number up to 2^63-1, without sign or leading zeros. Given once.",
            pattern = "^[1-9][0-9]{0,18}$",
            example = json!("123")
        ),
        (
            "order" = inline(Option<Order>),
            Query,
            description = "The oldest trace first, or the newest. An administrator decides where it is missing or empty; \
                           `asc` unless they do. Given once."
        ),
        (
            "If-None-Match" = Option<String>,
            Header,
            nullable = false,
            description = "The `ETag` of a response that the client has kept: while it is still valid, the response is 304.",
            example = json!("W/\"4vsLrvSxvMbzBpJTrFhGqg\"")
        )
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "The history, whole", body = TracesBody, example = json!(schema::example())),
        (status = 304, description = "The client has this version already: it sent its `ETag` as `If-None-Match`")
    )
)]
pub(crate) async fn get(
    AuthenticatedCaller(caller): AuthenticatedCaller,
    Params { ticket, order }: Params,
    _: NoBody,
    use_cases: Data<UseCases>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let history = use_cases.get_traces.execute(&caller, ticket).await?;
    response::ensure_accepts_json(&request)?;
    let etag = etag(&history, order).await;
    response::respond(&request, etag, CacheRule::PRIVATE, JSON, || {
        body(history, order)
            .map(Content::Plain)
            .map_err(|_| ApiError::Internal("a trace could not be written"))
    })
    .await
}
