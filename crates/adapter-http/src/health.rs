//! Health: whether the process lives, has started and is ready for requests.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use actix_web::{HttpResponse, web::Data};
use tokio::sync::Notify;
use utoipa::ToSchema;

use crate::{
    constants::JSON,
    error::{ApiError, Envelope, NotReady},
    request_body::NoBody,
};

pub(crate) const LIVEZ: &str = "/livez";
pub(crate) const READYZ: &str = "/readyz";
pub(crate) const STARTUPZ: &str = "/startupz";

/// The state of the service, for load balancers and process managers. Copies share it.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<State>);

#[derive(Debug, Default)]
struct State {
    started: AtomicBool,
    readable: AtomicBool,
    stopping: AtomicBool,
    stop: Notify,
}

impl Health {
    /// Records whether the database can be read. Once it could, the service has started.
    pub fn set_readable(&self, readable: bool) {
        self.0.readable.store(readable, Relaxed);
        self.0.started.fetch_or(readable, Relaxed);
    }

    /// Records that the service is about to stop.
    pub fn set_stopping(&self) {
        self.0.stopping.store(true, Relaxed);
        self.0.stop.notify_waiters();
    }

    /// Resolves when the service is about to stop.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for handlers of long-lived requests")
    )]
    pub(crate) async fn stopping(&self) {
        // Created before the check, so that it receives a notification that comes after it.
        let stop = self.0.stop.notified();
        if !self.is_stopping() {
            stop.await;
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.0.stopping.load(Relaxed)
    }

    fn ensure_ready(&self) -> Result<(), NotReady> {
        self.ensure_started()?;
        if self.is_stopping() {
            return Err(NotReady::Stopping);
        }
        if !self.0.readable.load(Relaxed) {
            return Err(NotReady::DatabaseUnreadable);
        }
        Ok(())
    }

    fn ensure_started(&self) -> Result<(), NotReady> {
        if self.0.started.load(Relaxed) {
            Ok(())
        } else {
            Err(NotReady::Starting)
        }
    }
}

/// The body of a good answer.
#[derive(ToSchema)]
#[schema(as = Health)]
#[expect(dead_code, reason = "only described, not constructed")]
pub(crate) struct HealthBody {
    /// That it is so.
    #[schema(examples(true))]
    success: bool,
    /// The same, for people.
    #[schema(examples("ready"))]
    msg: String,
}

/// `GET /livez`: the process responds at all; if not, restart it.
#[utoipa::path(
    get,
    path = LIVEZ,
    tag = "health",
    operation_id = "isLive",
    summary = "Whether the process answers at all",
    responses((status = 200, description = "It does", body = HealthBody))
)]
pub(crate) async fn live(_: NoBody) -> HttpResponse {
    ok_response("alive")
}

/// `GET /readyz`: requests may be sent to this instance.
#[utoipa::path(
    get,
    path = READYZ,
    tag = "health",
    operation_id = "isReady",
    summary = "Whether requests may be sent here",
    responses(
        (status = 200, description = "They may", body = HealthBody),
        (status = 503, description = "They may not", body = Envelope)
    )
)]
pub(crate) async fn ready(_: NoBody, health: Data<Health>) -> Result<HttpResponse, ApiError> {
    health.ensure_ready()?;
    Ok(ok_response("ready"))
}

/// `GET /startupz`: the database could be read once; until then the other two mean nothing.
#[utoipa::path(
    get,
    path = STARTUPZ,
    tag = "health",
    operation_id = "hasStarted",
    summary = "Whether the service has started, that is, could read the database once",
    responses(
        (status = 200, description = "It has", body = HealthBody),
        (status = 503, description = "It has not", body = Envelope)
    )
)]
pub(crate) async fn started(_: NoBody, health: Data<Health>) -> Result<HttpResponse, ApiError> {
    health.ensure_started()?;
    Ok(ok_response("started"))
}

fn ok_response(msg: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(JSON)
        .body(format!(r#"{{"success":true,"msg":"{msg}"}}"#))
}
