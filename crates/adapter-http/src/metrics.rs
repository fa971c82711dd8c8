//! Prometheus metrics of requests and connections, and the handler of `/metrics`.

mod exposition;

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, http::header::VARY, web::Data};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use self::exposition::ExpositionFormat;
use crate::{error::ApiError, request_body::NoBody};

pub(crate) const PATH: &str = "/metrics";

/// The upper bounds of the buckets of the duration histogram, in seconds. They range from a 304 response to nearly the
/// request timeout.
const DURATION_BUCKETS: [f64; 12] = [
    0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
];

/// The upper bounds of the buckets of the delivery delay, in seconds.
const DELIVERY_BUCKETS: [f64; 10] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 5.0];

/// The metrics of one listener. Clones share their values.
#[derive(Debug, Clone)]
pub struct HttpMetrics {
    responses: Family<ResponseLabels, Counter>,
    durations: Family<RouteLabels, Histogram>,
    shed: Family<ShedLabels, Counter>,
    pub(crate) in_flight: Gauge,
    /// The number of waiting requests, which `in_flight` does not include.
    pub(crate) waiting: Gauge,
    /// The number of streaming requests, which `in_flight` does not include.
    pub(crate) streaming: Gauge,
    /// The number of statements of the watcher.
    pub(crate) watcher_reads: Counter,
    /// The time from reading a new trace to sending it.
    pub(crate) delivery_delay: Histogram,
    pub(crate) connections: Gauge,
    /// The number of connections with pending writes, whose clients do not read the rest of a response.
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

/// The values of the label `reason` of requests that were rejected because of overload.
const SHED_REASONS: [&str; 4] = [
    "connection_limit",
    "in_flight_limit",
    "long_lived_limit",
    "batch_queue",
];

impl Default for HttpMetrics {
    fn default() -> Self {
        let metrics = Self {
            responses: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(DURATION_BUCKETS)),
            shed: Family::default(),
            in_flight: Gauge::default(),
            waiting: Gauge::default(),
            streaming: Gauge::default(),
            watcher_reads: Counter::default(),
            delivery_delay: Histogram::new(DELIVERY_BUCKETS),
            connections: Gauge::default(),
            pending_writes: Gauge::default(),
        };
        // The counters are created here, because `rate()` ignores the first increment of a counter that did not exist
        // before.
        for reason in SHED_REASONS {
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
            "HTTP responses by route and status",
            self.responses.clone(),
        );
        registry.register(
            "wts_http_request_duration_seconds",
            "Time from the end of the request headers to the start of the response, without waiting for news (Prefer: wait)",
            self.durations.clone(),
        );
        registry.register(
            "wts_http_requests_shed",
            "Requests rejected with 503 because of overload, by reason",
            self.shed.clone(),
        );
        registry.register(
            "wts_http_requests_in_flight",
            "Requests in flight",
            self.in_flight.clone(),
        );
        registry.register(
            "wts_http_waiting_requests",
            "Requests that wait for news (Prefer: wait); not included in wts_http_requests_in_flight",
            self.waiting.clone(),
        );
        registry.register(
            "wts_http_open_streams",
            "Open event streams; not included in wts_http_requests_in_flight",
            self.streaming.clone(),
        );
        registry.register(
            "wts_http_watcher_reads",
            "Statements of the watcher for all waiting requests and event streams together, at most two a second",
            self.watcher_reads.clone(),
        );
        registry.register(
            "wts_http_delivery_delay_seconds",
            "Time from the watcher's first sight of a new trace to the start of its response or event; the watcher looks once in one or two seconds, and the time before that is not known",
            self.delivery_delay.clone(),
        );
        registry.register(
            "wts_http_connections",
            "Open connections",
            self.connections.clone(),
        );
    }

    /// Returns a lower bound of the number of requests whose response has not been sent completely. A request can leave
    /// `in_flight` before its response is sent completely; from then on it is counted in `pending_writes`.
    pub(crate) fn unfinished_requests(&self) -> i64 {
        let in_flight = self.in_flight.get() + self.long_lived();
        in_flight.max(self.pending_writes.get())
    }

    /// Returns the number of waiting and streaming requests.
    pub(crate) fn long_lived(&self) -> i64 {
        self.waiting.get() + self.streaming.get()
    }

    pub(crate) fn record_response(&self, route: &'static str, status: u16, duration: Duration) {
        self.responses
            .get_or_create(&ResponseLabels { route, status })
            .inc();
        self.durations
            .get_or_create(&RouteLabels { route })
            .observe(duration.as_secs_f64());
    }

    pub(crate) fn record_shed(&self, reason: &'static str) {
        self.shed.get_or_create(&ShedLabels { reason }).inc();
    }
}

/// Handles `GET /metrics`: returns all metrics of the registry in the text format that the client prefers.
pub(crate) async fn metrics_handler(
    _: NoBody,
    request: HttpRequest,
    registry: Data<Registry>,
) -> Result<HttpResponse, ApiError> {
    let format = ExpositionFormat::preferred(&request);
    let metrics = format
        .encode(&registry)
        .map_err(|_| ApiError::Internal("encoding the metrics failed"))?;
    Ok(HttpResponse::Ok()
        .content_type(format.content_type())
        .insert_header((VARY, "Accept"))
        .body(metrics))
}
