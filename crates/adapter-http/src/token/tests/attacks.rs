//! A list of forged and malformed tokens, each with a description and the error with which it must be rejected.

mod algorithms;
mod claims;
mod headers;
mod spelling;

use std::collections::BTreeSet;

use super::{
    forge::{PAIRS, base64url},
    *,
};

/// Claims that are accepted.
const CLAIMS: &str = r#"{"sid":"2024310001","access":"dev","exp":4102444800}"#;
/// A header that is accepted.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// An attack: its description, the token and the expected error.
type Attack = (String, String, TokenError);

fn attack(kind: impl Into<String>, token: impl Into<String>, error: TokenError) -> Attack {
    (kind.into(), token.into(), error)
}

/// Returns a verifier with the shared secret and a public key of each type, so that an attack can confuse the keys.
fn target() -> TokenVerifier {
    let mut keys = vec![Key::shared(&secret())];
    keys.extend(Key::from_jwks(PAIRS.jwks().as_bytes(), SymmetricKeys::Rejected).unwrap());
    TokenVerifier::new(Keyring::fixed(keys).unwrap(), TokenSettings::default())
}

#[test]
fn attack_is_rejected_with_the_expected_error() {
    let catalogue = [
        algorithms::attacks(),
        headers::attacks(),
        claims::attacks(),
        spelling::attacks(),
    ]
    .concat();
    let kinds: BTreeSet<_> = catalogue.iter().map(|(kind, ..)| kind).collect();
    assert_eq!(kinds.len(), catalogue.len(), "descriptions are unique");
    assert!(kinds.len() >= 100, "{}", kinds.len());

    let target = target();
    let unexpected: Vec<_> = catalogue
        .iter()
        .map(|(kind, token, error)| (kind, target.verify(token, NOW), Err(*error)))
        .filter(|(_, outcome, expected)| outcome != expected)
        .collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
}

#[test]
fn token_without_the_attack_is_accepted() {
    let target = target();
    for header in [
        HEADER,
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"HS256","typ":"at+jwt"}"#,
        r#"{"alg":"HS256","typ":"jwt"}"#,
        r#"{"alg":"HS256","typ":"AT+JWT"}"#,
        r#"{"alg":"HS256","typ":"application/jwt"}"#,
        r#"{"alg":"HS256","typ":"Application/At+JWT"}"#,
        // An unknown `kid` is ignored if a key has no `kid`, and unknown members are ignored (RFC 7515 4).
        r#"{"alg":"HS256","kid":"../../dev/null"}"#,
        r#"{"alg":"HS256","x5t":"AAAA","x":{"y":[{"y":1},{"y":1}]},"cty":"json"}"#,
        " {\"alg\" :\t\"HS256\"\r\n} ",
    ] {
        assert!(
            target.verify(&signed(header, CLAIMS), NOW).is_ok(),
            "{header}"
        );
    }
    for claims in [
        CLAIMS,
        r#"{"sid":"2024310001","access":"dev","exp":4102444800,"x":[[[{"y":"[[[[[[[[[["}]]]}"#,
        r#"{"sid":"2024310001","access":"dev","exp":253402300799}"#,
        r#"{"\u0073id":"2024\u0033310001","access":"dev","exp":4.1024448e9}"#,
    ] {
        assert!(
            target.verify(&signed(HEADER, claims), NOW).is_ok(),
            "{claims}"
        );
    }
    // RFC 9864 names EdDSA with this curve after the curve.
    let named_by_curve = PAIRS.sign("EdDSA", r#"{"alg":"Ed25519","kid":"EdDSA"}"#, CLAIMS);
    assert!(target.verify(&named_by_curve, NOW).is_ok());
    for alg in ["ES256", "EdDSA", "RS256"] {
        for header in [
            format!(r#"{{"alg":"{alg}","kid":"{alg}"}}"#),
            format!(r#"{{"alg":"{alg}"}}"#),
        ] {
            let token = PAIRS.sign(alg, &header, CLAIMS);
            assert!(target.verify(&token, NOW).is_ok(), "{header}");
        }
    }
}
