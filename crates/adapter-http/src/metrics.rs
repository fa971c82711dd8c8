//! What is counted and measured of requests.

use std::time::Duration;

use actix_web::{HttpResponse, web::Data};
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use crate::{content::WithoutContent, error::ApiError};

/// In seconds, from an answer out of a warm cache to one that was nearly given up.
const BUCKETS: [f64; 12] = [
    0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
];

/// Counts and measures requests. Copies count into the same numbers.
#[derive(Debug, Clone)]
pub struct HttpMetrics {
    answers: Family<Answer, Counter>,
    durations: Family<Route, Histogram>,
    shed: Family<Why, Counter>,
    pub(crate) in_flight: Gauge,
    pub(crate) connections: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    route: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Why {
    reason: &'static str,
}

/// Why requests are turned away.
const REASONS: [&str; 3] = ["connections", "in flight", "queue"];

impl Default for HttpMetrics {
    fn default() -> Self {
        let metrics = Self {
            answers: Family::default(),
            durations: Family::new_with_constructor(durations),
            shed: Family::default(),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
        };
        // So that the first one is seen as one more.
        for reason in REASONS {
            drop(metrics.shed.get_or_create(&Why { reason }));
        }
        metrics
    }
}

impl HttpMetrics {
    /// Has them told with everything else in `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "wts_http_requests",
            "Requests that were answered",
            self.answers.clone(),
        );
        registry.register(
            "wts_http_request_duration_seconds",
            "Time from a request's head to the beginning of its answer",
            self.durations.clone(),
        );
        registry.register(
            "wts_http_shed",
            "Requests that were turned away because there was too much to do",
            self.shed.clone(),
        );
        registry.register(
            "wts_http_requests_in_flight",
            "Requests that are being worked on",
            self.in_flight.clone(),
        );
        registry.register(
            "wts_http_connections",
            "Connections that are open",
            self.connections.clone(),
        );
    }

    pub(crate) fn answered(&self, route: &'static str, status: u16, after: Duration) {
        self.answers.get_or_create(&Answer { route, status }).inc();
        self.durations
            .get_or_create(&Route { route })
            .observe(after.as_secs_f64());
    }

    pub(crate) fn shed(&self, reason: &'static str) {
        self.shed.get_or_create(&Why { reason }).inc();
    }
}

/// `/metrics`: everything in the registry, as `OpenMetrics` 1.0.
pub(crate) async fn tell(
    _: WithoutContent,
    registry: Data<Registry>,
) -> Result<HttpResponse, ApiError> {
    let mut metrics = String::new();
    text::encode(&mut metrics, &registry)
        .map_err(|_| ApiError::Fault("the metrics could not be written"))?;
    Ok(HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(metrics))
}

fn durations() -> Histogram {
    Histogram::new(BUCKETS)
}
