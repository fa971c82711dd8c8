//! What the service says of itself to those who send it requests, or start and stop it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use actix_web::{HttpResponse, web::Data};
use utoipa::ToSchema;

use crate::{
    content::WithoutContent,
    error::{self, ApiError},
    routes,
};

pub(crate) const STARTING: &str = "the service is starting";
pub(crate) const STOPPING: &str = "the service is stopping";
pub(crate) const UNREADABLE: &str = "the database cannot be read";

/// Whether the service is up to answering requests. It is told so by whoever knows; asking it costs nothing.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<State>);

#[derive(Debug, Default)]
struct State {
    started: AtomicBool,
    readable: AtomicBool,
    stopping: AtomicBool,
}

impl Health {
    /// Takes note of whether histories can be read. Once they could, the service has started.
    pub fn set_readable(&self, readable: bool) {
        self.0.readable.store(readable, Relaxed);
        self.0.started.fetch_or(readable, Relaxed);
    }

    /// Takes note that the service is about to stop.
    pub fn set_stopping(&self) {
        self.0.stopping.store(true, Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.0.stopping.load(Relaxed)
    }

    fn ready(&self) -> Result<(), ApiError> {
        self.started()?;
        if self.is_stopping() {
            return Err(ApiError::NotReady(STOPPING));
        }
        if !self.0.readable.load(Relaxed) {
            return Err(ApiError::NotReady(UNREADABLE));
        }
        Ok(())
    }

    fn started(&self) -> Result<(), ApiError> {
        if self.0.started.load(Relaxed) {
            Ok(())
        } else {
            Err(ApiError::NotReady(STARTING))
        }
    }
}

/// The body of a good answer.
#[derive(ToSchema)]
#[schema(as = Health)]
#[expect(dead_code, reason = "it is not made, only described")]
pub(crate) struct Well {
    /// That it is so.
    #[schema(examples(true))]
    success: bool,
    /// The same, for people.
    #[schema(examples("ready"))]
    msg: String,
}

/// `/livez`: the process answers at all. Who gets no answer may restart it.
#[utoipa::path(
    get,
    path = routes::LIVEZ,
    tag = "health",
    operation_id = "isLive",
    summary = "Whether the process answers at all",
    responses((status = 200, description = "It does", body = Well), error::ToAnyone)
)]
pub(crate) async fn live(_: WithoutContent) -> HttpResponse {
    well("alive")
}

/// `/readyz`: requests may be sent here, since histories can be read.
#[utoipa::path(
    get,
    path = routes::READYZ,
    tag = "health",
    operation_id = "isReady",
    summary = "Whether requests may be sent here",
    responses((status = 200, description = "They may", body = Well), error::ToWhoAsksWhen)
)]
pub(crate) async fn ready(
    _: WithoutContent,
    health: Data<Health>,
) -> Result<HttpResponse, ApiError> {
    health.ready().map(|()| well("ready"))
}

/// `/startupz`: histories could be read once. Until then nobody should ask after the rest.
#[utoipa::path(
    get,
    path = routes::STARTUPZ,
    tag = "health",
    operation_id = "hasStarted",
    summary = "Whether the service has started, that is, could read the database once",
    responses((status = 200, description = "It has", body = Well), error::ToWhoAsksWhen)
)]
pub(crate) async fn started(
    _: WithoutContent,
    health: Data<Health>,
) -> Result<HttpResponse, ApiError> {
    health.started().map(|()| well("started"))
}

fn well(msg: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(routes::JSON)
        .body(format!(r#"{{"success":true,"msg":"{msg}"}}"#))
}
