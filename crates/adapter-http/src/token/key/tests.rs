//! Tests of which keys are accepted.

mod forgeable;
mod wycheproof;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::*;
use crate::token::{
    WeakSecret,
    tests::forge::{self, PAIRS},
};

fn algorithms(keys: &[Key]) -> Vec<&'static str> {
    keys.iter().map(|key| key.algorithm.into()).collect()
}

fn from_jwks(keys: &serde_json::Value, secrets: SymmetricKeys) -> Result<Vec<Key>, InvalidKey> {
    Key::from_jwks(json!({ "keys": keys }).to_string().as_bytes(), secrets)
}

fn name(number: usize, kid: Option<&str>) -> KeyName {
    KeyName {
        number,
        kid: kid.map(str::to_owned),
    }
}

fn rejected(number: usize, kid: Option<&str>, reason: &'static str) -> InvalidKey {
    InvalidKey::Rejected(name(number, kid), reason)
}

#[test]
fn pem_file_with_every_kind_of_public_key_is_accepted() {
    let all = ["ES256", "EdDSA", "RS256"];
    let file: String = all
        .map(|alg| format!("# {alg}\n{}", PAIRS.pem(alg)))
        .concat();
    assert_eq!(algorithms(&Key::from_pem(file.as_bytes()).unwrap()), all);
}

#[test]
fn pem_file_without_only_public_keys_is_rejected() {
    let good = PAIRS.der("ES256");
    for (text, error) in [
        (String::new(), InvalidKey::Pem),
        ("no PEM at all".to_owned(), InvalidKey::Pem),
        (
            forge::pem("CERTIFICATE", &good),
            InvalidKey::NotPublic("a certificate"),
        ),
        (
            forge::pem("PRIVATE KEY", &good),
            InvalidKey::NotPublic("a private key"),
        ),
        (
            PAIRS.pem("ES256") + &forge::pem("EC PRIVATE KEY", &good),
            InvalidKey::NotPublic("a private key"),
        ),
        (
            PAIRS.pem("ES256").replace("-----END", "-----"),
            InvalidKey::Pem,
        ),
    ] {
        assert_eq!(Key::from_pem(text.as_bytes()).unwrap_err(), error, "{text}");
    }
}

#[test]
fn jwk_secret_is_accepted_from_a_file_only() {
    let public: serde_json::Value = serde_json::from_str(&PAIRS.jwks()).unwrap();
    let all = ["ES256", "EdDSA", "RS256"];
    assert_eq!(
        algorithms(&from_jwks(&public["keys"], SymmetricKeys::Rejected).unwrap()),
        all
    );

    let secret = json!([{"kty": "oct", "kid": "2026", "k": URL_SAFE_NO_PAD.encode("32 bytes, more or less random, 9")}]);
    assert_eq!(
        algorithms(&from_jwks(&secret, SymmetricKeys::Allowed).unwrap()),
        ["HS256"]
    );
    assert_eq!(
        from_jwks(&secret, SymmetricKeys::Rejected).unwrap_err(),
        rejected(
            1,
            Some("2026"),
            "it is a secret, expected public keys only (RFC 7517 9.2)"
        )
    );
}

#[test]
fn jwk_for_another_purpose_is_skipped() {
    let public: serde_json::Value = serde_json::from_str(&PAIRS.jwks()).unwrap();
    let es256 = public["keys"][0].clone();
    let with_member = |name: &str, value: serde_json::Value| {
        let mut key = es256.clone();
        key[name] = value;
        key
    };
    for other in [
        with_member("use", json!("enc")),
        with_member("key_ops", json!(["sign"])),
        with_member("alg", json!("ES384")),
        with_member("alg", json!("ECDH-ES")),
        with_member("crv", json!("P-521")),
        with_member("kty", json!("AKP")),
    ] {
        assert_eq!(
            from_jwks(&json!([other]), SymmetricKeys::Rejected).unwrap_err(),
            InvalidKey::None
        );
        let accepted = from_jwks(&json!([other, es256]), SymmetricKeys::Rejected).unwrap();
        assert_eq!(algorithms(&accepted), ["ES256"], "{other}");
    }
}

/// A malformed key is an error in a file, and is skipped in a set of public keys.
#[test]
fn malformed_jwk_is_rejected() {
    const COORDINATES: &str = "expected x and y of 32 bytes each in base64url (RFC 7518 6.2.1)";
    const POINT: &str = "expected a point on the curve P-256 (RFC 8725 3.4)";
    const OBJECT: &str = "expected an object with kty, each member once (RFC 7517 4)";
    const EXPONENT: &str = "expected an odd RSA exponent of 3 to 2^32-1 (RFC 8017 3.1)";
    let public: serde_json::Value = serde_json::from_str(&PAIRS.jwks()).unwrap();
    let with_member = |key: usize, name: &str, value: serde_json::Value| {
        let mut key = public["keys"][key].clone();
        key[name] = value;
        json!([public["keys"][0], key])
    };
    let point = public["keys"][0]["x"].as_str().unwrap();
    for (set, kid, why) in [
        (
            with_member(0, "x", json!("AAAA")),
            Some("ES256"),
            COORDINATES,
        ),
        (with_member(0, "x", json!(null)), Some("ES256"), COORDINATES),
        (with_member(0, "y", json!(point)), Some("ES256"), POINT),
        (
            with_member(0, "y", json!(format!("{point}="))),
            Some("ES256"),
            COORDINATES,
        ),
        (
            with_member(1, "x", json!("AAAA")),
            Some("EdDSA"),
            public::NO_ED25519_POINT,
        ),
        (
            with_member(1, "x", json!("A+==")),
            Some("EdDSA"),
            "expected x in base64url (RFC 8037 2)",
        ),
        (
            with_member(2, "n", json!("AQAB")),
            Some("RS256"),
            "expected an RSA modulus of 2048 to 8192 bits without leading zeros (RFC 7518 3.3, 6.3.1.1)",
        ),
        (with_member(2, "e", json!("AQ")), Some("RS256"), EXPONENT),
        (with_member(2, "e", json!("")), Some("RS256"), EXPONENT),
        (
            with_member(2, "e", json!(null)),
            Some("RS256"),
            "expected n and e in base64url (RFC 7518 6.3.1)",
        ),
        (with_member(0, "kty", json!(7)), None, OBJECT),
        (with_member(0, "kid", json!(7)), None, OBJECT),
        (json!([public["keys"][0], 7]), None, OBJECT),
        (
            json!([public["keys"][0], [public["keys"][0]]]),
            None,
            OBJECT,
        ),
    ] {
        let error = from_jwks(&set, SymmetricKeys::Allowed).unwrap_err();
        assert_eq!(error, rejected(2, kid, why), "{set}");
        let rest = from_jwks(&set, SymmetricKeys::Rejected).unwrap();
        assert_eq!(algorithms(&rest), ["ES256"], "{set}");
        let alone = from_jwks(&json!([set[1]]), SymmetricKeys::Rejected).unwrap_err();
        assert_eq!(alone, rejected(1, kid, why), "{set}");
    }
    let twice = br#"{"keys":[{"kty":"oct","kid":"a","k":"AAAA","k":"AAAA"}]}"#;
    let error = Key::from_jwks(twice, SymmetricKeys::Allowed).unwrap_err();
    assert_eq!(error, rejected(1, None, OBJECT));
}

/// Readers of a private key could sign tokens with it (RFC 7517 9.2).
#[test]
fn private_jwk_is_rejected() {
    let public: serde_json::Value = serde_json::from_str(&PAIRS.jwks()).unwrap();
    for (key, kid) in [(0, "ES256"), (1, "EdDSA"), (2, "RS256")] {
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            for value in [json!("AAAA"), json!(""), json!([{"r": "AAAA"}])] {
                let mut private = public["keys"][key].clone();
                private[member] = value;
                for symmetric in [SymmetricKeys::Allowed, SymmetricKeys::Rejected] {
                    let error = from_jwks(&json!([private]), symmetric)
                        .unwrap_err()
                        .to_string();
                    let is_named = error.starts_with(&format!("key 1 of the set (kid {kid:?}) is rejected: it is a private key"))
                        // The type of `k` is checked earlier.
                        || member == "k" && error.contains("expected an object");
                    assert!(is_named, "{member}: {error}");
                }
            }
        }
    }
}

#[test]
fn weak_or_published_jwk_secret_is_rejected() {
    let public: serde_json::Value = serde_json::from_str(&PAIRS.jwks()).unwrap();
    let secret = json!([public["keys"][0], {"kty": "oct", "k": URL_SAFE_NO_PAD.encode("32 bytes, more or less random, 9")}]);
    let rest = from_jwks(&secret, SymmetricKeys::Rejected).unwrap();
    assert_eq!(algorithms(&rest), ["ES256"], "the secret is published");
    let weak = json!([{"kty": "oct", "k": URL_SAFE_NO_PAD.encode("short")}]);
    let error = from_jwks(&weak, SymmetricKeys::Allowed).unwrap_err();
    assert_eq!(
        error,
        InvalidKey::Weak(name(1, None), WeakSecret::TooShort { bytes: 5 })
    );
}

#[test]
fn malformed_key_set_is_rejected() {
    for text in [
        "",
        "null",
        "[]",
        r#"[[{"kty":"oct"}]]"#,
        r#"{"keys":[],"keys":[]}"#,
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":[]}{}"#,
        "<html>",
        "{\"keys\":[\"\u{1}\"]}",
    ] {
        let error = Key::from_jwks(text.as_bytes(), SymmetricKeys::Allowed).unwrap_err();
        assert_eq!(error, InvalidKey::Jwks, "{text}");
    }
    let none = Key::from_jwks(br#"{"keys":[]}"#, SymmetricKeys::Allowed).unwrap_err();
    assert_eq!(none, InvalidKey::None);
}

#[test]
fn number_of_keys_is_limited() {
    let key = Key::from_pem(PAIRS.pem("EdDSA").as_bytes())
        .unwrap()
        .remove(0);
    assert_eq!(Keys::new(Vec::new()).unwrap_err(), InvalidKey::None);
    assert!(Keys::new(vec![key.clone(); 16]).is_ok());
    assert_eq!(Keys::new(vec![key; 17]).unwrap_err(), InvalidKey::TooMany);
}

#[test]
fn duplicate_kids_for_one_algorithm_are_found() {
    let public: serde_json::Value = serde_json::from_str(&PAIRS.jwks()).unwrap();
    let with_kids = |kids: &[&str]| {
        let keys: Vec<_> = kids
            .iter()
            .enumerate()
            .map(|(key, kid)| {
                let mut key = public["keys"][key % 3].clone();
                key["kid"] = json!(kid);
                key
            })
            .collect();
        Keys::new(from_jwks(&json!(keys), SymmetricKeys::Rejected).unwrap()).unwrap()
    };
    let unnamed = Key::from_pem(PAIRS.pem("EdDSA").as_bytes()).unwrap();
    let unnamed = Keys::new([&unnamed[..], &unnamed[..]].concat()).unwrap();
    assert!(unnamed.duplicate_kids().is_empty());
    assert!(
        with_kids(&["a", "a", "a", "b"]).duplicate_kids().is_empty(),
        "each key is for another algorithm"
    );
    let duplicates = with_kids(&["a", "b", "c", "a", "b", "d", "a"]);
    assert_eq!(Vec::from_iter(duplicates.duplicate_kids()), ["a", "b"]);
}

#[test]
fn debug_output_of_a_key_hides_the_key() {
    let secret = Secret::new(b"a secret that is in no log, nor its bytes".to_vec());
    let printed = format!("{:?}", Key::shared(&secret.unwrap()));
    assert_eq!(printed, r#"Key { kid: None, alg: "HS256", .. }"#);
}
