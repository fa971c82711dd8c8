//! The signature algorithms that keys can be for.

/// A signature algorithm of RFC 7518 or RFC 8037. The configured keys decide which one a token may use: each key is for
/// one algorithm (RFC 8725 3.1).
///
/// Its names are those of `alg` in tokens and keys. RFC 7518 3.1: case matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "UPPERCASE")]
pub(super) enum Algorithm {
    /// HMAC with SHA-256 under a shared secret.
    Hs256,
    /// ECDSA on the curve P-256 with SHA-256.
    Es256,
    /// Ed25519. RFC 9864 names it after the curve.
    #[strum(to_string = "EdDSA", serialize = "Ed25519")]
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}
