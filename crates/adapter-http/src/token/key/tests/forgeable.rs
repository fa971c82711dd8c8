//! Tests of keys whose signatures can be forged, and of keys for other algorithms, in PEM and in JWKS.

use aws_lc_rs::{
    encoding::AsDer,
    signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};

use super::*;

/// Parses a key in PEM. Returns the reason if the key is rejected.
fn pem_reason(der: &[u8]) -> Option<&'static str> {
    match Key::from_pem(forge::pem("PUBLIC KEY", der).as_bytes()) {
        Ok(_) => None,
        Err(InvalidKey::Rejected(name, reason)) => {
            assert_eq!(name.number, 1);
            Some(reason)
        }
        Err(error) => panic!("{error}"),
    }
}

/// Parses a key set with this key and a valid key, which must be accepted. Returns the reason if this key is rejected.
fn jwk_reason(jwk: &serde_json::Value) -> Option<&'static str> {
    let valid: serde_json::Value = serde_json::from_str(&PAIRS.jwks()).unwrap();
    let both = from_jwks(&json!([valid["keys"][0], jwk]), SymmetricKeys::Rejected).unwrap();
    match from_jwks(&json!([jwk]), SymmetricKeys::Rejected) {
        Ok(_) => {
            assert_eq!(both.len(), 2);
            None
        }
        Err(InvalidKey::Rejected(_, reason)) => {
            assert_eq!(algorithms(&both), ["ES256"]);
            Some(reason)
        }
        Err(error) => panic!("{error}"),
    }
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let length = match length {
        [0, short @ 0..=0x7f] => vec![short],
        [0, long] => vec![0x81, long],
        [high, low] => vec![0x82, high, low],
    };
    [&[tag], &length[..], &content].concat()
}

fn spki(identifier: &[u8], parameters: &[u8], key: &[&[u8]]) -> Vec<u8> {
    let key = [&[0], &key.concat()[..]].concat();
    let algorithm = tlv(0x30, &[&tlv(6, &[identifier]), parameters]);
    tlv(0x30, &[&algorithm, &tlv(3, &[&key])])
}

fn ed25519_reasons(point: [u8; 32]) -> [Option<&'static str>; 2] {
    let jwk =
        json!({"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": URL_SAFE_NO_PAD.encode(point)});
    [
        jwk_reason(&jwk),
        pem_reason(&spki(b"\x2b\x65\x70", &[], &[&point])),
    ]
}

/// Returns the sum of the prime of the field and `more`, in little-endian order.
fn prime_plus(more: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed + more;
    bytes[31] = 0x7f;
    bytes
}

#[test]
fn ed25519_point_of_small_or_mixed_order_is_rejected() {
    let small_orders: Vec<_> = EIGHT_TORSION
        .iter()
        .map(|point| point.compress().to_bytes())
        .collect();
    assert!(
        small_orders.contains(&[0; 32]),
        "the zero point is included"
    );
    let mixed_orders = EIGHT_TORSION[1..]
        .iter()
        .map(|torsion| (ED25519_BASEPOINT_POINT + torsion).compress().to_bytes());
    for point in small_orders.iter().copied().chain(mixed_orders) {
        for reason in ed25519_reasons(point) {
            let reason = reason.unwrap_or_else(|| panic!("accepted: {point:?}"));
            assert!(
                reason.starts_with("expected a point of prime order"),
                "{reason}"
            );
        }
    }
    // Noncanonical encodings of points: y coordinates above the prime, and -0.
    let beyond = (0..19).map(prime_plus);
    for mut point in beyond.chain(small_orders) {
        for sign in [0, 0x80] {
            point[31] = point[31] & 0x7f | sign;
            assert!(
                ed25519_reasons(point).iter().all(Option::is_some),
                "accepted: {point:?}"
            );
        }
    }
    let base = ED25519_BASEPOINT_POINT.compress().to_bytes();
    assert_eq!(ed25519_reasons(base), [None, None]);
}

#[test]
fn ed25519_point_off_the_curve_is_rejected() {
    let mut rejected = 0;
    for y in 2..=u8::MAX {
        let mut point = [0; 32];
        point[0] = y;
        let off_curve = curve25519_dalek::edwards::CompressedEdwardsY(point)
            .decompress()
            .is_none();
        rejected += usize::from(off_curve);
        if off_curve {
            assert_eq!(ed25519_reasons(point), [Some(public::NO_ED25519_POINT); 2]);
        }
    }
    assert!(rejected > 100);
}

/// Multiplies a big-endian number by `factor`.
fn times(number: &[u8], factor: u32) -> Vec<u8> {
    let (mut product, mut carry) = (Vec::new(), 0);
    for byte in number.iter().rev() {
        carry += u32::from(*byte) * factor;
        product.push(carry.to_le_bytes()[0]);
        carry >>= 8;
    }
    product.extend(carry.to_le_bytes());
    product.reverse();
    let zeros = product.iter().take_while(|byte| **byte == 0).count();
    product.split_off(zeros)
}

/// Returns a `SubjectPublicKeyInfo` with an object identifier of PKCS #1, in which the bytes `behind` follow the key.
fn rsa_spki(identifier: u8, parameters: &[u8], n: &[u8], e: &[u8], behind: &[u8]) -> Vec<u8> {
    let identifier = [b"\x2a\x86\x48\x86\xf7\x0d\x01\x01", &[identifier][..]].concat();
    let integer = |number: &[u8]| {
        let sign: &[u8] = if number.first() < Some(&0x80) {
            &[]
        } else {
            &[0]
        };
        tlv(2, &[sign, number])
    };
    let key = tlv(0x30, &[&integer(n), &integer(e)]);
    spki(&identifier, parameters, &[&key, behind])
}

const RSA_ENCRYPTION: u8 = 1;
const NULL: &[u8] = &[5, 0];

/// Returns the reason why an RSA key is rejected in a key set. Asserts that it is also rejected in PEM, where the
/// reason may differ.
fn rsa_reason(n: &[u8], e: &[u8]) -> Option<&'static str> {
    let [modulus, exponent] = [n, e].map(|number| URL_SAFE_NO_PAD.encode(number));
    let reason = jwk_reason(&json!({"kty": "RSA", "kid": "1", "n": modulus, "e": exponent}));
    let in_pem = pem_reason(&rsa_spki(RSA_ENCRYPTION, NULL, n, e, &[]));
    assert_eq!(reason.is_some(), in_pem.is_some(), "{reason:?} {in_pem:?}");
    reason
}

fn modulus() -> Vec<u8> {
    let key = PAIRS.rs256.public_key();
    key.modulus().big_endian_without_leading_zero().to_vec()
}

const E: &[u8] = &[1, 0, 1];

#[test]
fn rsa_modulus_that_can_be_factored_is_rejected() {
    let n = modulus();
    assert_eq!(rsa_reason(&n, E), None);
    for factor in [2, 3, 4, 5, 739, 743, 751] {
        let reason = rsa_reason(&times(&n, factor), E);
        assert!(
            reason.is_some_and(|reason| reason.contains("SP 800-89")),
            "{factor}"
        );
    }
    // These moduli have the structure of CVE-2017-15361: they are a power of 65537 modulo every small prime.
    for power in [128, 129, 192, 256, 511] {
        let n = (0..power).fold(vec![1], |n, _| times(&n, 65_537));
        let reason = rsa_reason(&n, E);
        assert!(
            reason.is_some_and(|reason| reason.contains("CVE-2017-15361")),
            "{power}"
        );
    }
}

#[test]
fn rsa_modulus_of_unsupported_size_is_rejected() {
    let ones = |bits: usize| {
        let mut n = vec![0xff; bits.div_ceil(8)];
        n[0] >>= (8 - bits % 8) % 8;
        n
    };
    for bits in [512, 1_024, 2_040, 2_047, 8_193, 16_384] {
        let reason = rsa_reason(&ones(bits), E);
        assert!(
            reason.is_some_and(|reason| reason.contains("2048 to 8192 bits")),
            "{bits}"
        );
    }
    let is_largest_accepted = (0..u8::MAX).any(|less| {
        let mut n = ones(8_192);
        n[1_023] -= less;
        public::rsa(&n, E).is_ok()
    });
    assert!(is_largest_accepted);
    for n in [&[][..], &[0], &[&[0], &modulus()[..]].concat()] {
        let jwk = json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n), "e": "AQAB"});
        assert!(jwk_reason(&jwk).is_some(), "{n:?}");
    }
}

#[test]
fn rsa_exponent_that_is_even_1_or_too_large_is_rejected() {
    for e in [&[3][..], &[17], E, &[0xff; 4]] {
        assert_eq!(rsa_reason(&modulus(), e), None, "{e:?}");
    }
    for e in [
        &[0][..],
        &[1],
        &[2],
        &[1, 0, 0],
        &[1, 0, 0, 0, 1],
        &[0xff; 256],
    ] {
        assert!(rsa_reason(&modulus(), e).is_some(), "{e:?}");
    }
    let zero_in_front =
        json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(modulus()), "e": "AAEAAQ"});
    assert!(jwk_reason(&zero_in_front).is_some());
}

#[test]
fn rsa_key_for_another_algorithm_is_rejected() {
    let n = modulus();
    assert_eq!(
        pem_reason(&rsa_spki(RSA_ENCRYPTION, NULL, &n, E, &[])),
        None
    );
    let sha256 = tlv(0x30, &[&tlv(6, &[b"\x60\x86\x48\x01\x65\x03\x04\x02\x01"])]);
    let parameters = tlv(0x30, &[&tlv(0xa0, &[&sha256])]);
    let empty = tlv(0x30, &[]);
    for (identifier, named) in [(10, true), (7, true), (5, false), (11, false)] {
        for parameters in [NULL, &[], &empty, &parameters] {
            let reason = pem_reason(&rsa_spki(identifier, parameters, &n, E, &[]));
            let reason = reason.unwrap_or_else(|| panic!("accepted: {identifier} {parameters:?}"));
            assert_eq!(reason.contains("RFC 4055"), named, "{identifier}: {reason}");
        }
    }
    for alg in [
        "PS256",
        "RS384",
        "RS512",
        "RSA-OAEP",
        "RSA-OAEP-256",
        "RSA1_5",
        "none",
    ] {
        let jwk = json!({"kty": "RSA", "alg": alg, "n": URL_SAFE_NO_PAD.encode(&n), "e": "AQAB"});
        let skipped = from_jwks(&json!([jwk]), SymmetricKeys::Rejected).unwrap_err();
        assert_eq!(skipped, InvalidKey::None, "{alg}");
    }
}

#[test]
fn der_with_additional_or_missing_bytes_is_rejected() {
    let (n, junk) = (modulus(), &[0xa5; 3][..]);
    let rsa = rsa_spki(RSA_ENCRYPTION, NULL, &n, E, &[]);
    let key = tlv(0x30, &[&tlv(2, &[&[0], &n]), &tlv(2, &[E])]);
    let long_length = [&[0x30, 0x83, 0, rsa[2], rsa[3]], &rsa[4..]].concat();
    let mut malformed = vec![
        key,
        long_length,
        rsa_spki(RSA_ENCRYPTION, NULL, &n, E, junk),
        rsa_spki(RSA_ENCRYPTION, &[], &n, E, &[]),
        rsa_spki(RSA_ENCRYPTION, &[5, 0, 5, 0], &n, E, &[]),
        rsa_spki(RSA_ENCRYPTION, NULL, &[&[0, 0], &n[..]].concat(), E, &[]),
        rsa_spki(RSA_ENCRYPTION, NULL, &n, &[0, 1, 0, 1], &[]),
        tlv(0x30, &[b"\x02\x01\x01"]),
        vec![],
    ];
    for alg in ["ES256", "EdDSA", "RS256"] {
        let der = PAIRS.der(alg);
        assert_eq!(pem_reason(&der), None, "{alg}");
        let content = &der[if der[1] == 0x82 { 4 } else { 2 }..];
        let short = &der[..der.len() - 1];
        malformed.extend([
            [&der[..], &[0]].concat(),
            [&der[..], junk].concat(),
            [&der[..], &der].concat(),
            tlv(0x30, &[content, junk]),
            short.to_vec(),
            tlv(0x30, &[&content[..content.len() - 1]]),
        ]);
    }
    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    malformed.push(p384.public_key().as_der().unwrap().as_ref().to_vec());
    for der in malformed {
        assert!(pem_reason(&der).is_some(), "accepted: {der:02x?}");
    }
}

#[test]
fn compressed_or_malformed_p256_point_is_rejected() {
    const P256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
    let in_pem = |point: &[u8]| pem_reason(&spki(b"\x2a\x86\x48\xce\x3d\x02\x01", P256, &[point]));
    let point = PAIRS.es256.public_key().as_ref();
    assert_eq!(in_pem(point), None);
    let (x, y) = (&point[1..33], &point[33..]);
    let zeros = [0; 32];
    let ones = [0xff; 32];
    for (form, x, y) in [
        (2, x, &[][..]),
        (3, x, &[]),
        (2, x, y),
        (6, x, y),
        (7, x, y),
        (5, x, y),
        (0, &[], &[]),
        (0, x, y),
        (4, y, x),
        (4, x, x),
        (4, &zeros, &zeros),
        (4, &ones, &ones),
        (4, x, &y[1..]),
    ] {
        let form = [&[form], x, y].concat();
        assert!(in_pem(&form).is_some(), "accepted: {form:02x?}");
    }
    for hybrid in [6, 7] {
        let reason = in_pem(&[&[hybrid][..], x, y].concat());
        assert!(reason.is_some_and(|reason| reason.contains("RFC 5480 2.2")));
    }
    let longer = [&[0], x].concat();
    for (x, y) in [(y, x), (&x[1..], y), (&longer, y), (point, &[])] {
        let [x, y] = [x, y].map(|part| URL_SAFE_NO_PAD.encode(part));
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y});
        assert!(jwk_reason(&jwk).is_some(), "accepted: {jwk}");
    }
}
