//! `GET /api/v3/get_traces`.

mod body;
mod description;
mod dto;
mod params;
mod version;

use actix_web::{HttpRequest, HttpResponse, web::Data};
use wts_app::GetTraces;

#[cfg(feature = "bench")]
pub use self::body::write_body;
pub(crate) use self::description::TracesBody;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use self::params::ticket_of;
use self::{body::body, description::Good, params::Params, version::version};
use crate::{
    authentication::AuthenticatedCaller,
    constants::JSON,
    error::ApiError,
    request_body::NoBody,
    response::{self, CacheRule, Content},
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
    params(Params),
    security(("token" = [])),
    responses(Good, ApiError)
)]
pub(crate) async fn get(
    AuthenticatedCaller(caller): AuthenticatedCaller,
    Params { ticket, order }: Params,
    _: NoBody,
    get_traces: Data<GetTraces>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let history = get_traces.execute(&caller, ticket).await?;
    response::ensure_accepts_json(&request)?;
    let etag = version(&history, order).await;
    response::respond(&request, etag, CacheRule::PRIVATE, JSON, || {
        body(history, order)
            .map(Content::Plain)
            .map_err(|_| ApiError::Internal("a trace could not be written"))
    })
    .await
}
