//! The parser of public keys in PEM.

use aws_lc_rs::{encoding::AsDer, rsa, signature::RsaPublicKeyComponents};
use rustls_pki_types::pem::{PemObject, SectionKind};

use super::{
    InvalidKey, Key, KeyName,
    public::{self, Reason},
};

/// The bytes before the point in a DER key of each curve.
const P256_PREFIX: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\0";
const ED25519_PREFIX: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\0";
/// The object identifiers `id-RSASSA-PSS` and `id-RSAES-OAEP` of RFC 4055, in DER.
const OTHER_RSA_IDENTIFIERS: [&[u8]; 2] = [
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a",
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07",
];

pub(super) fn read(text: &[u8]) -> Result<Vec<Key>, InvalidKey> {
    let sections = <(SectionKind, Vec<u8>)>::pem_slice_iter(text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| InvalidKey::Pem)?;
    if sections.is_empty() {
        return Err(InvalidKey::Pem);
    }
    (1..)
        .zip(sections)
        .map(|(number, (kind, der))| match kind {
            SectionKind::PublicKey => {
                let name = KeyName { number, kid: None };
                from_der(&der).map_err(|reason| InvalidKey::Rejected(name, reason))
            }
            SectionKind::Certificate => Err(InvalidKey::NotPublic("a certificate")),
            SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
                Err(InvalidKey::NotPublic("a private key"))
            }
            _ => Err(InvalidKey::NotPublic("another PEM section")),
        })
        .collect()
}

/// Reads a public key from a `SubjectPublicKeyInfo` (RFC 5280 4.1.2.7).
fn from_der(der: &[u8]) -> Result<Key, Reason> {
    if let Some(point) = der.strip_prefix(P256_PREFIX) {
        return public::p256(point);
    }
    if let Some(point) = der.strip_prefix(ED25519_PREFIX) {
        return public::ed25519(point);
    }
    let has = |identifier: &[u8]| der.windows(identifier.len()).any(|part| part == identifier);
    if OTHER_RSA_IDENTIFIERS.into_iter().any(has) {
        return Err(
            "it is for RSASSA-PSS or RSAES-OAEP only (RFC 4055 1.2), expected one for RS256",
        );
    }
    let key = rsa::PublicKey::from_der(der).map_err(|_| {
        "expected a key on P-256 (RFC 5480), of Ed25519 (RFC 8410), or of RSA with an odd modulus of 2048 to 8192 bits and an \
         odd exponent of 3 to 2^32-1 (RFC 8017 3.1)"
    })?;
    let components = RsaPublicKeyComponents::from(&key);
    if !components
        .as_der()
        .is_ok_and(|canonical| canonical.as_ref() == der)
    {
        return Err("expected the DER of one RSA key without further bytes (RFC 3279 2.3.1)");
    }
    public::rsa(&components.n, &components.e)
}
