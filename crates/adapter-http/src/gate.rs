//! What every request and every answer passes, whatever lies behind: limits, a request id, the access record, and a
//! stop for panics.

mod limits;
mod record;
mod request_id;

use std::panic::AssertUnwindSafe;

use actix_web::{
    Error,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};
use futures_util::FutureExt;

use self::{record::Record, request_id::RequestId};
use crate::error::ApiError;

/// Lets a request through and sees its answer off.
pub(crate) async fn pass(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let record = Record::begin(RequestId::random(), request.method());
    if let Err(refusal) = limits::check(&request) {
        return Ok(record.end(request.error_response(refusal)));
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
