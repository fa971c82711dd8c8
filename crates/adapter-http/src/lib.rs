//! The HTTP interface: routes, authentication, responses and errors.
//!
//! [`server`] serves the API that [`openapi_document`] describes, [`admin_server`] metrics and health for administrators.
//! [`TokenVerifier`] authenticates callers, [`TokenSigner`] signs tokens for development and demonstrations.
//!
//! # Modules
//!
//! Leaves first; a module uses only modules in the lines above its own:
//!
//! 1. `constants`, `settings`, `labels`, `token`
//! 2. `error`, `client_address`
//! 3. `request_body`, `rate_limit`, `response`
//! 4. `metrics`, `health`, `authentication`
//! 5. `request_class`, `traces`
//! 6. `docs`, `connection`, `shutdown`
//! 7. `routes`
//! 8. `middleware`
//! 9. `server`
//!
//! # Adding to it
//!
//! - A **route** is a handler with its path and `#[utoipa::path]` in a module like `traces`, a row in `routes`, and its name
//!   in the `paths` of `docs`. Log, metrics, limits, `Allow` and `OPTIONS` follow from the row. `wts openapi` then prints
//!   the new `openapi.json`. A handler that waits or streams raises its request with a `ConnectionHandle`.
//! - A **use case** is a module of `wts-app`, its policy in `wts-domain`, and a field of `UseCases`. Its errors become
//!   an `ApiError`.
//! - A **column** of a trace is a field of `Trace` in `wts-domain`, of the row that `wts-adapter-db` reads, and of the
//!   `TraceSchema` in `traces`; the compiler names the other places.
//! - A **setting** is a field of [`HttpSettings`], which handlers get as `Data`, and an entry in the catalogue of
//!   `wts-server`.

mod authentication;
mod client_address;
mod connection;
mod constants;
mod docs;
mod error;
mod health;
mod labels;
mod metrics;
mod middleware;
mod rate_limit;
mod request_body;
mod request_class;
mod response;
mod routes;
mod server;
mod settings;
mod shutdown;
mod token;
mod traces;

pub use docs::openapi_document;
pub use health::Health;
pub use metrics::HttpMetrics;
pub use middleware::ACCESS_LOG_TARGET;
pub use server::{admin_server, server};
pub use settings::{
    AllowedOrigins, HttpSettings, InvalidOrigin, Order, ParseProxiesError, RateLimits,
    TrustedProxies, UnknownOrder,
};
pub use shutdown::{RunningServer, ShutdownReport};
pub use token::{
    InvalidKey, InvalidKeySetUrl, Key, KeyName, KeySetUrl, KeySource, KeySourceError, Keyring,
    RefreshPolicy, Secret, SigningFailed, SymmetricKeys, TokenError, TokenSettings, TokenSigner,
    TokenSubject, TokenVerifier, WeakSecret,
};
pub use traces::{TracesView, write_traces_csv, write_traces_json};

/// Private functions for the fuzz targets.
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing {
    use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};

    /// Returns the token in `Authorization` fields.
    pub fn bearer<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Option<String> {
        let values = fields.filter_map(|field| HeaderValue::from_bytes(field).ok());
        let headers: HeaderMap = values.map(|value| (AUTHORIZATION, value)).collect();
        let token = crate::authentication::bearer(&headers).ok()?;
        Some(token.to_owned())
    }

    /// Returns the number of the ticket in a query.
    pub fn ticket(query: &str) -> Option<i64> {
        let ticket = crate::traces::parse_ticket(query).ok()?;
        Some(ticket.get())
    }
}

#[cfg(test)]
mod tests;
