//! Which keys are taken.

use aws_lc_rs::{
    encoding::AsDer,
    signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
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

#[test]
fn a_pem_file_holds_public_keys_of_every_kind() {
    let all = ["ES256", "EdDSA", "RS256"];
    let file: String = all
        .map(|alg| format!("# {alg}\n{}", PAIRS.pem(alg)))
        .concat();
    assert_eq!(algorithms(&Key::from_pem(file.as_bytes()).unwrap()), all);
}

#[test]
fn a_pem_file_with_anything_else_in_it_is_refused() {
    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let p384 = p384.public_key().as_der().unwrap().as_ref().to_vec();
    let good = PAIRS.der("ES256");
    for (text, refused) in [
        (String::new(), InvalidKey::Pem),
        ("no PEM at all".to_owned(), InvalidKey::Pem),
        (forge::pem("PUBLIC KEY", &p384), InvalidKey::Unsuitable),
        (forge::pem("PUBLIC KEY", &[]), InvalidKey::Unsuitable),
        (
            forge::pem("PUBLIC KEY", b"\x30\x03\x02\x01\x01"),
            InvalidKey::Unsuitable,
        ),
        (
            forge::pem("PUBLIC KEY", &good[..good.len() - 1]),
            InvalidKey::Unsuitable,
        ),
        (
            forge::pem("PUBLIC KEY", &[&good[..], b"\0"].concat()),
            InvalidKey::Unsuitable,
        ),
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
        assert_eq!(
            Key::from_pem(text.as_bytes()).unwrap_err(),
            refused,
            "{text}"
        );
    }
}

#[test]
fn an_rsa_key_is_neither_small_nor_huge_and_its_exponent_is_odd() {
    let modulus = |bits: usize| {
        let mut modulus = vec![0xff; bits.div_ceil(8)];
        modulus[0] >>= (8 - bits % 8) % 8;
        modulus
    };
    let is_taken = |bits, exponent: &[u8]| public::rsa(&modulus(bits), exponent).is_some();
    for (bits, taken) in [
        (512, false),
        (1_024, false),
        (2_047, false),
        (2_048, true),
        (8_192, true),
        (8_193, false),
    ] {
        assert_eq!(is_taken(bits, &[1, 0, 1]), taken, "{bits}");
    }
    assert!(is_taken(2_048, &[3]));
    for exponent in [
        &[][..],
        &[0],
        &[1],
        &[2],
        &[1, 0, 0],
        &[0, 3],
        &[1, 0, 0, 0, 1],
    ] {
        assert!(!is_taken(2_048, exponent), "{exponent:?}");
    }
    assert!(public::rsa(&[], &[3]).is_none());
}

#[test]
fn a_key_set_holds_public_keys_and_in_a_file_of_our_own_secrets() {
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
        InvalidKey::Jwk(1, "a secret has no place in a set of public keys")
    );
}

#[test]
fn keys_for_other_purposes_are_passed_over() {
    let public: serde_json::Value = serde_json::from_str(&PAIRS.jwks()).unwrap();
    let es256 = public["keys"][0].clone();
    let but = |name: &str, value: serde_json::Value| {
        let mut key = es256.clone();
        key[name] = value;
        key
    };
    for other in [
        but("use", json!("enc")),
        but("key_ops", json!(["sign"])),
        but("alg", json!("ES384")),
        but("alg", json!("ECDH-ES")),
        but("crv", json!("P-521")),
        but("kty", json!("AKP")),
    ] {
        assert_eq!(
            from_jwks(&json!([other]), SymmetricKeys::Rejected).unwrap_err(),
            InvalidKey::None
        );
        let beside = from_jwks(&json!([other, es256]), SymmetricKeys::Rejected).unwrap();
        assert_eq!(algorithms(&beside), ["ES256"], "{other}");
    }
}

#[test]
fn a_key_that_is_malformed_spoils_a_file_and_is_passed_over_in_a_set_of_others() {
    let public: serde_json::Value = serde_json::from_str(&PAIRS.jwks()).unwrap();
    let but = |key: usize, name: &str, value: serde_json::Value| {
        let mut key = public["keys"][key].clone();
        key[name] = value;
        json!([public["keys"][0], key])
    };
    let point = public["keys"][0]["x"].as_str().unwrap();
    for (set, why) in [
        (
            but(0, "x", json!("AAAA")),
            "expected x and y of a point of P-256",
        ),
        (
            but(0, "x", json!(null)),
            "expected x and y of a point of P-256",
        ),
        (
            but(0, "y", json!(point)),
            "expected x and y of a point of P-256",
        ),
        (
            but(0, "y", json!(format!("{point}="))),
            "expected x and y of a point of P-256",
        ),
        (but(1, "x", json!("AAAA")), "expected x of Ed25519"),
        (
            but(2, "n", json!("AQAB")),
            "expected n and e of an RSA key with 2048 to 8192 bits",
        ),
        (
            but(2, "e", json!("AQ")),
            "expected n and e of an RSA key with 2048 to 8192 bits",
        ),
        (
            but(0, "d", json!("AAAA")),
            "it is a private key, expected its public part",
        ),
        (
            but(2, "d", json!("AAAA")),
            "it is a private key, expected its public part",
        ),
        (but(0, "kty", json!(7)), "expected an object with kty"),
        (but(0, "kid", json!(7)), "expected an object with kty"),
        (json!([public["keys"][0], 7]), "expected an object with kty"),
    ] {
        let refused = from_jwks(&set, SymmetricKeys::Allowed).unwrap_err();
        assert_eq!(refused, InvalidKey::Jwk(2, why), "{set}");
        let rest = from_jwks(&set, SymmetricKeys::Rejected).unwrap();
        assert_eq!(algorithms(&rest), ["ES256"], "{set}");
        let alone = from_jwks(&json!([set[1]]), SymmetricKeys::Rejected).unwrap_err();
        assert_eq!(alone, InvalidKey::Jwk(1, why), "{set}");
    }
    let secret = json!([public["keys"][0], {"kty": "oct", "k": URL_SAFE_NO_PAD.encode("32 bytes, more or less random, 9")}]);
    let rest = from_jwks(&secret, SymmetricKeys::Rejected).unwrap();
    assert_eq!(
        algorithms(&rest),
        ["ES256"],
        "a secret that is published is none"
    );
    let weak = json!([{"kty": "oct", "k": URL_SAFE_NO_PAD.encode("short")}]);
    let refused = from_jwks(&weak, SymmetricKeys::Allowed).unwrap_err();
    assert_eq!(
        refused,
        InvalidKey::Weak(1, WeakSecret::TooShort { bytes: 5 })
    );
}

#[test]
fn what_is_no_key_set_is_refused() {
    for text in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":[]}{}"#,
        "<html>",
        "{\"keys\":[\"\u{1}\"]}",
    ] {
        let refused = Key::from_jwks(text.as_bytes(), SymmetricKeys::Allowed).unwrap_err();
        assert_eq!(refused, InvalidKey::Jwks, "{text}");
    }
    let none = Key::from_jwks(br#"{"keys":[]}"#, SymmetricKeys::Allowed).unwrap_err();
    assert_eq!(none, InvalidKey::None);
}

#[test]
fn a_ring_has_some_keys_but_not_ever_so_many() {
    let key = Key::from_pem(PAIRS.pem("EdDSA").as_bytes())
        .unwrap()
        .remove(0);
    assert_eq!(Keys::new(Vec::new()).unwrap_err(), InvalidKey::None);
    assert!(Keys::new(vec![key.clone(); 16]).is_ok());
    assert_eq!(Keys::new(vec![key; 17]).unwrap_err(), InvalidKey::TooMany);
}

#[test]
fn a_key_does_not_print_itself() {
    let secret = Secret::new(b"a secret that is in no log, nor its bytes".to_vec());
    let printed = format!("{:?}", Key::shared(&secret.unwrap()));
    assert_eq!(printed, r#"Key { kid: None, alg: "HS256", .. }"#);
}
