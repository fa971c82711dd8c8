//! Tests with random mutations of valid tokens.

use proptest::prelude::*;

use super::{forge::PAIRS, *};

const CLAIMS: &str =
    r#"{"sid":"2024310001","access":"user","exp":4102444800,"iat":1765015200,"name":"x"}"#;
/// The number of mutations of each token. The fuzz target `authorization` tries more.
const MUTATIONS: u32 = 5_000;
const ALPHABET: &[u8] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ %~\n\0\x7f";

/// Changes a token at random: replaces, inserts, deletes or changes a character, swaps two characters, repeats or moves
/// a part, truncates the token, or copies a part of the other token.
fn mutate(token: &mut Vec<u8>, other: &[u8], random: &mut fastrand::Rng) {
    if token.is_empty() {
        return;
    }
    let (at, to) = (random.usize(..token.len()), random.usize(..token.len()));
    let (from, until) = (at.min(to), at.max(to));
    match random.u8(..10) {
        0 | 1 => token[at] = *random.choice(ALPHABET).unwrap(),
        2 => token.insert(at, *random.choice(ALPHABET).unwrap()),
        3 => drop(token.remove(at)),
        4 => token[at] ^= 1 << random.u8(..7),
        5 => token.swap(at, to),
        6 => {
            let piece = token[from..until].to_vec();
            drop(token.splice(from..from, piece));
        }
        7 => token[from..=until].rotate_left(1),
        8 => token.truncate(at.max(1)),
        _ => {
            let until = until.min(other.len());
            let from = from.min(until);
            token[from..until].copy_from_slice(&other[from..until]);
        }
    }
}

/// Makes `MUTATIONS` copies of the token `valid`, each with one to three random changes, and asserts that the verifier
/// rejects all of them that are not equal to `valid` or `other`.
fn assert_no_mutation_is_accepted(verifier: &TokenVerifier, valid: &str, other: &str) {
    assert!(verifier.verify(valid, NOW).is_ok() && verifier.verify(other, NOW).is_ok());
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..MUTATIONS {
        let mut mutant = valid.as_bytes().to_vec();
        for _ in 0..random.u8(1..4) {
            mutate(&mut mutant, other.as_bytes(), &mut random);
        }
        let mutant = String::from_utf8(mutant).unwrap();
        assert!(
            verifier.verify(&mutant, NOW).is_err() || mutant == valid || mutant == other,
            "{mutant}"
        );
    }
}

#[test]
fn mutated_token_is_rejected() {
    let header = r#"{"alg":"HS256","typ":"JWT"}"#;
    let valid = signed(header, CLAIMS);
    let other = signed(header, CLAIMS.replace("user", "chie"));
    assert_no_mutation_is_accepted(&verifier(TokenSettings::default()), &valid, &other);
}

#[test]
fn mutated_token_with_public_key_signature_is_rejected() {
    let keys = Key::from_jwks(PAIRS.jwks().as_bytes(), SymmetricKeys::Rejected).unwrap();
    let verifier = TokenVerifier::new(Keyring::fixed(keys).unwrap(), TokenSettings::default());
    for alg in ["ES256", "EdDSA", "RS256"] {
        let header = format!(r#"{{"alg":"{alg}","kid":"{alg}"}}"#);
        let valid = PAIRS.sign(alg, &header, CLAIMS);
        let other = PAIRS.sign(alg, &header, &CLAIMS.replace("user", "chie"));
        assert_no_mutation_is_accepted(&verifier, &valid, &other);
    }
}

proptest! {
    #[test]
    fn arbitrary_text_is_rejected(token in "\\PC{0,60}|[A-Za-z0-9_-]{0,20}(\\.[A-Za-z0-9_-]{0,20}){2}") {
        prop_assert!(verify(&token).is_err());
    }
}
