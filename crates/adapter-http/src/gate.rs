//! What every request and every answer passes, whatever lies behind: limits, a request id, the access record, and a
//! stop for panics.

mod client_address;
mod cors;
mod framing;
mod limits;
mod protection;
mod record;
mod request_id;
mod trusted_proxies;

use std::panic::AssertUnwindSafe;

use actix_web::{
    Error,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};
use futures_util::FutureExt;
use tokio::task::yield_now;

pub use self::cors::{InvalidOrigin, Origins};
pub use self::trusted_proxies::{ParseProxiesError, TrustedProxies};
pub(crate) use self::{client_address::client_address, framing::Over};
use self::{record::Record, request_id::RequestId};
use crate::error::ApiError;

/// Lets a request through and sees its answer off.
pub(crate) async fn pass(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let record = Record::begin(&request, RequestId::of(&request));
    if Over::takes(&request, record.is_last()) {
        // Meanwhile the answer to the last request is sent.
        yield_now().await;
        let cut = request.error_response(ApiError::Ambiguous);
        return Ok(record.end(cut).map_body(|_, _| BoxBody::new(framing::Cut)));
    }
    if let Err(refusal) = framing::check(&request).and_then(|()| limits::check(&request)) {
        return Ok(record.end(request.error_response(refusal)));
    }
    if let Some(answer) = cors::preflight(&request) {
        return Ok(record.end(request.into_response(answer)));
    }
    let answer = AssertUnwindSafe(async { next.call(request).await })
        .catch_unwind()
        .await;
    match answer {
        Ok(Ok(response)) => Ok(record.end(response.map_into_boxed_body())),
        // What was asked is lost with these two, so their answers go to the client as errors.
        Ok(Err(error)) => Err(record.end_with_error(error)),
        Err(_panic) => {
            Err(record.end_with_error(ApiError::Fault("the request's handler panicked").into()))
        }
    }
}
