//! The signature algorithms that keys can be for.

use jsonwebtoken::Algorithm as Jwa;

/// An algorithm of RFC 7518 or RFC 8037. Which of them a token may be signed with, the configured keys say: each is for
/// one algorithm, whatever a token says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// HMAC with SHA-256 under a shared secret.
    Hs256,
    /// ECDSA on the curve P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// The name that a token's `alg` and a key's have for it. RFC 7518 3.1: case matters.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }

    /// Whether an algorithm of this name has public keys.
    pub(super) fn is_asymmetric(name: &str) -> bool {
        [Self::Es256, Self::EdDsa, Self::Rs256]
            .iter()
            .any(|algorithm| algorithm.name() == name)
    }

    /// Its name in the cryptographic library.
    pub(super) const fn jwa(self) -> Jwa {
        match self {
            Self::Hs256 => Jwa::HS256,
            Self::Es256 => Jwa::ES256,
            Self::EdDsa => Jwa::EdDSA,
            Self::Rs256 => Jwa::RS256,
        }
    }
}
