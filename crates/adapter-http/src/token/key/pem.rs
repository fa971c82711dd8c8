//! Public keys in PEM.

use std::ops::RangeInclusive;

use aws_lc_rs::{
    rsa,
    signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey},
};
use jsonwebtoken::DecodingKey;
use rustls_pki_types::pem::{PemObject, SectionKind};

use super::{InvalidKey, Key};
use crate::token::algorithm::Algorithm;

const RSA_BITS: RangeInclusive<usize> = 2_048..=8_192;
/// How long DER and the key at its end are: of P-256 with an uncompressed point, and of Ed25519. Nothing varies in them.
const P256: (usize, usize) = (91, 65);
const ED25519_DER: (usize, usize) = (44, 32);

pub(super) fn read(text: &[u8]) -> Result<Vec<Key>, InvalidKey> {
    let sections = <(SectionKind, Vec<u8>)>::pem_slice_iter(text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| InvalidKey::Pem)?;
    if sections.is_empty() {
        return Err(InvalidKey::Pem);
    }
    sections
        .into_iter()
        .map(|(kind, der)| match kind {
            SectionKind::PublicKey => key(&der).ok_or(InvalidKey::Unsuitable),
            SectionKind::Certificate => Err(InvalidKey::NotPublic("a certificate")),
            SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
                Err(InvalidKey::NotPublic("a private key"))
            }
            _ => Err(InvalidKey::NotPublic("something else")),
        })
        .collect()
}

/// A `SubjectPublicKeyInfo` (RFC 5280 4.1.2.7).
fn key(der: &[u8]) -> Option<Key> {
    let (algorithm, material) = if ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, der).is_ok() {
        (Algorithm::Es256, DecodingKey::from_ec_der(end(der, P256)?))
    } else if ParsedPublicKey::new(&ED25519, der).is_ok() {
        (
            Algorithm::EdDsa,
            DecodingKey::from_ed_der(end(der, ED25519_DER)?),
        )
    } else {
        let key = rsa::PublicKey::from_der(der).ok()?;
        let (modulus, exponent) = (key.modulus(), key.exponent());
        (
            Algorithm::Rs256,
            rsa_key(
                modulus.big_endian_without_leading_zero(),
                exponent.big_endian_without_leading_zero(),
            )?,
        )
    };
    Some(Key {
        id: None,
        algorithm,
        material,
    })
}

fn end(der: &[u8], (whole, key): (usize, usize)) -> Option<&[u8]> {
    let bytes = der.split_at_checked(whole - key)?.1;
    (bytes.len() == key).then_some(bytes)
}

/// An RSA key, both numbers big-endian and without zeros in front, if it is neither too small to be safe nor so large that
/// checking a signature would keep the service busy.
pub(super) fn rsa_key(modulus: &[u8], exponent: &[u8]) -> Option<DecodingKey> {
    let first = *modulus.first()?;
    let bits = modulus.len() * 8 - usize::try_from(first.leading_zeros()).ok()?;
    let exponent_is_odd = exponent.last()? & 1 == 1;
    let exponent_is_small = exponent.len() <= 4 && exponent != [1];
    (first != 0
        && exponent.first() != Some(&0)
        && RSA_BITS.contains(&bits)
        && exponent_is_odd
        && exponent_is_small)
        .then(|| DecodingKey::from_rsa_raw_components(modulus, exponent))
}
