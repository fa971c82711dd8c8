//! The settings of token verification: the issuer and the audience.

/// The issuer and the audience that a valid token must have.
#[derive(Debug, Clone, Default)]
pub struct TokenSettings {
    /// The required `iss`. If it is `None`, every `iss` is accepted, and tokens without an `iss` are accepted too.
    pub issuer: Option<String>,
    /// The audience that `aud` must contain. If it is `None`, tokens with an `aud` are rejected. Tokens without an
    /// `aud` are always accepted.
    pub audience: Option<String>,
}
