//! Public keys from their parts. Each is one that only the owner of the private key can sign for: the cryptographic
//! library accepts some that anybody can (RFC 8725 3.4).

use std::ops::RangeInclusive;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use curve25519_dalek::edwards::CompressedEdwardsY;
use num_bigint::BigUint;

use super::{Algorithm, Key};

const P256_POINT_BYTES: usize = 65;
/// Smaller keys can be factored, and larger ones would keep the service busy with every signature.
const RSA_BITS: RangeInclusive<usize> = 2_048..=8_192;
const MAX_RSA_EXPONENT_BYTES: usize = 4;
/// SP 800-89 5.3.3: a modulus has no smaller factor.
const MIN_RSA_FACTOR: u32 = 752;
/// The primes that tell the moduli of CVE-2017-15361 from others.
const ROCA_PRIMES: [u32; 17] = [
    11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157,
];

/// As many as finds the moduli of CVE-2022-26320.
const FERMAT_ROUNDS: u32 = 100;

/// Why a key is rejected.
pub(super) type Reason = &'static str;

pub(super) const NO_ED25519_POINT: Reason =
    "expected a point of Ed25519 in its canonical encoding of 32 bytes (RFC 8032 5.1.3)";

/// Reads a point of P-256.
pub(super) fn p256(point: &[u8]) -> Result<Key, Reason> {
    if point.len() != P256_POINT_BYTES || point.first() != Some(&4) {
        return Err(
            "expected an uncompressed point of P-256, 04 and two numbers of 32 bytes (RFC 5480 2.2)",
        );
    }
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .map(|key| Key::public(Algorithm::Es256, key))
        .map_err(|_| "expected a point on the curve P-256 (RFC 8725 3.4)")
}

/// Reads a point of Ed25519.
pub(super) fn ed25519(bytes: &[u8]) -> Result<Key, Reason> {
    let compressed = CompressedEdwardsY::from_slice(bytes).map_err(|_| NO_ED25519_POINT)?;
    let point = compressed.decompress().ok_or(NO_ED25519_POINT)?;
    if point.compress() != compressed {
        return Err(NO_ED25519_POINT);
    }
    if point.is_small_order() || !point.is_torsion_free() {
        return Err(
            "expected a point of prime order: anybody can sign for one of small order (RFC 8725 3.4)",
        );
    }
    ParsedPublicKey::new(&ED25519, bytes)
        .map(|key| Key::public(Algorithm::EdDsa, key))
        .map_err(|_| NO_ED25519_POINT)
}

/// Reads an RSA key, both numbers big-endian and without zeros in front.
pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<Key, Reason> {
    let (Some(first), Some(last)) = (n.first(), n.last()) else {
        return Err("expected a modulus");
    };
    let bits = n.len() * 8 - usize::try_from(first.leading_zeros()).unwrap_or_default();
    if *first == 0 || !RSA_BITS.contains(&bits) {
        return Err(
            "expected an RSA modulus of 2048 to 8192 bits without zeros in front (RFC 7518 3.3, 6.3.1.1)",
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
            "its modulus can be factored, as those of Infineon's library can (CVE-2017-15361)",
        );
    }
    if is_easily_factored(&BigUint::from_bytes_be(n)) {
        return Err(
            "its modulus is a prime, a power, or of two close primes (SP 800-89 5.3.3, CVE-2022-26320)",
        );
    }
    RsaPublicKeyComponents { n, e }
        .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
        .map(|key| Key::public(Algorithm::Rs256, key))
        .map_err(|_| "expected n and e of an RSA key (RFC 7518 6.3.1)")
}

/// Whether an odd number is a product of two close numbers, as Fermat's method finds them, a power, or a prime.
fn is_easily_factored(n: &BigUint) -> bool {
    let square_root = n.sqrt();
    let is_square = |number: &BigUint| number.sqrt().pow(2) == *number;
    is_square(n)
        || (1..=FERMAT_ROUNDS).any(|round| is_square(&((&square_root + round).pow(2) - n)))
        || [3, 5, 7]
            .iter()
            .any(|power| n.nth_root(*power).pow(*power) == *n)
        || BigUint::from(2_u8).modpow(&(n - 1_u8), n) == BigUint::from(1_u8)
}

/// The rest of a big-endian number divided by `divisor`, which is below 2^16.
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
