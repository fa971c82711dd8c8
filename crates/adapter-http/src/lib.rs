//! The HTTP interface: routes, tokens, and the one place where errors become answers.
//!
//! [`server`] serves the use case, as [`openapi_document`] describes it, and [`operations`] what its operator asks about
//! it; [`TokenVerifier`] tells from a token who calls, and [`TokenSigner`] makes tokens for
//! development and demonstrations.

mod authentication;
mod connection;
mod content;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod health;
mod metrics;
mod openapi;
mod rate_limit;
mod response;
mod routes;
mod server;
mod service;
mod settings;
mod token;
mod traces;

pub use gate::{ACCESS_RECORDS, InvalidOrigin, Origins, ParseProxiesError, TrustedProxies};
pub use health::Health;
pub use metrics::HttpMetrics;
pub use openapi::openapi_document;
pub use rate_limit::RateLimits;
pub use server::{operations, server};
pub use service::{Ended, Service};
pub use settings::HttpSettings;
pub use token::{
    Identity, InvalidKey, InvalidKeySetUrl, Key, KeySetUrl, KeySource, KeySourceError, Keyring,
    Pace, Secret, Secrets, SigningFailed, TokenError, TokenSettings, TokenSigner, TokenVerifier,
    WeakSecret,
};
#[cfg(feature = "bench")]
pub use traces::write_body;
pub use traces::{Order, UnknownOrder};

#[cfg(test)]
mod tests;
