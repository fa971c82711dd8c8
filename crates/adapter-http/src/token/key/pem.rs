//! Public keys in PEM.

use aws_lc_rs::{encoding::AsDer, rsa};
use rustls_pki_types::pem::{PemObject, SectionKind};

use super::{InvalidKey, Key, Material, public};

const P256_DER_BYTES: usize = 91;
const ED25519_DER_BYTES: usize = 44;

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
            SectionKind::PublicKey => from_der(&der).ok_or(InvalidKey::Unsuitable),
            SectionKind::Certificate => Err(InvalidKey::NotPublic("a certificate")),
            SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
                Err(InvalidKey::NotPublic("a private key"))
            }
            _ => Err(InvalidKey::NotPublic("something else")),
        })
        .collect()
}

/// Reads a `SubjectPublicKeyInfo` (RFC 5280 4.1.2.7).
fn from_der(der: &[u8]) -> Option<Key> {
    let key = match der.len() {
        // Nothing varies before a point, which stands at the end.
        P256_DER_BYTES => public::p256(der.get(26..)?)?,
        ED25519_DER_BYTES => public::ed25519(der.get(12..)?)?,
        _ => {
            let key = rsa::PublicKey::from_der(der).ok()?;
            public::rsa(
                key.modulus().big_endian_without_leading_zero(),
                key.exponent().big_endian_without_leading_zero(),
            )?
        }
    };
    // For another algorithm, or with anything before or behind, it would be written otherwise.
    let Material::Public(public) = &key.material else {
        return None;
    };
    (public.as_der().ok()?.as_ref() == der).then_some(key)
}
