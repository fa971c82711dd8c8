//! The HTTP interface: routes, authentication, responses and errors.
//!
//! [`server()`] serves the API that [`openapi_document`] describes. [`admin_server`] serves metrics and health checks to
//! administrators. [`TokenVerifier`] authenticates callers. [`TokenSigner`] signs tokens for development and for the
//! demo.
//!
//! # Modules
//!
//! The modules form layers. A module uses only modules of the lines above it:
//!
//! 1. `constants`, `settings`, `labels`, `token`
//! 2. `error`, `client_address`
//! 3. `request_body`, `rate_limit`, `response`
//! 4. `metrics`, `health`, `authentication`
//! 5. `request_class`
//! 6. `updates`
//! 7. `traces`, `feed`
//! 8. `docs`, `pages`, `connection`, `shutdown`
//! 9. `routes`
//! 10. `middleware`
//! 11. `server`
//!
//! Common changes
//!
//! - A new **route** needs a handler with its path and `#[utoipa::path]` in a module such as `traces`, a row in
//!   `routes`, and an entry in the `paths` of `docs`. The access log, metrics, limits, `Allow` and `OPTIONS` are
//!   derived from the row. Afterwards `wts openapi` prints the new `openapi.json`. A handler that waits or streams
//!   makes its request a long-lived one with `Updates`.
//! - A new **use case** needs a module in `wts-app`, its policy in `wts-domain`, a field of `UseCases`, and a
//!   conversion of its errors to `ApiError`.
//! - A new **column** of a trace needs a field of `Trace` in `wts-domain`, of the row type in `wts-adapter-db`, and of
//!   `TraceSchema` in `traces`. The compiler reports the other places.
//! - A new **setting** needs a field of [`HttpSettings`], which handlers get as `Data`, and an entry in the catalogue
//!   of `wts-server`.

mod authentication;
mod client_address;
mod connection;
mod constants;
mod docs;
mod error;
mod feed;
mod health;
mod labels;
mod metrics;
mod middleware;
mod pages;
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
mod updates;

pub use docs::openapi_document;
pub use feed::trace_json;
pub use health::Health;
pub use metrics::HttpMetrics;
pub use middleware::ACCESS_LOG_TARGET;
pub use server::{admin_server, server};
pub use settings::{
    AllowedOrigins, HttpSettings, InvalidOrigin, InvalidSignInUrl, Order, ParseProxiesError,
    RateLimits, SignInUrl, TrustedProxies, UnknownOrder,
};
pub use shutdown::{RunningServer, ShutdownReport};
pub use token::{
    InvalidKey, InvalidKeySetUrl, Key, KeyName, KeySetUrl, KeySource, KeySourceError, Keyring,
    RefreshPolicy, Secret, SigningFailed, SymmetricKeys, TokenError, TokenSettings, TokenSigner,
    TokenSubject, TokenVerifier, WeakSecret,
};
pub use traces::{TracesView, write_traces_csv, write_traces_json};

/// Returns the language of error messages for a client that sends these headers.
#[cfg(feature = "bench")]
pub fn preferred_language(headers: &actix_web::http::header::HeaderMap) -> wts_domain::Language {
    middleware::preferred_language(headers)
}

/// Private functions that the fuzz targets call.
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing {
    use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};

    /// Returns the bearer token in `Authorization` headers with these values.
    pub fn bearer<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Option<String> {
        let values = fields.filter_map(|field| HeaderValue::from_bytes(field).ok());
        let headers: HeaderMap = values.map(|value| (AUTHORIZATION, value)).collect();
        let token = crate::authentication::bearer(&headers).ok()?;
        Some(token.to_owned())
    }

    /// Returns the ticket number in a query string.
    pub fn ticket(query: &str) -> Option<i64> {
        let ticket = crate::traces::parse_ticket(query).ok()?;
        Some(ticket.get())
    }
}

#[cfg(test)]
mod tests;
