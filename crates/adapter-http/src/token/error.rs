//! The reasons for which a token is rejected.

/// The reason for which a token is rejected. The texts are for the log: they never quote the token, and no response has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the texts are the documentation")]
pub enum TokenError {
    #[error("it is longer than 8 KiB")]
    TooLong,
    #[error("it is not three parts in base64url")]
    Malformed,
    #[error("its header is malformed")]
    Header,
    #[error("it is signed with an algorithm that no configured key is for")]
    AlgorithmNotAllowed,
    #[error("its header has critical extensions")]
    CriticalHeader,
    #[error("its header brings a key of its own")]
    EmbeddedKey,
    #[error("its type is neither JWT nor at+jwt")]
    TypeNotAllowed,
    #[error("it holds another token")]
    Nested,
    #[error("its header is that of an encrypted token")]
    Encrypted,
    #[error("its kid is that of no configured key")]
    UnknownKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("its claims are malformed, or one of exp, sid and access is missing")]
    Claims,
    #[error("it has expired")]
    Expired,
    #[error("it expires after the year 9999")]
    ExpiresTooLate,
    #[error("it is not valid yet")]
    NotYetValid,
    #[error("it was issued in the future")]
    IssuedInTheFuture,
    #[error("it is from another issuer")]
    WrongIssuer,
    #[error("it is for another audience")]
    WrongAudience,
}
