//! Export to OpenTelemetry: each record of the access log becomes the span of its request.
//!
//! The spans are not those of `tracing` (tracing-opentelemetry): such a span has to be kept while its request is served,
//! and with its record it took 35 µs a request where the record alone, made a span, took 20. Without a collector nothing of
//! this exists.

mod collector;
mod layer;

use std::time::Duration;

use anyhow::Context;
use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider},
};

pub(crate) use self::collector::CollectorUrl;
use self::collector::HttpClient;
pub(crate) use self::layer::AccessLogSpanLayer;

/// How long the last spans may take to reach the collector when the process ends.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// Sends spans to a collector, in batches, in a thread of its own. Dropping it sends the last spans.
pub(crate) struct OtelExporter(SdkTracerProvider);

impl OtelExporter {
    /// Creates an exporter of the given ratio of the requests whose `traceparent` does not decide. If the collector is slow
    /// or unreachable, spans are lost and no request waits.
    ///
    /// # Errors
    ///
    /// Returns an error if the thread cannot be started.
    pub(crate) fn new(collector: &CollectorUrl, sampling_ratio: f64) -> anyhow::Result<Self> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(HttpClient::new())
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(collector.traces())
            .build()
            .context("cannot export spans")?;
        let resource = Resource::builder()
            .with_service_name("wts")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(sampling_ratio)));
        Ok(Self(
            SdkTracerProvider::builder()
                .with_batch_exporter(exporter)
                .with_resource(resource)
                .with_sampler(sampler)
                .build(),
        ))
    }

    /// Returns the layer that makes spans of access log records.
    pub(crate) fn layer(&self) -> AccessLogSpanLayer {
        AccessLogSpanLayer::new(self.0.tracer("wts"))
    }
}

impl Drop for OtelExporter {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(SHUTDOWN_TIMEOUT) {
            tracing::warn!(%error, "the last spans did not reach the collector");
        }
    }
}
