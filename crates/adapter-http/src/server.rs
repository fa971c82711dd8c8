//! The HTTP servers: the one that serves the API, and the one that its operator asks.

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
    connection::{CLOSING, Connection, Patience, Places},
    gate::{self, Gate},
    health::Health,
    metrics::HttpMetrics,
    rate_limit::ClientLimits,
    routes,
    service::Service,
    settings::HttpSettings,
    token::TokenVerifier,
};

/// How many connections and requests of operators there may be at once.
const OPERATORS: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// Serves the use case on `listener`, at once, until the service is [told to stop](Service::run_until).
///
/// # Errors
///
/// If the listener cannot be taken over.
pub fn server(
    listener: TcpListener,
    get_traces: GetTraces,
    verifier: TokenVerifier,
    settings: &HttpSettings,
    health: &Health,
    metrics: &HttpMetrics,
) -> io::Result<Service> {
    // Made here, not per worker, so that all workers share them.
    let gate = Data::new(Gate::new(settings, health, metrics));
    let for_the_end = Data::clone(&gate);
    let (get_traces, verifier) = (Data::new(get_traces), Data::new(verifier));
    let (default_order, health_data) =
        (Data::new(settings.default_order), Data::new(health.clone()));
    let cors_origins = Data::new(settings.cors_origins.clone());
    let client_limits = Data::from(ClientLimits::new(settings.rate_limits));
    let trusted_proxies = Data::new(settings.trusted_proxies.clone());
    let app = move || {
        App::new()
            .app_data(Data::clone(&get_traces))
            .app_data(Data::clone(&verifier))
            .app_data(Data::clone(&default_order))
            .app_data(Data::clone(&health_data))
            .app_data(Data::clone(&cors_origins))
            .app_data(Data::clone(&client_limits))
            .app_data(Data::clone(&trusted_proxies))
            .app_data(Data::clone(&gate))
            .configure(routes::public)
            .wrap(from_fn(gate::pass))
    };

    let workers = settings.workers.map_or_else(
        || thread::available_parallelism().map_or(1, usize::from),
        usize::from,
    );
    let places = Places::new(settings, metrics.clone());
    let server = serve(listener, workers, settings, &places, app)?;
    Ok(Service::new(
        server,
        (for_the_end.into_inner(), places),
        health.clone(),
        settings,
    ))
}

/// Serves metrics and health on a listener of its own, which is not for everyone, until it is dropped.
///
/// Whoever asks there is waited for as little as everyone else, and bounded as well.
///
/// # Errors
///
/// If the listener cannot be taken over.
pub fn operations(
    listener: TcpListener,
    registry: Registry,
    settings: &HttpSettings,
    health: &Health,
) -> io::Result<Server> {
    let settings = HttpSettings {
        max_connections: OPERATORS,
        max_in_flight: OPERATORS,
        ..settings.clone()
    };
    let gate = Data::new(Gate::of_operators(&settings, health));
    let (registry, health) = (Data::new(registry), Data::new(health.clone()));
    let app = move || {
        App::new()
            .app_data(Data::clone(&registry))
            .app_data(Data::clone(&health))
            .app_data(Data::clone(&gate))
            .configure(routes::operations)
            .wrap(from_fn(gate::pass))
    };
    let places = Places::new(&settings, HttpMetrics::default());
    serve(listener, 1, &settings, &places, app)
}

/// Serves an app on connections that are waited for no longer than the settings say.
fn serve<A>(
    listener: TcpListener,
    workers: usize,
    settings: &HttpSettings,
    places: &Places,
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
    let patience = Patience {
        request: settings.head_timeout + settings.request_timeout,
        write: settings.write_timeout,
        answer: settings.answer_timeout,
    };
    let (head_timeout, keep_alive) = (settings.head_timeout, settings.keep_alive);
    let builder = Server::build()
        .workers(workers)
        // Twice as many as are served, so that those who are one too many are told.
        .max_concurrent_connections(2 * settings.max_connections.get().div_ceil(workers))
        // Later than the service itself gives up, which counts whom that costs an answer.
        .shutdown_timeout(settings.shutdown_timeout.as_secs().saturating_add(2))
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let places = places.clone();
    let server = builder.listen("http", listener, move || {
        let (places, stopping) = (places.clone(), stopping.clone());
        let accept = fn_service(move |stream: TcpStream| {
            // A small answer goes out at once, also where an earlier one is not acknowledged yet.
            let _ = stream.set_nodelay(true);
            let peer = stream.peer_addr().ok();
            let place = places.take(peer.map(|peer| peer.ip()));
            let connection = Connection::new(stream, patience, place);
            async move {
                if connection.is_one_too_many() {
                    connection.turn_away().await;
                    return Err(DispatchError::Io(io::ErrorKind::ConnectionRefused.into()));
                }
                Ok((connection, peer))
            }
        });
        let http = HttpService::build()
            .keep_alive(keep_alive)
            .client_request_timeout(head_timeout)
            .client_disconnect_timeout(CLOSING)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .on_connect_ext(|_: &Connection, requests| {
                requests.insert(gate::Over::default());
            })
            .h1(map_config(app(), |()| AppConfig::default()));
        accept.and_then(http)
    })?;
    Ok(server.run())
}
