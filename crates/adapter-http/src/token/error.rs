//! The reasons why a token is rejected.

/// The reason why a token is rejected. The messages are for the log. They never contain parts of the token, and are never
/// sent to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the texts are the documentation")]
pub enum TokenError {
    #[error("it is longer than 8 KiB")]
    TooLong,
    #[error("it does not consist of three base64url parts")]
    Malformed,
    #[error("its header is malformed")]
    Header,
    #[error("no configured key is for its algorithm")]
    AlgorithmNotAllowed,
    #[error("its header has critical extensions")]
    CriticalHeader,
    #[error("its header contains a key or the URL of a key")]
    EmbeddedKey,
    #[error("its type is neither JWT nor at+jwt")]
    TypeNotAllowed,
    #[error("it contains another token")]
    Nested,
    #[error("its header has members of an encrypted token")]
    Encrypted,
    #[error("no configured key has its kid")]
    UnknownKey,
    #[error("its signature is invalid")]
    Signature,
    #[error("its claims are malformed, or one of exp, sid and access is missing")]
    Claims,
    #[error("it has expired")]
    Expired,
    #[error("it expires after the year 9999")]
    ExpiresTooLate,
    /// Contains the name of the claim.
    #[error("its {0} is in milliseconds: expected seconds since 1970")]
    InMilliseconds(&'static str),
    #[error("it is not valid yet")]
    NotYetValid,
    #[error("it was issued in the future")]
    IssuedInTheFuture,
    #[error("its issuer is not the configured one")]
    WrongIssuer,
    #[error("its audience is not the configured one")]
    WrongAudience,
    #[error(
        "it has an audience (aud) and none is configured: set WTS_JWT_AUDIENCE to that audience to accept it"
    )]
    NoAudienceConfigured,
}
