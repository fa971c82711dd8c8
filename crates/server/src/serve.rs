//! The command `wts serve`: starts the service, mirrors the database health, and ends with a graceful shutdown.

mod process;
mod startup;

use std::{convert::Infallible, net::SocketAddr};

use anyhow::{Context, ensure};
use prometheus_client::{metrics::gauge::ConstGauge, registry::Registry};
use sd_notify::NotifyState;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};
use wts_adapter_db::DatabaseMetrics;
use wts_adapter_http::{Health, HttpMetrics, HttpSettings, Keyring, TokenVerifier};

pub(crate) use self::startup::{POOLER_HINT, RANKS_HINT, hint, listen, use_cases, with_hint};
use crate::{
    otel::OtelExporter,
    settings::{
        Settings,
        catalogue::{LISTEN, METRICS_LISTEN},
    },
    signals::Signals,
};

/// Serves until a signal arrives. Errors in the configuration are reported before clients can connect.
///
/// # Errors
///
/// Returns an error if the service cannot start, or if it aborted requests at shutdown.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let exporter = settings.otel_exporter()?;
    settings.start_logging_with(exporter.as_ref().map(OtelExporter::layer))?;
    let mut signals = Signals::install().context("cannot install signal handlers")?;
    let hangups = signal(SignalKind::hangup()).context("cannot install signal handlers")?;
    process::raise_file_limit();
    let listen = settings.require(&LISTEN)?;
    let (http, token) = (settings.http()?, settings.token()?);
    let (http_metrics, database_metrics) = (HttpMetrics::default(), DatabaseMetrics::default());
    let health = Health::default();
    if let Some(address) = settings.get(&METRICS_LISTEN)? {
        let registry = registry(&http_metrics, &database_metrics);
        start_admin_server(address, registry, &http, &health)
            .with_context(|| settings.origin(&METRICS_LISTEN))?;
    }

    let opened = async {
        tokio::try_join!(
            startup::keyring(settings),
            startup::open(settings, &database_metrics)
        )
    };
    let (keyring, database) = tokio::select! {
        opened = opened => opened?,
        _ = signals.next() => {
            tracing::info!("stopped during startup: received a signal");
            return Ok(());
        }
    };
    let verifier = TokenVerifier::new(keyring.clone(), token);
    let use_cases = use_cases(settings, &database).await?;
    tokio::spawn(mirror_database_health(database.readable(), health.clone()));
    health.set_database_ready(true);

    let listener = startup::listen(listen)
        .with_context(|| format!("{}: cannot listen on {listen}", settings.origin(&LISTEN)))?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    let server =
        wts_adapter_http::server(listener, use_cases, verifier, &http, &health, &http_metrics)?;
    process::notify_systemd(NotifyState::Ready);
    let report = server.run_until(async {
        signals.next().await;
        tracing::info!(
            "received a signal: waiting for requests in flight to finish; another signal aborts them"
        );
        process::notify_systemd(NotifyState::Stopping);
        signals.exit_on_next();
    });
    let report = tokio::select! {
        report = report => report?,
        never = reload_keys_on(hangups, settings, &keyring) => match never {},
    };
    let aborted = report.aborted_requests;
    ensure!(
        aborted == 0,
        "{aborted} requests were aborted: they took longer than WTS_SHUTDOWN_TIMEOUT"
    );
    tracing::info!("stopped gracefully");
    Ok(())
}

/// Reloads the keys at every SIGHUP.
async fn reload_keys_on(mut hangups: Signal, settings: &Settings, keyring: &Keyring) -> Infallible {
    while hangups.recv().await.is_some() {
        match settings.reload_keys(keyring).await {
            Ok(()) => tracing::info!("reloaded the keys"),
            Err(error) => tracing::warn!(
                cause = format!("{error:#}"),
                "reloading the keys failed; the previous keys remain in use"
            ),
        }
    }
    std::future::pending().await
}

/// Sets the database state of `health` whenever the database becomes readable or unreadable.
async fn mirror_database_health(mut readable: watch::Receiver<bool>, health: Health) {
    while readable.changed().await.is_ok() {
        health.set_database_ready(*readable.borrow_and_update());
    }
}

fn registry(http: &HttpMetrics, database: &DatabaseMetrics) -> Registry {
    let mut registry = Registry::default();
    http.register(&mut registry);
    database.register(&mut registry);
    // The type `info` exists in OpenMetrics only.
    let version = ("version".into(), env!("CARGO_PKG_VERSION").into());
    registry.sub_registry_with_label(version).register(
        "wts_build_info",
        "The version of the service",
        ConstGauge::new(1_i64),
    );
    process::register(&mut registry);
    registry
}

fn start_admin_server(
    address: SocketAddr,
    registry: Registry,
    http: &HttpSettings,
    health: &Health,
) -> anyhow::Result<()> {
    let listener = std::net::TcpListener::bind(address)
        .with_context(|| format!("cannot listen on {address}"))?;
    tracing::info!(
        "serving metrics on http://{}/metrics",
        listener.local_addr()?
    );
    tokio::spawn(wts_adapter_http::admin_server(
        listener, registry, http, health,
    )?);
    Ok(())
}
