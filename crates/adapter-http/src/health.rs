//! The health checks `/livez`, `/readyz` and `/startupz`.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use actix_web::{HttpResponse, web::Data};
use tokio::sync::Notify;
use utoipa::ToSchema;

use crate::{
    constants::JSON,
    error::{ApiError, ErrorBody, NotReady},
    request_body::NoBody,
};

pub(crate) const LIVEZ: &str = "/livez";
pub(crate) const READYZ: &str = "/readyz";
pub(crate) const STARTUPZ: &str = "/startupz";

/// The health of the service, which the health checks return to load balancers and process managers. Clones share their
/// state.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<HealthState>);

#[derive(Debug, Default)]
struct HealthState {
    started: AtomicBool,
    readable: AtomicBool,
    stopping: AtomicBool,
    stop_notice: Notify,
}

impl Health {
    /// Records whether the database can be read. The first `true` also means that the service has started.
    pub fn set_database_ready(&self, readable: bool) {
        self.0.readable.store(readable, Relaxed);
        self.0.started.fetch_or(readable, Relaxed);
    }

    /// Records that the service is shutting down.
    pub fn set_stopping(&self) {
        self.0.stopping.store(true, Relaxed);
        self.0.stop_notice.notify_waiters();
    }

    /// Resolves when the service begins to shut down.
    pub(crate) async fn wait_until_stopping(&self) {
        // The notification is created before the check, so that a shutdown between the check and the wait is not
        // missed.
        let stop = self.0.stop_notice.notified();
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

/// The body of the response to a successful health check.
#[derive(ToSchema)]
#[schema(as = Health)]
#[expect(dead_code, reason = "only described, not constructed")]
pub(crate) struct HealthBody {
    /// Always `true`.
    #[schema(examples(true))]
    success: bool,
    /// A human-readable message.
    #[schema(examples("ready"))]
    msg: String,
}

/// Handles `GET /livez`. A process that does not respond should be restarted.
#[utoipa::path(
    get,
    path = LIVEZ,
    tag = "health",
    operation_id = "isLive",
    summary = "Returns whether the process is alive",
    responses((status = 200, description = "The process is alive", body = HealthBody))
)]
pub(crate) async fn live(_: NoBody) -> HttpResponse {
    ok_response("alive")
}

/// Handles `GET /readyz`.
#[utoipa::path(
    get,
    path = READYZ,
    tag = "health",
    operation_id = "isReady",
    summary = "Returns whether the instance is ready for requests",
    responses(
        (status = 200, description = "The instance is ready", body = HealthBody),
        (status = 503, description = "The instance is not ready", body = ErrorBody)
    )
)]
pub(crate) async fn ready(_: NoBody, health: Data<Health>) -> Result<HttpResponse, ApiError> {
    health.ensure_ready()?;
    Ok(ok_response("ready"))
}

/// Handles `GET /startupz`. Until the service has started, process managers should ignore the other health checks.
#[utoipa::path(
    get,
    path = STARTUPZ,
    tag = "health",
    operation_id = "hasStarted",
    summary = "Returns whether the service has started",
    description = "The service has started once it has read the database for the first time.",
    responses(
        (status = 200, description = "The service has started", body = HealthBody),
        (status = 503, description = "The service has not started", body = ErrorBody)
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
