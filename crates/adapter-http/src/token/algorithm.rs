//! The signature algorithms of tokens.

/// A signature algorithm of RFC 7518 or RFC 8037. Each configured key is for one algorithm, and a token can use only
/// the algorithms of these keys (RFC 8725 3.1).
///
/// The names are the values of `alg` in tokens and keys. They are case-sensitive (RFC 7518 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "UPPERCASE")]
pub(super) enum Algorithm {
    /// HMAC with SHA-256 and a shared secret.
    Hs256,
    /// ECDSA on the curve P-256 with SHA-256.
    Es256,
    /// Ed25519. Its name is `EdDSA` in RFC 8037, and `Ed25519` in RFC 9864.
    #[strum(to_string = "EdDSA", serialize = "Ed25519")]
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl From<Algorithm> for jsonwebtoken::Algorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Hs256 => Self::HS256,
            Algorithm::Es256 => Self::ES256,
            Algorithm::EdDsa => Self::EdDSA,
            Algorithm::Rs256 => Self::RS256,
        }
    }
}
