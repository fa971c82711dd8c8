//! Metrics of requests and connections, and `/metrics` for Prometheus.

use std::time::Duration;

use actix_web::{HttpResponse, web::Data};
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use crate::{error::ApiError, request_body::NoBody};

pub(crate) const PATH: &str = "/metrics";

/// Bounds of the duration histogram, in seconds: from a warm cache to nearly a timeout.
const BUCKETS: [f64; 12] = [
    0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
];

/// Metrics of one listener. Copies share them.
#[derive(Debug, Clone)]
pub struct HttpMetrics {
    responses: Family<ResponseLabels, Counter>,
    durations: Family<RouteLabels, Histogram>,
    shed: Family<ShedLabels, Counter>,
    pub(crate) in_flight: Gauge,
    /// Requests that wait for news or stream; not in `in_flight`.
    pub(crate) long_lived: Gauge,
    pub(crate) connections: Gauge,
    /// Connections with bytes to send that their clients do not accept.
    pub(crate) pending_writes: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResponseLabels {
    route: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ShedLabels {
    reason: &'static str,
}

/// Why requests are rejected under load.
const REASONS: [&str; 3] = ["connections", "in flight", "queue"];

impl Default for HttpMetrics {
    fn default() -> Self {
        let metrics = Self {
            responses: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            shed: Family::default(),
            in_flight: Gauge::default(),
            long_lived: Gauge::default(),
            connections: Gauge::default(),
            pending_writes: Gauge::default(),
        };
        // A counter that appears with its first event hides that event from `rate()`.
        for reason in REASONS {
            drop(metrics.shed.get_or_create(&ShedLabels { reason }));
        }
        metrics
    }
}

impl HttpMetrics {
    /// Registers the metrics in `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "wts_http_requests",
            "Requests that were answered",
            self.responses.clone(),
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

    /// Returns how many requests, at least, have not got their whole response. The end of a response is not counted with
    /// its request, but with its connection.
    pub(crate) fn unfinished_requests(&self) -> i64 {
        let in_flight = self.in_flight.get() + self.long_lived.get();
        in_flight.max(self.pending_writes.get())
    }

    pub(crate) fn record_response(&self, route: &'static str, status: u16, after: Duration) {
        self.responses
            .get_or_create(&ResponseLabels { route, status })
            .inc();
        self.durations
            .get_or_create(&RouteLabels { route })
            .observe(after.as_secs_f64());
    }

    pub(crate) fn record_shed(&self, reason: &'static str) {
        self.shed.get_or_create(&ShedLabels { reason }).inc();
    }
}

/// `GET /metrics`: everything in the registry, as `OpenMetrics` 1.0.
pub(crate) async fn metrics_handler(
    _: NoBody,
    registry: Data<Registry>,
) -> Result<HttpResponse, ApiError> {
    let mut metrics = String::new();
    text::encode(&mut metrics, &registry)
        .map_err(|_| ApiError::Internal("the metrics could not be written"))?;
    Ok(HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(metrics))
}
