//! The header of a token, of which nothing is believed: it may only agree with what is configured.

use std::borrow::Cow;

use super::{error::TokenError, object::Object};

/// Members that the headers of encrypted tokens have (RFC 7516 4.1, RFC 7518 4).
const OF_ENCRYPTED: [&str; 9] = ["enc", "zip", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c"];

/// What a header says of the key. The key decides whether it is right.
pub(super) struct Header<'a> {
    /// The algorithm that the token claims to be signed with.
    pub(super) alg: Cow<'a, str>,
    /// Which of the configured keys it claims to be signed with.
    pub(super) kid: Option<Cow<'a, str>>,
}

impl<'a> Header<'a> {
    /// Reads a header that asks for nothing which is not understood here and brings nothing that is not asked for.
    pub(super) fn read(json: &'a [u8]) -> Result<Self, TokenError> {
        let header = Object::parse(json).ok_or(TokenError::Header)?;
        let text = |name| header.text(name).map_err(|_| TokenError::Header);
        let alg = text("alg")?.ok_or(TokenError::Header)?;
        let kid = text("kid")?;
        // RFC 7515 4.1.11, RFC 7797 3: an extension that must be understood, and one that would change what is signed.
        if header.has("crit") || header.has("b64") {
            return Err(TokenError::CriticalHeader);
        }
        // RFC 7515 10.7, RFC 8725 3.10: a key out of the token proves nothing.
        if ["jwk", "jku", "x5c", "x5u"]
            .iter()
            .any(|name| header.has(name))
        {
            return Err(TokenError::EmbeddedKey);
        }
        match header.text("typ") {
            Ok(None) => {}
            Ok(Some(typ)) if typ == "JWT" || typ == "at+jwt" => {}
            _ => return Err(TokenError::AnotherType),
        }
        // RFC 7516 4.1: whoever reads these takes the token for one that is encrypted.
        if OF_ENCRYPTED.iter().any(|name| header.has(name)) {
            return Err(TokenError::Encrypted);
        }
        // RFC 7519 5.2, RFC 7515 4.1.9: the claims would be another token.
        match header.text("cty") {
            Ok(Some(cty)) if is_of_tokens(&cty) => Err(TokenError::Nested),
            Ok(_) => Ok(Self { alg, kid }),
            Err(_) => Err(TokenError::Header),
        }
    }
}

fn is_of_tokens(content_type: &str) -> bool {
    let content_type = content_type.to_ascii_lowercase();
    ["jwt", "jws", "jwe", "jose"]
        .iter()
        .any(|kind| content_type.contains(kind))
}
