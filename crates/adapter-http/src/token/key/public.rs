//! Public keys, created from their numbers. Keys whose signatures can be forged are rejected here, because the
//! cryptographic library accepts some of them (RFC 8725 3.4).

use std::ops::RangeInclusive;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use curve25519_dalek::edwards::CompressedEdwardsY;
use jsonwebtoken::DecodingKey;

use super::{Algorithm, Key};

const P256_POINT_BYTES: usize = 65;
/// The accepted sizes of RSA moduli. Smaller moduli can be factored, and signatures with larger moduli take too long to
/// verify.
const RSA_BITS: RangeInclusive<usize> = 2_048..=8_192;
const MAX_RSA_EXPONENT_BYTES: usize = 4;
/// The largest number for which SP 800-89 5.3.3 requires that no smaller prime divides an RSA modulus.
const MIN_RSA_FACTOR: u32 = 752;
/// Primes for the detection of ROCA (CVE-2017-15361): modulo each of them, an affected modulus is a power of 65537.
const ROCA_PRIMES: [u32; 17] = [
    11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157,
];

/// The reason why a key is rejected.
pub(super) type Reason = &'static str;

pub(super) const NO_ED25519_POINT: Reason =
    "expected a point of Ed25519 in its canonical encoding of 32 bytes (RFC 8032 5.1.3)";

/// Creates a key from a point on P-256.
pub(super) fn p256(point: &[u8]) -> Result<Key, Reason> {
    if point.len() != P256_POINT_BYTES || point.first() != Some(&4) {
        return Err(
            "expected an uncompressed point of P-256: the byte 04 and two numbers of 32 bytes (RFC 5480 2.2)",
        );
    }
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .map(|_| Key::public(Algorithm::Es256, DecodingKey::from_ec_der(point)))
        .map_err(|_| "expected a point on the curve P-256 (RFC 8725 3.4)")
}

/// Creates a key from a point on Ed25519.
pub(super) fn ed25519(bytes: &[u8]) -> Result<Key, Reason> {
    let compressed = CompressedEdwardsY::from_slice(bytes).map_err(|_| NO_ED25519_POINT)?;
    let point = compressed.decompress().ok_or(NO_ED25519_POINT)?;
    if point.compress() != compressed {
        return Err(NO_ED25519_POINT);
    }
    if point.is_small_order() || !point.is_torsion_free() {
        return Err(
            "expected a point of prime order: signatures for one of small order can be forged (RFC 8725 3.4)",
        );
    }
    ParsedPublicKey::new(&ED25519, bytes)
        .map(|_| Key::public(Algorithm::EdDsa, DecodingKey::from_ed_der(bytes)))
        .map_err(|_| NO_ED25519_POINT)
}

/// Creates an RSA key from a modulus and an exponent, both big-endian and without leading zeros.
pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<Key, Reason> {
    let (Some(first), Some(last)) = (n.first(), n.last()) else {
        return Err("expected a modulus");
    };
    let bits = n.len() * 8 - usize::try_from(first.leading_zeros()).unwrap_or_default();
    if *first == 0 || !RSA_BITS.contains(&bits) {
        return Err(
            "expected an RSA modulus of 2048 to 8192 bits without leading zeros (RFC 7518 3.3, 6.3.1.1)",
        );
    }
    let is_odd = e.last().is_some_and(|last| last % 2 == 1);
    if !is_odd || e.len() > MAX_RSA_EXPONENT_BYTES || e == [1] {
        return Err("expected an odd RSA exponent of 3 to 2^32-1 (RFC 8017 3.1)");
    }
    if last % 2 == 0
        || (3..MIN_RSA_FACTOR)
            .step_by(2)
            .any(|factor| modulo(n, factor) == 0)
    {
        return Err(
            "expected an RSA modulus without small factors (SP 800-89 5.3.3, RFC 8725 3.4)",
        );
    }
    if ROCA_PRIMES
        .iter()
        .all(|prime| is_power_of_65537(modulo(n, *prime), *prime))
    {
        return Err(
            "its modulus can be factored, because it has the structure described in CVE-2017-15361",
        );
    }
    RsaPublicKeyComponents { n, e }
        .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
        .map(|_| Key::public(Algorithm::Rs256, DecodingKey::from_rsa_raw_components(n, e)))
        .map_err(|_| "expected n and e of an RSA key (RFC 7518 6.3.1)")
}

/// Returns the remainder of a big-endian number divided by `divisor`, which must be less than 2^16.
fn modulo(number: &[u8], divisor: u32) -> u32 {
    number
        .iter()
        .fold(0, |rest, byte| (rest << 8 | u32::from(*byte)) % divisor)
}

fn is_power_of_65537(number: u32, prime: u32) -> bool {
    std::iter::successors(Some(1), |power| Some(power * 65_537 % prime))
        .take(prime as usize)
        .any(|power| power == number)
}
