//! Attacks with an algorithm or a key that differs from that of the token.

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256, HMAC_SHA384, HMAC_SHA512};

use super::*;
use crate::token::tests::forge::{self, signed_with};

pub(super) fn attacks() -> Vec<Attack> {
    [
        no_algorithm(),
        other_algorithms(),
        other_keys(),
        algorithm_confusion(),
    ]
    .concat()
}

/// Returns tokens without a signature algorithm (RFC 7518 3.6), in spellings that some libraries have accepted.
fn no_algorithm() -> Vec<Attack> {
    let mut attacks = Vec::new();
    for alg in [
        "none",
        "None",
        "NONE",
        "nOnE",
        "NoNe",
        "none ",
        "null",
        "",
        "no\\u006ee",
        "n\\u00f6ne",
    ] {
        let header = format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#);
        let message = format!("{}.{}", base64url(&header), base64url(CLAIMS));
        let error = TokenError::AlgorithmNotAllowed;
        attacks.extend([
            attack(
                format!("alg {alg:?} without a signature"),
                format!("{message}."),
                error,
            ),
            attack(
                format!("alg {alg:?} with a valid signature"),
                signed(&header, CLAIMS),
                error,
            ),
        ]);
    }
    let message = format!("{}.{}", base64url(HEADER), base64url(CLAIMS));
    attacks.push(attack(
        "no signature",
        format!("{message}."),
        TokenError::Signature,
    ));
    attacks
}

fn other_algorithms() -> Vec<Attack> {
    [
        "hs256",
        "Hs256",
        "HS256 ",
        " HS256",
        "HS256\\u0000",
        "HS-256",
        "SHA256",
        "HS1",
        "HS384",
        "HS512",
        "RS384",
        "RS512",
        "PS256",
        "PS512",
        "ES256K",
        "ES384",
        "ES512",
        "ed25519",
        "Ed448",
        "eddsa",
        "dir",
        "A128KW",
        "RSA-OAEP",
        "RSA1_5",
        "PBES2-HS256+A128KW",
        "ECDH-ES",
    ]
    .into_iter()
    .map(|alg| {
        let header = format!(r#"{{"alg":"{alg}"}}"#);
        attack(
            format!("alg {alg:?}"),
            signed(header, CLAIMS),
            TokenError::AlgorithmNotAllowed,
        )
    })
    .collect()
}

/// Returns tokens that are signed with a wrong key.
fn other_keys() -> Vec<Attack> {
    let message = format!("{}.{}", base64url(HEADER), base64url(CLAIMS));
    let half = &SECRET[..SECRET.len() / 2];
    let longer = [SECRET, b"\n"].concat();
    let mut attacks: Vec<_> = [
        ("an empty secret", &b""[..]),
        ("a secret of one zero byte", b"\0"),
        ("the secret \"secret\"", b"secret"),
        (
            "an attacker's secret",
            b"a secret of the attacker's own, also of 32 bytes",
        ),
        ("half the secret", half),
        ("the secret and a newline", &longer),
        ("the secret in base64url", base64url(SECRET).as_bytes()),
    ]
    .into_iter()
    .map(|(kind, secret)| {
        attack(
            kind,
            signed_with(secret, HEADER, CLAIMS),
            TokenError::Signature,
        )
    })
    .collect();
    for (kind, algorithm) in [
        ("HMAC with SHA-1 as HS256", HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        ("HMAC with SHA-384 as HS256", HMAC_SHA384),
        ("HMAC with SHA-512 as HS256", HMAC_SHA512),
    ] {
        let signature = forge::hmac(algorithm, SECRET, &message);
        attacks.push(attack(
            kind,
            format!("{message}.{signature}"),
            TokenError::Signature,
        ));
    }
    let other_message = format!("{}.{}", base64url(HEADER), base64url("{}"));
    let signature = forge::hmac(HMAC_SHA256, SECRET, &other_message);
    let of_zeros = base64url([0; 32]);
    attacks.extend([
        attack(
            "another token's signature",
            format!("{message}.{signature}"),
            TokenError::Signature,
        ),
        attack(
            "a signature of zeros",
            format!("{message}.{of_zeros}"),
            TokenError::Signature,
        ),
    ]);
    attacks
}

/// Returns tokens that are signed with a key that differs from the one that their header selects.
fn algorithm_confusion() -> Vec<Attack> {
    let mut attacks = Vec::new();
    for alg in ["ES256", "EdDSA", "RS256"] {
        let error = TokenError::Signature;
        let (der, pem) = (PAIRS.der(alg), PAIRS.pem(alg));
        for (form, secret) in [
            ("DER", der.as_slice()),
            ("PEM", pem.as_bytes()),
            ("PEM without its last newline", pem.trim_end().as_bytes()),
        ] {
            let kind = format!("HS256 with the public key for {alg} in {form} as the secret");
            attacks.push(attack(kind, signed_with(secret, HEADER, CLAIMS), error));
        }
        let named = format!(r#"{{"alg":"HS256","kid":"{alg}"}}"#);
        let by_its_name = format!(r#"{{"alg":"{alg}","kid":"{alg}"}}"#);
        attacks.extend([
            attack(
                format!("HS256 with the kid of {alg}"),
                signed(named, CLAIMS),
                error,
            ),
            attack(
                format!("the shared secret as {alg}"),
                signed(&by_its_name, CLAIMS),
                error,
            ),
            attack(
                format!("{alg} with an unknown kid"),
                PAIRS.sign(alg, &format!(r#"{{"alg":"{alg}","kid":"x"}}"#), CLAIMS),
                TokenError::UnknownKey,
            ),
        ]);
        for other in ["ES256", "EdDSA", "RS256"]
            .into_iter()
            .filter(|other| *other != alg)
        {
            let kind = format!("{alg} with the kid of {other}");
            let header = format!(r#"{{"alg":"{alg}","kid":"{other}"}}"#);
            attacks.push(attack(kind, PAIRS.sign(alg, &header, CLAIMS), error));
        }
    }
    attacks.push(attack(
        "the shared secret as Ed25519",
        signed(r#"{"alg":"Ed25519"}"#, CLAIMS),
        TokenError::Signature,
    ));
    let es256 = |signature: &[u8]| {
        let message = format!("{}.{}", base64url(r#"{"alg":"ES256"}"#), base64url(CLAIMS));
        format!("{message}.{}", base64url(signature))
    };
    // The signature r = s = 0 satisfies the equation (CVE-2022-21449). The order of the group is equivalent to zero.
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order: Vec<_> = (0..64)
        .step_by(2)
        .map(|at| u8::from_str_radix(&order[at..at + 2], 16).unwrap())
        .collect();
    attacks.extend([
        attack("ES256 of r = s = 0", es256(&[0; 64]), TokenError::Signature),
        attack(
            "ES256 of r = s = the order",
            es256(&order.repeat(2)),
            TokenError::Signature,
        ),
        attack(
            "ES256 in DER",
            es256(&[0x30, 6, 2, 1, 1, 2, 1, 1]),
            TokenError::Signature,
        ),
        attack(
            "ES256 without a signature",
            es256(&[]),
            TokenError::Signature,
        ),
    ]);
    attacks
}
