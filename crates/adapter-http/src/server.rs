//! The HTTP server.

use std::{io, net::TcpListener, num::NonZeroUsize, time::Duration};

use actix_web::{App, HttpServer, dev::Server, middleware::from_fn, web::Data};
use wts_app::GetTraces;

use crate::{
    gate::{self, Origins, TrustedProxies},
    rate_limit::{ClientLimits, RateLimits},
    routes,
    token::TokenVerifier,
    traces::Order,
};

/// What an operator may decide about the server.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The order of traces where a caller asks for none.
    pub default_order: Order,
    /// Whose pages may read answers.
    pub cors_origins: Origins,
    /// How often one client may ask.
    pub rate_limits: RateLimits,
    /// Whose `X-Request-Id` is taken over.
    pub trusted_proxies: TrustedProxies,
    /// How many threads serve connections; `None` for one per core.
    pub workers: Option<NonZeroUsize>,
    /// How long requests in flight may take to finish when the server is told to stop, in whole seconds.
    pub shutdown_timeout: Duration,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            default_order: Order::default(),
            cors_origins: Origins::default(),
            rate_limits: RateLimits::default(),
            trusted_proxies: TrustedProxies::default(),
            workers: None,
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}

/// Serves on `listener` until a signal ends it: SIGTERM lets requests in flight finish, SIGINT does not. The future
/// resolves when it has ended; it begins to serve at once.
///
/// # Errors
///
/// If the listener cannot be taken over.
pub fn server(
    listener: TcpListener,
    get_traces: GetTraces,
    verifier: TokenVerifier,
    settings: &HttpSettings,
) -> io::Result<Server> {
    // Made here, not per worker, so that all workers share them.
    let (get_traces, verifier) = (Data::new(get_traces), Data::new(verifier));
    let default_order = Data::new(settings.default_order);
    let cors_origins = Data::new(settings.cors_origins.clone());
    let client_limits = Data::from(ClientLimits::new(settings.rate_limits));
    let trusted_proxies = Data::new(settings.trusted_proxies.clone());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::clone(&get_traces))
            .app_data(Data::clone(&verifier))
            .app_data(Data::clone(&default_order))
            .app_data(Data::clone(&cors_origins))
            .app_data(Data::clone(&client_limits))
            .app_data(Data::clone(&trusted_proxies))
            .configure(routes::configure)
            .wrap(from_fn(gate::pass))
    })
    .on_connect(|_, connection| {
        connection.insert(gate::Over::default());
    })
    .listen(listener)?
    // A small answer goes out at once, also where an earlier one is not acknowledged yet.
    .tcp_nodelay(true)
    .shutdown_timeout(settings.shutdown_timeout.as_secs());
    Ok(match settings.workers {
        Some(workers) => server.workers(workers.get()),
        None => server,
    }
    .run())
}
