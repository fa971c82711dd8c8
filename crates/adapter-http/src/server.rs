//! The HTTP servers: the API, and the administrators' listener.

use std::{io, net::TcpListener, num::NonZeroUsize, thread};

use actix_http::{HttpService, error::DispatchError};
use actix_service::{ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    App, Error,
    body::BoxBody,
    dev::{AppConfig, Server, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    rt::net::TcpStream,
    web::Data,
};
use prometheus_client::registry::Registry;
use wts_app::GetTraces;

use crate::{
    connection::{Connection, ConnectionLimiter, ConnectionTimeouts, LINGER_TIMEOUT},
    health::Health,
    metrics::HttpMetrics,
    middleware::{self, ConnectionClosing, MiddlewareState},
    rate_limit::RateLimiters,
    routes,
    settings::HttpSettings,
    shutdown::RunningServer,
    token::TokenVerifier,
};

/// How many connections and requests the administrators' listener serves at once.
const ADMIN_LIMIT: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// Serves the use case on `listener` until [shutdown](RunningServer::run_until).
///
/// # Errors
///
/// Returns an error if the listener cannot be used.
pub fn server(
    listener: TcpListener,
    get_traces: GetTraces,
    verifier: TokenVerifier,
    settings: &HttpSettings,
    health: &Health,
    metrics: &HttpMetrics,
) -> io::Result<RunningServer> {
    // Created here and not per worker, so that all workers share them.
    let state = Data::new(MiddlewareState::new(settings, health, metrics));
    let state_for_shutdown = Data::clone(&state).into_inner();
    let (get_traces, verifier) = (Data::new(get_traces), Data::new(verifier));
    let (settings_data, health_data) = (Data::new(settings.clone()), Data::new(health.clone()));
    let rate_limiters = Data::from(RateLimiters::new(settings.rate_limits));
    let app = move || {
        App::new()
            .app_data(Data::clone(&get_traces))
            .app_data(Data::clone(&verifier))
            .app_data(Data::clone(&settings_data))
            .app_data(Data::clone(&health_data))
            .app_data(Data::clone(&rate_limiters))
            .app_data(Data::clone(&state))
            .configure(routes::public)
            .wrap(from_fn(middleware::handle))
    };

    let workers = settings.workers.map_or_else(
        || thread::available_parallelism().map_or(1, usize::from),
        usize::from,
    );
    let connections = ConnectionLimiter::new(settings, metrics.clone());
    let server = serve(listener, workers, settings, &connections, app)?;
    Ok(RunningServer::new(
        server,
        (state_for_shutdown, connections),
        health.clone(),
        settings,
    ))
}

/// Serves metrics and health to administrators on a listener of its own, until dropped. The same limits and timeouts hold
/// as for the API.
///
/// # Errors
///
/// Returns an error if the listener cannot be used.
pub fn admin_server(
    listener: TcpListener,
    registry: Registry,
    settings: &HttpSettings,
    health: &Health,
) -> io::Result<Server> {
    let settings = HttpSettings {
        max_connections: ADMIN_LIMIT,
        max_in_flight: ADMIN_LIMIT,
        ..settings.clone()
    };
    let state = Data::new(MiddlewareState::for_admin(&settings, health));
    let (registry, health) = (Data::new(registry), Data::new(health.clone()));
    let app = move || {
        App::new()
            .app_data(Data::clone(&registry))
            .app_data(Data::clone(&health))
            .app_data(Data::clone(&state))
            .configure(routes::admin)
            .wrap(from_fn(middleware::handle))
    };
    let connections = ConnectionLimiter::new(&settings, HttpMetrics::default());
    serve(listener, 1, &settings, &connections, app)
}

/// Serves an app on connections with limits and timeouts.
fn serve<A>(
    listener: TcpListener,
    workers: usize,
    settings: &HttpSettings,
    connections: &ConnectionLimiter,
    app: impl Fn() -> App<A> + Clone + Send + 'static,
) -> io::Result<Server>
where
    A: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<BoxBody>,
            Error = Error,
            InitError = (),
        > + 'static,
{
    let timeouts = ConnectionTimeouts {
        request: settings.head_timeout + settings.request_timeout,
        write: settings.write_timeout,
        answer: settings.answer_timeout,
    };
    let (head_timeout, keep_alive) = (settings.head_timeout, settings.keep_alive);
    let builder = Server::build()
        .workers(workers)
        // Twice as many as are served, so that connections over the limit get 503.
        .max_concurrent_connections(2 * settings.max_connections.get().div_ceil(workers))
        // Longer than `RunningServer` waits, which reports the requests that are aborted.
        .shutdown_timeout(settings.shutdown_timeout.as_secs().saturating_add(2))
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let connections = connections.clone();
    let server = builder.listen("http", listener, move || {
        let (connections, stopping) = (connections.clone(), stopping.clone());
        let accept = fn_service(move |stream: TcpStream| {
            // A small response is sent at once, also while an earlier one is not acknowledged.
            let _ = stream.set_nodelay(true);
            let peer = stream.peer_addr().ok();
            let slot = connections.acquire(peer.map(|peer| peer.ip()));
            let connection = Connection::new(stream, timeouts, slot);
            async move {
                if connection.is_over_limit() {
                    connection.reject().await;
                    return Err(DispatchError::Io(io::ErrorKind::ConnectionRefused.into()));
                }
                Ok((connection, peer))
            }
        });
        let http = HttpService::build()
            .keep_alive(keep_alive)
            .client_request_timeout(head_timeout)
            .client_disconnect_timeout(LINGER_TIMEOUT)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .on_connect_ext(|_: &Connection, requests| {
                requests.insert(ConnectionClosing::default());
            })
            .h1(map_config(app(), |()| AppConfig::default()));
        accept.and_then(http)
    })?;
    Ok(server.run())
}
