//! `GET /api/v3/get_traces`.

mod body;
mod dto;
mod order;
mod params;
mod version;

use actix_web::{HttpRequest, HttpResponse, web::Data};
use wts_app::GetTraces;

#[cfg(feature = "bench")]
pub use self::body::write_body;
pub use self::order::{Order, UnknownOrder};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use self::params::ticket_of;
use self::{body::body, params::Params, version::version};
use crate::{answer, authentication::Active, content::WithoutContent, error::ApiError};

/// Answers with the history of a ticket. The extractors stand in the contract's order of checks.
pub(crate) async fn get(
    Active(caller): Active,
    Params { ticket, order }: Params,
    _: WithoutContent,
    get_traces: Data<GetTraces>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let history = get_traces.execute(&caller, ticket).await?;
    let version = version(&history, order).await;
    answer::json(&request, version, || {
        body(history, order).map_err(|_| ApiError::Fault("a trace could not be written"))
    })
}
