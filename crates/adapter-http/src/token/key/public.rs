//! Public keys from their parts.

use std::ops::RangeInclusive;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};

use super::{Algorithm, Key};

const P256_POINT_BYTES: usize = 65;
const ED25519_BYTES: usize = 32;
/// Smaller keys can be factored, and larger ones would keep the service busy with every signature.
const RSA_BITS: RangeInclusive<usize> = 2_048..=8_192;

/// Reads an uncompressed point (RFC 7518 6.2.1.2: of full length, zeros in front included).
pub(super) fn p256(point: &[u8]) -> Option<Key> {
    let is_uncompressed = point.len() == P256_POINT_BYTES && point.first() == Some(&4);
    let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok()?;
    is_uncompressed.then(|| Key::public(Algorithm::Es256, key))
}

pub(super) fn ed25519(point: &[u8]) -> Option<Key> {
    let key = ParsedPublicKey::new(&ED25519, point).ok()?;
    (point.len() == ED25519_BYTES).then(|| Key::public(Algorithm::EdDsa, key))
}

/// Reads an RSA key, both numbers big-endian and without zeros in front.
pub(super) fn rsa(n: &[u8], e: &[u8]) -> Option<Key> {
    let bits = n.len() * 8 - usize::try_from(n.first()?.leading_zeros()).ok()?;
    let exponent_is_odd = e.last()? & 1 == 1;
    let exponent_is_small = e.len() <= 4 && e != [1];
    if !(RSA_BITS.contains(&bits) && exponent_is_odd && exponent_is_small) {
        return None;
    }
    let key = RsaPublicKeyComponents { n, e };
    let key = key.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok()?;
    Some(Key::public(Algorithm::Rs256, key))
}
