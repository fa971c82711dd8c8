//! What a fuzzer feeds, and every test run with the inputs that were found worth keeping. Each of these panics where a
//! promise is broken, and on nothing else.

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use wts_domain::Access;

use crate::{
    AllowedOrigins, Key, KeySetUrl, Keyring, Order, Secret, SymmetricKeys, TokenError,
    TokenSettings, TokenVerifier, authentication::bearer, traces::ticket_of,
};

const SECRET: &str = "nobody who makes inputs for a fuzzer knows this";
const NOW: i64 = 1_765_015_200;

fn verifier() -> Option<TokenVerifier> {
    let secret = Secret::new(SECRET.as_bytes().to_vec()).ok()?;
    let keys = Keyring::fixed(vec![Key::shared(&secret)]).ok()?;
    Some(TokenVerifier::new(keys, TokenSettings::default()))
}

/// From the value of an `Authorization` field to who calls.
///
/// # Panics
///
/// If a caller is believed, who cannot have signed.
pub fn authorization(bytes: &[u8]) {
    let mut headers = HeaderMap::new();
    for value in bytes.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(AUTHORIZATION, value);
        }
    }
    if let (Ok(token), Some(verifier)) = (bearer(&headers), verifier()) {
        let outcome = verifier.verify(token, NOW);
        assert!(outcome.is_err(), "believed: {token}");
    }
}

/// From a header and claims, a line feed between them, that are well signed, to who calls.
///
/// # Panics
///
/// If a caller is believed without saying a student number, a rank and an end that has not come, or beyond that end.
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
            // As another reader has it.
            let said: Value = claims
                .and_then(|claims| serde_json::from_slice(claims).ok())
                .unwrap_or_default();
            let text = |name| said.get(name).and_then(Value::as_str);
            assert_eq!(text("sid"), Some(caller.student.as_str()), "{token}");
            assert_eq!(
                text("access").map(Access::from_claim),
                Some(caller.access),
                "{token}"
            );
            let exp = said.get("exp").and_then(Value::as_f64).unwrap_or_default();
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                reason = "no date of a token that is believed is so large"
            )]
            {
                assert!(exp > NOW as f64 - 31.0, "{token}");
                let later = verifier.verify(&token, exp as i64 + 31);
                assert_eq!(later, Err(TokenError::Expired), "{token}");
            }
        }
        Err(error) => assert!(error != TokenError::Signature, "it is good: {token}"),
    }
}

/// From a query to the number of a ticket.
///
/// # Panics
///
/// If a number is found that the query does not have in it.
pub fn query(bytes: &[u8]) {
    let Ok(query) = str::from_utf8(bytes) else {
        return;
    };
    if let Ok(ticket) = ticket_of(query) {
        let number = ticket.get();
        assert!(number > 0, "{query}");
        let is_spelled_out = query.contains(&number.to_string()) || query.contains('%');
        assert!(is_spelled_out, "{query} is not ticket {number}");
    }
}

/// From what an operator gives to keys, origins and so on.
///
/// # Panics
///
/// If a secret is taken from where others can read it, or a short one, or a user is shown.
pub fn settings(bytes: &[u8]) {
    let _ = Key::from_pem(bytes);
    let _ = Key::from_jwks(bytes, SymmetricKeys::Allowed);
    if let Ok(published) = Key::from_jwks(bytes, SymmetricKeys::Rejected) {
        let shown = format!("{published:?}");
        assert!(!shown.contains("HS256"), "a secret is taken: {shown}");
    }
    if Secret::new(bytes.to_vec()).is_ok() {
        assert!(!bytes.starts_with(b"-----BEGIN"), "a public key is taken");
        assert!(bytes.len() >= 32, "a short secret is taken");
    }
    if let Ok(text) = str::from_utf8(bytes) {
        let _ = text.parse::<AllowedOrigins>();
        let _ = text.parse::<Order>();
        if let Ok(url) = text.parse::<KeySetUrl>() {
            let url = url.to_string();
            // Between the slashes and the path; an @ behind that is nobody's.
            let authority = url.split(['/', '?', '#']).nth(2).unwrap_or_default();
            assert!(!authority.contains('@'), "{url} shows a user");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    /// Feeds every input that is kept for a target, and cuts of it.
    fn replay(target: &str, feed: impl Fn(&[u8])) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
        let mut inputs = 0;
        for input in fs::read_dir(corpus.join(target)).unwrap() {
            let input = fs::read(input.unwrap().path()).unwrap();
            for end in 0..=input.len() {
                feed(&input[..end]);
            }
            inputs += 1;
        }
        assert!(inputs > 0, "there is a corpus of {target}");
    }

    #[test]
    fn the_fuzzers_inputs_break_no_promise() {
        replay("authorization", super::authorization);
        replay("claims", super::claims);
        replay("query", super::query);
        replay("settings", super::settings);
    }
}
