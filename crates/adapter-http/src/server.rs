//! The HTTP servers: one for the API, and one for administrators.

use std::{future::ready, io, net::TcpListener, num::NonZeroUsize, thread};

use actix_http::{HttpService, error::DispatchError};
use actix_service::{ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    App,
    dev::{AppConfig, Server},
    middleware::from_fn,
    rt::net::TcpStream,
    web::{Data, ServiceConfig},
};
use prometheus_client::registry::Registry;
use wts_app::UseCases;

use crate::{
    connection::{Connection, ConnectionLimiter, ConnectionTimeouts, LINGER_TIMEOUT},
    health::Health,
    metrics::HttpMetrics,
    middleware::{self, MiddlewareState},
    rate_limit::RateLimiters,
    routes::RouteTable,
    settings::HttpSettings,
    shutdown::RunningServer,
    token::TokenVerifier,
    updates::Updates,
};

/// The connection limit and the concurrency limit of the administrators' listener.
const ADMIN_LIMIT: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// Serves the API on `listener` until its [shutdown](RunningServer::run_until).
///
/// # Errors
///
/// Returns an error if the HTTP server cannot use the listener.
pub fn server(
    listener: TcpListener,
    use_cases: UseCases,
    verifier: TokenVerifier,
    settings: &HttpSettings,
    health: &Health,
    metrics: &HttpMetrics,
) -> io::Result<RunningServer> {
    // All workers share these values, so they are created here and not for each worker.
    let (use_cases, verifier) = (Data::new(use_cases), Data::new(verifier));
    let (settings_data, health_data) = (Data::new(settings.clone()), Data::new(health.clone()));
    let updates = Updates::new(
        &use_cases,
        Data::clone(&verifier),
        settings,
        health,
        metrics,
    );
    let updates = Data::new(updates);
    let rate_limiters = Data::from(RateLimiters::new(settings.rate_limits));
    let data = move |config: &mut ServiceConfig| {
        config
            .app_data(Data::clone(&use_cases))
            .app_data(Data::clone(&verifier))
            .app_data(Data::clone(&settings_data))
            .app_data(Data::clone(&health_data))
            .app_data(Data::clone(&updates))
            .app_data(Data::clone(&rate_limiters));
    };
    let workers = settings.workers.map_or_else(
        || thread::available_parallelism().map_or(1, usize::from),
        usize::from,
    );
    let state = MiddlewareState {
        routes: RouteTable::api(),
        settings: settings.clone(),
        health: health.clone(),
        metrics: metrics.clone(),
    };
    let server = serve(listener, workers, state, data)?;
    Ok(RunningServer {
        server,
        metrics: metrics.clone(),
        health: health.clone(),
        delay: settings.shutdown_delay,
        timeout: settings.shutdown_timeout,
    })
}

/// Serves metrics and health checks to administrators on a separate listener, until the returned server is dropped. The
/// timeouts are those of the API. The requests are not counted in the metrics.
///
/// # Errors
///
/// Returns an error if the HTTP server cannot use the listener.
pub fn admin_server(
    listener: TcpListener,
    registry: Registry,
    settings: &HttpSettings,
    health: &Health,
) -> io::Result<Server> {
    let (registry, health_data) = (Data::new(registry), Data::new(health.clone()));
    let data = move |config: &mut ServiceConfig| {
        config
            .app_data(Data::clone(&registry))
            .app_data(Data::clone(&health_data));
    };
    let state = MiddlewareState {
        routes: RouteTable::admin(),
        settings: HttpSettings {
            max_connections: ADMIN_LIMIT,
            max_in_flight: ADMIN_LIMIT,
            ..settings.clone()
        },
        health: health.clone(),
        metrics: HttpMetrics::default(),
    };
    serve(listener, 1, state, data)
}

/// Starts a server for a route table, with connection limits and timeouts. Handlers get `data`.
fn serve(
    listener: TcpListener,
    workers: usize,
    state: MiddlewareState,
    data: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> io::Result<Server> {
    let settings = &state.settings;
    let connections = ConnectionLimiter::new(settings, state.metrics.clone());
    let timeouts = ConnectionTimeouts {
        request: settings.head_timeout + settings.request_timeout,
        write: settings.write_timeout,
        response: settings.response_timeout,
    };
    let (head_timeout, keep_alive) = (settings.head_timeout, settings.keep_alive);
    let builder = Server::build()
        .workers(workers)
        // This is twice the connection limit, so that connections over the limit are accepted and get 503.
        .max_concurrent_connections(2 * settings.max_connections.get().div_ceil(workers))
        // This is longer than the timeout of `RunningServer`, which reports aborted requests.
        .shutdown_timeout(settings.shutdown_timeout.as_secs().saturating_add(2))
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let state = Data::new(state);
    let server = builder.listen("http", listener, move || {
        let (connections, stopping) = (connections.clone(), stopping.clone());
        let accept = fn_service(move |stream: TcpStream| {
            // `nodelay` sends a short response at once, even if an earlier one has not been acknowledged.
            let _ = stream.set_nodelay(true);
            let peer = stream.peer_addr().ok();
            let slot = connections.acquire(peer.map(|peer| peer.ip()));
            let connection = Connection::new(stream, timeouts, slot);
            ready(Ok::<_, DispatchError>((connection, peer)))
        });
        let app = App::new()
            .app_data(Data::clone(&state))
            .configure(data.clone())
            .configure(|config| state.routes.register(config))
            .wrap(from_fn(middleware::handle));
        let http = HttpService::build()
            .keep_alive(keep_alive)
            .client_request_timeout(head_timeout)
            .client_disconnect_timeout(LINGER_TIMEOUT)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .on_connect_ext(|connection: &Connection, extensions| {
                extensions.insert(connection.handle().clone());
            })
            .h1(map_config(app, |()| AppConfig::default()));
        accept.and_then(http)
    })?;
    Ok(server.run())
}
