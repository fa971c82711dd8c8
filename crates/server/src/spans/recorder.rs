//! From access records to spans.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use opentelemetry::{
    Context, KeyValue,
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

/// Makes a span of each access record. Its names are those of OpenTelemetry's semantic conventions for HTTP; what they
/// have none for begins with `wts`.
pub(crate) struct Recorder {
    tracer: SdkTracer,
}

impl Recorder {
    pub(super) fn new(tracer: SdkTracer) -> Self {
        Self { tracer }
    }

    /// The access records of clients. Whoever asks after the service's health or its metrics is nobody's client.
    pub(crate) fn wants(record: &Metadata<'_>) -> bool {
        record.target() == ACCESS_LOG_TARGET && *record.level() <= Level::INFO
    }
}

impl<S: Subscriber> Layer<S> for Recorder {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        let mut request = Request::default();
        event.record(&mut request);
        let Some(duration) = request.duration else {
            return;
        };
        let ended = SystemTime::now();
        let name = match request.route {
            Some(route) => format!("{} {route}", request.method),
            None => request.method.clone(),
        };
        let mut span = self
            .tracer
            .span_builder(name)
            .with_kind(SpanKind::Server)
            .with_start_time(ended.checked_sub(duration).unwrap_or(ended))
            .with_attributes(request.attributes)
            .start_with_context(&self.tracer, &request.parent.context());
        if request.status >= 500 {
            span.set_status(Status::error(""));
        }
        span.end_with_timestamp(ended);
    }
}

/// What an access record says.
#[derive(Default)]
struct Request {
    method: String,
    route: Option<String>,
    status: u64,
    duration: Option<Duration>,
    parent: Parent,
    attributes: Vec<KeyValue>,
}

/// The span that asked, if it said so.
#[derive(Default)]
struct Parent {
    trace: Option<TraceId>,
    span: Option<SpanId>,
    sampled: bool,
}

impl Parent {
    fn context(&self) -> Context {
        let (Some(trace), Some(span)) = (self.trace, self.span) else {
            return Context::new();
        };
        let flags = TraceFlags::default().with_sampled(self.sampled);
        let parent = SpanContext::new(trace, span, flags, true, TraceState::default());
        Context::new().with_remote_span_context(parent)
    }
}

impl Visit for Request {
    fn record_u64(&mut self, field: &Field, value: u64) {
        let number = || i64::try_from(value).unwrap_or(i64::MAX);
        match field.name() {
            "duration_us" => self.duration = Some(Duration::from_micros(value)),
            "status" => {
                self.status = value;
                self.attributes
                    .push(KeyValue::new("http.response.status_code", number()));
                if value >= 500 {
                    self.attributes
                        .push(KeyValue::new("error.type", value.to_string()));
                }
            }
            _ => {}
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        if field.name() == "ticket.id" {
            self.attributes.push(KeyValue::new("wts.ticket.id", value));
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "trace.sampled" {
            self.parent.sampled = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "route" => {
                self.route = Some(value.to_owned());
                self.attributes
                    .push(KeyValue::new("http.route", value.to_owned()));
            }
            "caller.rank" => self
                .attributes
                .push(KeyValue::new("wts.caller.rank", value.to_owned())),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = || format!("{value:?}");
        match field.name() {
            "method" => {
                self.method = text();
                self.attributes
                    .push(KeyValue::new("http.request.method", text()));
            }
            "request.id" => self
                .attributes
                .push(KeyValue::new("wts.request.id", text())),
            "trace.id" => self.parent.trace = TraceId::from_hex(&text()).ok(),
            "trace.parent_id" => self.parent.span = SpanId::from_hex(&text()).ok(),
            // The cause of a failure stays in the log.
            _ => {}
        }
    }
}
