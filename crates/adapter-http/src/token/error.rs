//! Why a token is not good.

/// Why a token is not good. The words are for the log; none quotes the token, and the client is told none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Longer than 8 KiB.
    #[error("it is longer than 8 KiB")]
    TooLong,
    /// Not three parts in base64url.
    #[error("it is not three parts in base64url")]
    Malformed,
    /// A header that is not a JSON object as RFC 7515 has it.
    #[error("its header is malformed")]
    Header,
    /// Signed, or not, by an algorithm that no configured key is for.
    #[error("it is signed with an algorithm that no configured key is for")]
    AlgorithmNotAllowed,
    /// A header that asks for an extension to be understood, RFC 7515 4.1.11.
    #[error("its header has critical extensions")]
    CriticalHeader,
    /// A header that brings the key to check it with.
    #[error("its header brings a key of its own")]
    EmbeddedKey,
    /// Neither `JWT` nor `at+jwt`.
    #[error("its type is neither JWT nor at+jwt")]
    TypeNotAllowed,
    /// A token inside a token.
    #[error("it holds another token")]
    Nested,
    /// A header of encrypted tokens.
    #[error("its header is that of an encrypted token")]
    Encrypted,
    /// A `kid` that no key has.
    #[error("its kid is that of no configured key")]
    UnknownKey,
    /// A signature that is not that of the key.
    #[error("its signature is wrong")]
    Signature,
    /// Claims that are not a JSON object, that lack one which is required, or where one has the wrong type.
    #[error("its claims are malformed, or one of exp, sid and access is missing")]
    Claims,
    /// Past its `exp`.
    #[error("it has expired")]
    Expired,
    /// An `exp` that nobody lives to see.
    #[error("it expires after the year 9999")]
    ExpiresTooLate,
    /// Before its `nbf`.
    #[error("it is not valid yet")]
    NotYetValid,
    /// Before its `iat`.
    #[error("it was issued in the future")]
    IssuedInTheFuture,
    /// Not from the configured issuer.
    #[error("it is from another issuer")]
    WrongIssuer,
    /// For others than the configured audience.
    #[error("it is for another audience")]
    WrongAudience,
}
