//! The shared secret with which tokens are signed (HS256).

use std::collections::HashSet;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use secrecy::{ExposeSecret, SecretSlice};
use serde_json::Value;

/// The minimum length of a secret. RFC 7518 3.2 requires at least the size of the hash output.
const MIN_BYTES: usize = 32;
/// The minimum number of distinct bytes. 32 random bytes or hexadecimal digits practically always have more.
const MIN_DISTINCT_BYTES: usize = 6;
/// Secrets from documentation, tutorials and default configurations, one per line in lower case.
const PUBLISHED_SECRETS: &str = include_str!("secret/known_secrets.txt");
/// Placeholders that stand for a secret in examples, in lower case.
const PLACEHOLDERS: [&str; 9] = [
    "changeme",
    "change-me",
    "change_me",
    "replace-me",
    "replace_me",
    "replace-with",
    "your-secret",
    "your_secret",
    "256-bit-secret",
];
/// The example keys that RFC 7515 A.1 and RFC 7520 3.5 and 3.6 publish, in base64url.
const PUBLISHED_KEYS: [&str; 3] = [
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
    "AAPapAv4LbFbiVawEjagUBluYqN5rhna-8nuldDvOx8",
];

/// The prefixes of public keys in PEM (RFC 7468) and in the formats of SSH.
const PUBLIC_KEY_MARKS: [&[u8]; 5] = [
    b"-----begin",
    b"---- begin",
    b"ssh-rsa ",
    b"ssh-ed25519 ",
    b"ecdsa-sha2-",
];
/// The object identifiers in the DER form of public keys: `rsaEncryption`, `ecPublicKey` and `Ed25519`.
const PUBLIC_KEY_IDENTIFIERS: [&[u8]; 3] = [
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01",
    b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01",
    b"\x06\x03\x2b\x65\x70",
];

/// A secret that has been checked for weaknesses. Its `Debug` output hides it, and its memory is erased when it is
/// dropped.
#[derive(Debug, Clone)]
pub struct Secret(SecretSlice<u8>);

impl Secret {
    /// Creates a secret after checking that it is not known to be weak.
    ///
    /// # Errors
    ///
    /// Returns [`WeakSecret`] if the secret is easy to guess or has been published.
    pub fn new(bytes: impl Into<SecretSlice<u8>>) -> Result<Self, WeakSecret> {
        let secret = bytes.into();
        match weakness(secret.expose_secret()) {
            None => Ok(Self(secret)),
            Some(weakness) => Err(weakness),
        }
    }

    pub(super) fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

/// The reason why a secret is rejected. The messages never contain the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the texts are the documentation")]
pub enum WeakSecret {
    #[error(
        "the secret has {bytes} bytes, expected {MIN_BYTES} or more (openssl rand -hex 32 generates one)"
    )]
    TooShort { bytes: usize },
    #[error(
        "the secret repeats a few characters, expected random ones (openssl rand -hex 32 generates one)"
    )]
    LowEntropy,
    #[error(
        "the secret is a public key or a JSON object, expected random characters: anyone with the public key could sign \
         tokens (RFC 8725 2.1)"
    )]
    PublicKey,
    #[error(
        "the secret is published in an example, expected a random one (openssl rand -hex 32 generates one)"
    )]
    WellKnown,
}

fn weakness(secret: &[u8]) -> Option<WeakSecret> {
    let bytes = secret.len();
    if bytes < MIN_BYTES {
        return Some(WeakSecret::TooShort { bytes });
    }
    if is_public_key(secret) {
        return Some(WeakSecret::PublicKey);
    }
    if is_well_known(secret) {
        return Some(WeakSecret::WellKnown);
    }
    let distinct: HashSet<_> = secret.iter().collect();
    (distinct.len() < MIN_DISTINCT_BYTES).then_some(WeakSecret::LowEntropy)
}

fn is_public_key(secret: &[u8]) -> bool {
    // Zero bytes and byte order marks are removed, so that text in UTF-16 is recognized like text in UTF-8.
    let text: Vec<_> = secret
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, 0 | 0xef | 0xbb | 0xbf | 0xfe | 0xff))
        .collect();
    let lower_case = text.to_ascii_lowercase();
    let base64: Vec<_> = text
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace() && **byte != b'=')
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            byte => *byte,
        })
        .collect();
    PUBLIC_KEY_MARKS
        .iter()
        .any(|mark| contains(&lower_case, mark))
        || serde_json::from_slice(&text)
            .is_ok_and(|json: Value| json.is_object() || json.is_array())
        || is_public_der(secret)
        || STANDARD_NO_PAD
            .decode(base64)
            .is_ok_and(|decoded| !decoded.is_empty() && is_public_key(&decoded))
}

fn is_public_der(bytes: &[u8]) -> bool {
    const SEQUENCE: u8 = 0x30;
    bytes.first() == Some(&SEQUENCE)
        && PUBLIC_KEY_IDENTIFIERS
            .iter()
            .any(|identifier| contains(bytes, identifier))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn is_well_known(secret: &[u8]) -> bool {
    let text = secret.trim_ascii();
    let lower_case = String::from_utf8_lossy(text).to_ascii_lowercase();
    // A known secret is also rejected if it is repeated, even if the last repetition is incomplete.
    let repeats = |known: &str| {
        lower_case
            .bytes()
            .eq(known.bytes().cycle().take(lower_case.len()))
    };
    PUBLISHED_SECRETS.lines().any(repeats)
        || PLACEHOLDERS.iter().any(|part| lower_case.contains(part))
        || PUBLISHED_KEYS.iter().any(|key| {
            text == key.as_bytes() || URL_SAFE_NO_PAD.decode(key).is_ok_and(|key| key == secret)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weakness_of(secret: impl AsRef<[u8]>) -> Option<WeakSecret> {
        Secret::new(secret.as_ref().to_vec()).err()
    }

    #[test]
    fn guessable_secret_is_rejected() {
        for bytes in [0, 1, 31] {
            assert_eq!(
                weakness_of(vec![b'x'; bytes]),
                Some(WeakSecret::TooShort { bytes })
            );
        }
        for repeating in [
            "x".repeat(32),
            "\0".repeat(64),
            "ab".repeat(32),
            "12345".repeat(9),
        ] {
            assert_eq!(
                weakness_of(&repeating),
                Some(WeakSecret::LowEntropy),
                "{repeating}"
            );
        }
        for known in [
            "password".repeat(4),
            "0123456789abcdef".repeat(2),
            "supersecret".repeat(3),
            "mysupersecretkey".repeat(2),
            "secretKey".repeat(4),
            "your_jwt_secret_key_".repeat(2),
            "bezKoderSecretKey".repeat(2),
            "01234567890123456789012345678901".to_owned(),
        ] {
            assert_eq!(weakness_of(&known), Some(WeakSecret::WellKnown), "{known}");
        }
        for known in [
            "00112233445566778899aabbccddeeff",
            "abcdefghijklmnopqrstuvwxyzabcdef",
            "zyxwvutsrqponmlkjihgfedcba9876543210",
            "jwt-secret-jwt-secret-jwt-secret-jwt-secret",
            "your-very-long-secret-key-that-is-at-least-32-characters",
            "my-32-character-ultra-secure-and-ultra-long-secret",
            "MySuperSecretJwtSigningKeyForProduction!",
            "this is a very insecure secret for testing only",
            "test-secret-key-at-least-256-bits-12345",
            "a-string-secret-at-least-256-bits-long",
            "A-String-Secret-At-Least-256-Bits-Long\n",
            "your-256-bit-secret-your-256-bit-secret",
            "changeme-changeme-changeme-changeme",
            "PLEASE_CHANGE_ME_BEFORE_PRODUCTION",
        ] {
            assert_eq!(weakness_of(known), Some(WeakSecret::WellKnown), "{known}");
        }
    }

    #[test]
    fn published_secrets_are_lower_case_and_unique() {
        let mut known: Vec<_> = PUBLISHED_SECRETS.lines().collect();
        assert!(
            known
                .iter()
                .all(|known| !known.is_empty() && **known == known.to_ascii_lowercase())
        );
        known.sort_unstable();
        assert!(known.is_sorted_by(|a, b| a < b), "{known:?}");
    }

    #[test]
    fn random_secret_is_accepted() {
        for seed in 0..1_000 {
            let mut random = fastrand::Rng::with_seed(seed);
            let bytes: Vec<u8> = (0..32).map(|_| random.u8(..)).collect();
            assert_eq!(weakness_of(&bytes), None);
            let digits: String = (0..32).map(|_| random.digit(16)).collect();
            assert_eq!(weakness_of(digits), None);
            assert_eq!(weakness_of(URL_SAFE_NO_PAD.encode(bytes)), None);
        }
    }

    #[test]
    fn example_key_of_an_rfc_is_rejected_as_text_and_as_bytes() {
        for published in PUBLISHED_KEYS {
            let bytes = URL_SAFE_NO_PAD.decode(published).unwrap();
            assert_eq!(weakness_of(published), Some(WeakSecret::WellKnown));
            assert_eq!(weakness_of(bytes), Some(WeakSecret::WellKnown));
        }
        assert_eq!(weakness_of("qkX9-vT3m!Lw8~rB2#Zs6^Hc1&Jd5*Ng"), None);
    }

    #[test]
    fn public_key_as_a_secret_is_rejected() {
        use base64::engine::general_purpose::STANDARD;

        use crate::token::tests::forge::PAIRS;

        let mut forms = vec![
            PAIRS.jwks().into_bytes(),
            b"---- BEGIN SSH2 PUBLIC KEY ----\nAAAAB3NzaC1yc2EAAAADAQABAAAB\n".to_vec(),
            b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBxT somebody@somewhere".to_vec(),
        ];
        for alg in ["ES256", "EdDSA", "RS256"] {
            let (der, pem) = (PAIRS.der(alg), PAIRS.pem(alg));
            let base64: String = pem.lines().filter(|line| !line.contains("-----")).collect();
            forms.extend([
                der,
                pem.clone().into_bytes(),
                pem.trim_end().replace('\n', "\r\n").into_bytes(),
                base64
                    .trim_end_matches('=')
                    .replace('+', "-")
                    .replace('/', "_")
                    .into_bytes(),
                base64.into_bytes(),
                STANDARD.encode(&pem).into_bytes(),
            ]);
        }
        for form in forms {
            let text = String::from_utf8_lossy(&form).into_owned();
            let utf_16 = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let around = [b"\xef\xbb\xbf \n", &form[..], b"\n"].concat();
            for variant in [form, around, utf_16] {
                // The DER form is not text, so it has no variant in UTF-16.
                if !text.contains('\u{fffd}') || variant.starts_with(b"0") && variant[1] != 0 {
                    assert_eq!(weakness_of(variant), Some(WeakSecret::PublicKey), "{text}");
                }
            }
        }
        assert_eq!(weakness_of("{qkX9-vT3m!Lw8~rB2#Zs6^Hc1&Jd5*Ng}"), None);
        assert_eq!(weakness_of("MFqkX9vT3mLw8rB2Zs6Hc1Jd5NgAbYt0"), None);
    }

    #[test]
    fn debug_output_of_a_secret_hides_the_secret() {
        let secret = Secret::new(b"no log may ever have this text in it".to_vec()).unwrap();
        let printed = format!("{secret:?}");
        assert!(
            !printed.contains("110, 111") && !printed.contains("no log"),
            "{printed}"
        );
        assert!(!format!("{:?}", weakness_of("password")).contains("password"));
    }
}
