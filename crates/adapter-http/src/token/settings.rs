//! Whom a token must name beside its bearer.

/// Who issues tokens, and for whom.
#[derive(Debug, Clone, Default)]
pub struct TokenSettings {
    /// The `iss` that every token must have; `None` lets any pass, and tokens without.
    pub issuer: Option<String>,
    /// What a token that has an `aud` must name in it; `None` refuses every token that has one.
    pub audience: Option<String>,
}
