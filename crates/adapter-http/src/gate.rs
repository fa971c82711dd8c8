//! What every request and every answer passes, whatever lies behind: limits, a request id, the access record, and a
//! stop for panics and for what takes too long.

mod admission;
mod client_address;
mod cors;
mod framing;
mod limits;
mod protection;
mod record;
mod request_id;
mod trace_context;
mod trusted_proxies;
mod unread;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use actix_web::{
    Error,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};
use futures_util::FutureExt;
use tokio::{task::yield_now, time::timeout};

pub(crate) use self::admission::Admissions;
pub use self::cors::{InvalidOrigin, Origins};
pub use self::record::ACCESS_RECORDS;
use self::record::Record;
pub use self::trusted_proxies::{ParseProxiesError, TrustedProxies};
pub(crate) use self::{
    client_address::client_address, framing::Over, limits::LONGEST_TARGET, unread::refuse_unread,
};
use crate::{
    error::ApiError, health::Health, metrics::HttpMetrics, rate_limit::ClientLimits, routes,
    settings::HttpSettings,
};

/// What the gate goes by, one for all workers.
pub(crate) struct Gate {
    pub(crate) admissions: Admissions,
    request_timeout: Duration,
    answer_timeout: Duration,
    health: Health,
    metrics: HttpMetrics,
    /// Whether machines ask every other second, so that the log tells of good answers only to those who want all.
    is_operators: bool,
}

impl Gate {
    pub(crate) fn new(settings: &HttpSettings, health: &Health, metrics: &HttpMetrics) -> Self {
        Self {
            admissions: Admissions::new(settings.max_in_flight.get(), metrics.clone()),
            request_timeout: settings.request_timeout,
            answer_timeout: settings.answer_timeout,
            health: health.clone(),
            metrics: metrics.clone(),
            is_operators: false,
        }
    }

    /// For the listener that is not for everyone.
    pub(crate) fn of_operators(settings: &HttpSettings, health: &Health) -> Self {
        Self {
            is_operators: true,
            // What operators ask is not what they ask about.
            ..Self::new(settings, health, &HttpMetrics::default())
        }
    }
}

/// Lets a request through and sees its answer off.
pub(crate) async fn pass(
    gate: Data<Gate>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let gate: Arc<Gate> = gate.into_inner();
    let record = Record::begin(&request, Arc::clone(&gate));
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
    if !routes::is_counted_by_token(&request) && !routes::is_health(record.route()) {
        let limits: Option<&Data<ClientLimits>> = request.app_data();
        let counted = limits.map_or(Ok(()), |limits| {
            limits.count_stranger(|| client_address(request.request()))
        });
        if let Err(refusal) = counted {
            return Ok(record.end(request.error_response(refusal)));
        }
    }
    let admission = if routes::is_health(record.route()) {
        None
    } else {
        match gate.admissions.admit() {
            Ok(admission) => Some(admission),
            Err(refusal) => return Ok(record.end(request.error_response(refusal))),
        }
    };
    let answer = AssertUnwindSafe(async { next.call(request).await }).catch_unwind();
    match timeout(gate.request_timeout, answer).await {
        Ok(Ok(Ok(response))) => {
            let id = record.id().clone();
            let response = record.end(response.map_into_boxed_body());
            Ok(response.map_body(|_, body| {
                admission::until_sent(body, admission, gate.answer_timeout, id)
            }))
        }
        // What was asked is lost with these three, so their answers go to the client as errors.
        Ok(Ok(Err(error))) => Err(record.end_with_error(error)),
        Ok(Err(_panic)) => {
            Err(record.end_with_error(ApiError::Fault("the request's handler panicked").into()))
        }
        Err(_elapsed) => Err(record.end_with_error(ApiError::TooSlow.into())),
    }
}
