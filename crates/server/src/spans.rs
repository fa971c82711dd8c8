//! Spans for OpenTelemetry: each access record, told to a collector as the span of its request.
//!
//! Nothing of this exists in a process that has no collector, so that it costs nothing there.

mod collector;
mod recorder;

use std::{str::FromStr, time::Duration};

use anyhow::Context;
use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider},
};

use self::collector::Client;
pub(crate) use self::collector::CollectorUrl;
pub(crate) use self::recorder::Recorder;

/// How long the last spans may take to reach the collector when the process ends.
const FAREWELL: Duration = Duration::from_secs(2);

/// Which part of the requests is told of, from 0 to 1, if whoever asks has not decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ratio(f64);

impl FromStr for Ratio {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let ratio: f64 = text.parse().map_err(|_| ())?;
        (0.0..=1.0)
            .contains(&ratio)
            .then_some(Self(ratio))
            .ok_or(())
    }
}

/// Where spans go until this is dropped, which sends the last of them.
pub(crate) struct Spans(SdkTracerProvider);

impl Spans {
    /// Tells a collector of requests, in batches, in a thread of its own. Where it does not keep up, or is away, spans are
    /// lost and no request waits.
    ///
    /// # Errors
    ///
    /// If there can be no such thread.
    pub(crate) fn to(collector: &CollectorUrl, ratio: Ratio) -> anyhow::Result<Self> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::new())
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(collector.traces())
            .build()
            .context("cannot export spans")?;
        let resource = Resource::builder()
            .with_service_name("wts")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio.0)));
        Ok(Self(
            SdkTracerProvider::builder()
                .with_batch_exporter(exporter)
                .with_resource(resource)
                .with_sampler(sampler)
                .build(),
        ))
    }

    /// What hears of the requests.
    pub(crate) fn recorder(&self) -> Recorder {
        Recorder::new(self.0.tracer("wts"))
    }
}

impl Drop for Spans {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(FAREWELL) {
            tracing::warn!(%error, "the last spans did not reach the collector");
        }
    }
}
