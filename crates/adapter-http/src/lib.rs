//! The HTTP interface: routes, tokens, and the one place where errors become HTTP responses.
//!
//! [`server`] serves the API that [`openapi_document`] describes, [`admin_server`] metrics and health for administrators.
//! [`TokenVerifier`] authenticates callers, [`TokenSigner`] makes tokens for development and demonstrations.

mod authentication;
mod client_address;
mod connection;
mod constants;
mod docs;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
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
#[cfg(feature = "bench")]
pub use traces::write_body;

#[cfg(test)]
mod tests;
