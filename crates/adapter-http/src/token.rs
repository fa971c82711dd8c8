//! Tokens: signed JWTs (RFC 7519, RFC 7515), which are verified according to RFC 8725.

mod algorithm;
mod claims;
mod error;
mod header;
mod key;
mod keyring;
mod secret;
mod settings;
mod signer;
mod strict_json;
mod verifier;

pub use error::TokenError;
pub use key::{InvalidKey, Key, KeyName, SymmetricKeys};
pub use keyring::{InvalidKeySetUrl, KeySetUrl, KeySource, KeySourceError, Keyring, RefreshPolicy};
pub use secret::{Secret, WeakSecret};
pub use settings::TokenSettings;
pub use signer::{SigningFailed, TokenSigner, TokenSubject};
pub use verifier::TokenVerifier;

#[cfg(test)]
mod tests;
