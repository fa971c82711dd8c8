//! Tokens: JWT (RFC 7519) signed with HS256 (RFC 7518 3.2), read as RFC 8725 advises.

mod claims;
mod header;
mod settings;
mod signer;
mod verifier;

pub use settings::{TokenSettings, WeakSecret};
pub use signer::{Identity, SigningFailed, TokenSigner};
pub use verifier::{TokenError, TokenVerifier};

#[cfg(test)]
mod tests;
