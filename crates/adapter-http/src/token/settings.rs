//! The issuer and the audience of tokens.

/// The issuer and the audience that tokens must have.
#[derive(Debug, Clone, Default)]
pub struct TokenSettings {
    /// The `iss` that every token must have. `None` accepts any `iss`, and tokens without one.
    pub issuer: Option<String>,
    /// The name that an `aud` must contain. Tokens without an `aud` are accepted. `None` rejects each token with an `aud`.
    pub audience: Option<String>,
}
