//! The layer that creates spans from access log records. The attributes have the names of OpenTelemetry's semantic
//! conventions for HTTP. The names of other attributes begin with `wts`.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use opentelemetry::{
    Context, KeyValue, Value,
    trace::{
        Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId,
        TraceState, Tracer as _,
    },
};
use opentelemetry_sdk::trace::SdkTracer;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer};
use wts_adapter_http::ACCESS_LOG_TARGET;

/// A layer that creates a span from each access log record.
pub(crate) struct AccessLogSpanLayer {
    tracer: SdkTracer,
}

impl AccessLogSpanLayer {
    pub(super) fn new(tracer: SdkTracer) -> Self {
        Self { tracer }
    }

    /// Returns whether a record is about a request for the API. Records about health checks and metrics have a lower
    /// level.
    pub(crate) fn accepts(record: &Metadata<'_>) -> bool {
        record.target() == ACCESS_LOG_TARGET && *record.level() <= Level::INFO
    }
}

impl<S: Subscriber> Layer<S> for AccessLogSpanLayer {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        let mut record = Record::default();
        event.record(&mut record);
        let Some(duration) = record.duration else {
            return;
        };
        let end = SystemTime::now();
        let parent = record.parent();
        let mut span = self
            .tracer
            .span_builder(
                [record.method, record.route]
                    .join(" ")
                    .trim_end()
                    .to_owned(),
            )
            .with_kind(SpanKind::Server)
            .with_start_time(end.checked_sub(duration).unwrap_or(end))
            .with_attributes(record.attributes)
            .start_with_context(&self.tracer, &parent);
        if record.is_error {
            span.set_status(Status::error(""));
        }
        span.end_with_timestamp(end);
    }
}

/// The fields of an access log record that are exported.
#[derive(Default)]
struct Record {
    method: String,
    route: String,
    is_error: bool,
    duration: Option<Duration>,
    trace: Option<TraceId>,
    parent: Option<SpanId>,
    is_sampled: bool,
    attributes: Vec<KeyValue>,
}

impl Record {
    fn add(&mut self, key: &'static str, value: impl Into<Value>) {
        self.attributes.push(KeyValue::new(key, value));
    }

    /// Returns the context of the client's span, if the request has a valid `traceparent`.
    fn parent(&self) -> Context {
        let (Some(trace), Some(parent)) = (self.trace, self.parent) else {
            return Context::new();
        };
        let flags = TraceFlags::default().with_sampled(self.is_sampled);
        let parent = SpanContext::new(trace, parent, flags, true, TraceState::default());
        Context::new().with_remote_span_context(parent)
    }
}

impl Visit for Record {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "status" {
            self.add(
                "http.response.status_code",
                i64::try_from(value).unwrap_or(i64::MAX),
            );
            self.is_error = value >= 500;
            if self.is_error {
                self.add("error.type", value.to_string());
            }
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "duration_ms" {
            self.duration = Duration::try_from_secs_f64(value / 1_000.0).ok();
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        if field.name() == "ticket.id" {
            self.add("wts.ticket.id", value);
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "trace.sampled" {
            self.is_sampled = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "route" => {
                value.clone_into(&mut self.route);
                self.add("http.route", value.to_owned());
            }
            "caller.rank" => self.add("wts.caller.rank", value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = || format!("{value:?}");
        match field.name() {
            "method" => {
                self.method = text();
                self.add("http.request.method", text());
            }
            "request.id" => self.add("wts.request.id", text()),
            "trace.id" => self.trace = TraceId::from_hex(&text()).ok(),
            "trace.parent_id" => self.parent = SpanId::from_hex(&text()).ok(),
            // The causes of an error are only in the log.
            _ => {}
        }
    }
}
