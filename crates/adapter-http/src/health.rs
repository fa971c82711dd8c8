//! What the service says of itself to those who send it requests, or start and stop it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use actix_web::{HttpResponse, web::Data};

use crate::{content::WithoutContent, error::ApiError, routes};

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
            return Err(ApiError::NotReady("the service is stopping"));
        }
        if !self.0.readable.load(Relaxed) {
            return Err(ApiError::NotReady("the database cannot be read"));
        }
        Ok(())
    }

    fn started(&self) -> Result<(), ApiError> {
        if self.0.started.load(Relaxed) {
            Ok(())
        } else {
            Err(ApiError::NotReady("the service is starting"))
        }
    }
}

/// `/livez`: the process answers at all. Who gets no answer may restart it.
pub(crate) async fn live(_: WithoutContent) -> HttpResponse {
    well("alive")
}

/// `/readyz`: requests may be sent here, since histories can be read.
pub(crate) async fn ready(
    _: WithoutContent,
    health: Data<Health>,
) -> Result<HttpResponse, ApiError> {
    health.ready().map(|()| well("ready"))
}

/// `/startupz`: histories could be read once. Until then nobody should ask after the rest.
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
