//! The test oracles of the fuzz targets. The fuzzer and the tests, which replay the corpus, share them. Each function
//! takes an arbitrary input and panics if a guarantee is violated.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use wts_adapter_http::{
    AllowedOrigins, Key, KeySetUrl, Keyring, Order, Secret, SymmetricKeys, TokenError,
    TokenSettings, TokenVerifier, fuzzing,
};
use wts_domain::Access;

const SECRET: &str = "a secret that no input of a fuzzer is signed with";
const NOW: i64 = 1_765_015_200;

fn verifier() -> Option<TokenVerifier> {
    let secret = Secret::new(SECRET.as_bytes().to_vec()).ok()?;
    let keys = Keyring::fixed(vec![Key::shared(&secret)]).ok()?;
    Some(TokenVerifier::new(keys, TokenSettings::default()))
}

/// Verifies the token in `Authorization` headers, which are separated by line feeds in the input. The token must be
/// rejected, because no input is signed with the secret.
pub fn authorization(bytes: &[u8]) {
    let fields = bytes.split(|byte| *byte == b'\n');
    if let (Some(token), Some(verifier)) = (fuzzing::bearer(fields), verifier()) {
        let outcome = verifier.verify(&token, NOW);
        assert!(outcome.is_err(), "accepted: {token}");
    }
}

/// Signs and verifies a token whose header and claims are the input, separated by a line feed. A token that is accepted
/// must have a student number, a rank and an expiry time, and must be rejected after its expiry.
pub fn claims(bytes: &[u8]) {
    let (header, claims) = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (bytes.get(..at), bytes.get(at + 1..)),
        None => (Some(&br#"{"alg":"HS256"}"#[..]), Some(bytes)),
    };
    let part = |bytes: Option<&[u8]>| URL_SAFE_NO_PAD.encode(bytes.unwrap_or_default());
    let message = format!("{}.{}", part(header), part(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
    let token = format!("{message}.{signature}");
    let Some(verifier) = verifier() else {
        return;
    };
    match verifier.verify(&token, NOW) {
        Ok(caller) => {
            // The claims are parsed without the code of the verifier.
            let parsed: Value = claims
                .and_then(|claims| serde_json::from_slice(claims).ok())
                .unwrap_or_default();
            let text = |name| parsed.get(name).and_then(Value::as_str);
            assert_eq!(text("sid"), Some(caller.student.as_str()), "{token}");
            assert_eq!(
                text("access").map(Access::from_claim),
                Some(caller.access),
                "{token}"
            );
            let exp = parsed
                .get("exp")
                .and_then(Value::as_f64)
                .unwrap_or_default();
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                reason = "the expiry of an accepted token is small enough"
            )]
            {
                assert!(exp > NOW as f64 - 31.0, "{token}");
                let later = verifier.verify(&token, exp as i64 + 31);
                assert_eq!(later, Err(TokenError::Expired), "{token}");
            }
        }
        Err(error) => assert!(
            error != TokenError::Signature,
            "valid signature rejected: {token}"
        ),
    }
}

/// Parses the ticket number in a query string. The number must be positive and occur in the query string.
pub fn query(bytes: &[u8]) {
    let Ok(query) = str::from_utf8(bytes) else {
        return;
    };
    if let Some(number) = fuzzing::ticket(query) {
        assert!(number > 0, "{query}");
        let is_spelled_out = query.contains(&number.to_string()) || query.contains('%');
        assert!(is_spelled_out, "{query} is not ticket {number}");
    }
}

/// Parses the input as each setting. A published key set must not contain secrets, a secret must be neither short nor a
/// public key, and a URL must be displayed without its username.
pub fn settings(bytes: &[u8]) {
    let _ = Key::from_pem(bytes);
    let _ = Key::from_jwks(bytes, SymmetricKeys::Allowed);
    if let Ok(published) = Key::from_jwks(bytes, SymmetricKeys::Rejected) {
        let keys = format!("{published:?}");
        assert!(!keys.contains("HS256"), "symmetric key accepted: {keys}");
    }
    if Secret::new(bytes.to_vec()).is_ok() {
        assert!(
            !bytes.starts_with(b"-----BEGIN"),
            "public key accepted as a secret"
        );
        assert!(bytes.len() >= 32, "short secret accepted");
    }
    if let Ok(text) = str::from_utf8(bytes) {
        let _ = text.parse::<AllowedOrigins>();
        let _ = text.parse::<Order>();
        if let Ok(url) = text.parse::<KeySetUrl>() {
            let url = url.to_string();
            // The authority of a URL ends at the path. An `@` after it is not part of a username.
            let authority = url.split(['/', '?', '#']).nth(2).unwrap_or_default();
            assert!(!authority.contains('@'), "{url} contains a username");
        }
    }
}
