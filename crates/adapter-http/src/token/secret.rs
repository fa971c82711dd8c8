//! The secret that tokens are signed with under HS256.

use secrecy::{ExposeSecret, SecretSlice};

/// RFC 7518 3.2: a key of the size of the hash output or larger.
const LEAST_BYTES: usize = 32;
/// 32 random bytes, or as many random hexadecimal digits, have more than this without fail.
const LEAST_DISTINCT: usize = 6;

/// Secrets that stand in documentation, tutorials and default configurations, and so in every guesser's list; of those
/// that are long enough. In small letters.
const WELL_KNOWN: [&str; 12] = [
    "a-string-secret-at-least-256-bits-long",
    "your-super-secret-jwt-token-with-at-least-32-characters-long",
    "super-secret-jwt-token-with-at-least-32-characters-long",
    "404e635266556a586e3272357538782f413f4428472b4b6250645367566b5970",
    "3cfa76ef14937c1c0ea519f8fc057a80fcd04a7420f8e8bcd0a7567c272e007b",
    "9a4f2c8d3b7a1e6f45c8a0b3f267d8b1d4e6f3c8a9d2b5f8e3a9c8b5f6v8a3d9",
    "gqdstcksx0nhjpouxoyg5mbej1xt0ufiwdvvvbrk",
    "qwertyuiopasdfghjklzxcvbnm123456",
    "qwertyuiopasdfghjklzxcvbnm1234567890",
    "abcdefghijklmnopqrstuvwxyz123456",
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "12345678901234567890123456789012",
];
/// What stands in examples for a secret to be filled in. In small letters.
const PLACEHOLDERS: [&str; 8] = [
    "changeme",
    "change-me",
    "change_me",
    "replace-me",
    "replace_me",
    "your-secret",
    "your_secret",
    "256-bit-secret",
];

/// A secret that is worth signing with. It cannot print itself and is wiped when dropped.
#[derive(Debug, Clone)]
pub struct Secret(SecretSlice<u8>);

impl Secret {
    /// Takes these bytes as they are.
    ///
    /// # Errors
    ///
    /// [`WeakSecret`] if they could be guessed.
    pub fn new(bytes: impl Into<SecretSlice<u8>>) -> Result<Self, WeakSecret> {
        let secret = bytes.into();
        weakness(secret.expose_secret()).map_or(Ok(Self(secret)), Err)
    }

    pub(super) fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

fn weakness(secret: &[u8]) -> Option<WeakSecret> {
    let bytes = secret.len();
    if bytes < LEAST_BYTES {
        return Some(WeakSecret::TooShort { bytes });
    }
    let mut seen = [false; 256];
    for byte in secret {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    if seen.iter().filter(|seen| **seen).count() < LEAST_DISTINCT {
        return Some(WeakSecret::Monotonous);
    }
    let text = String::from_utf8_lossy(secret.trim_ascii()).to_lowercase();
    let known = WELL_KNOWN.contains(&text.as_str())
        || PLACEHOLDERS
            .iter()
            .any(|placeholder| text.contains(placeholder));
    known.then_some(WeakSecret::WellKnown)
}

/// Why a secret could be guessed. Never says what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WeakSecret {
    /// Fewer bytes than the signature has.
    #[error(
        "the secret has {bytes} bytes, expected {LEAST_BYTES} or more (openssl rand -hex 32 makes one)"
    )]
    TooShort {
        /// How many bytes it has.
        bytes: usize,
    },
    /// Hardly any byte differs from the others.
    #[error(
        "the secret repeats a few characters, expected random ones (openssl rand -hex 32 makes one)"
    )]
    Monotonous,
    /// Out of an example.
    #[error(
        "the secret is one that everybody knows from an example, expected one of your own (openssl rand -hex 32 makes \
         one)"
    )]
    WellKnown,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(secret: impl AsRef<[u8]>) -> Option<WeakSecret> {
        Secret::new(secret.as_ref().to_vec()).err()
    }

    #[test]
    fn a_secret_that_could_be_guessed_is_none() {
        for bytes in [0, 1, 31] {
            assert_eq!(
                refusal(vec![b'x'; bytes]),
                Some(WeakSecret::TooShort { bytes })
            );
        }
        for monotonous in [
            "x".repeat(32),
            "\0".repeat(64),
            "ab".repeat(32),
            "12345".repeat(9),
        ] {
            assert_eq!(refusal(&monotonous), Some(WeakSecret::Monotonous));
        }
        for known in [
            "a-string-secret-at-least-256-bits-long",
            "A-String-Secret-At-Least-256-Bits-Long\n",
            "your-256-bit-secret-your-256-bit-secret",
            "changeme-changeme-changeme-changeme",
            "PLEASE_CHANGE_ME_BEFORE_PRODUCTION",
        ] {
            assert_eq!(refusal(known), Some(WeakSecret::WellKnown), "{known}");
        }
    }

    #[test]
    fn a_secret_of_32_random_bytes_or_of_their_digits_is_good() {
        for seed in 0..1_000 {
            let mut random = fastrand::Rng::with_seed(seed);
            let bytes: Vec<u8> = (0..32).map(|_| random.u8(..)).collect();
            assert_eq!(refusal(&bytes), None);
            let digits: String = (0..32).map(|_| random.digit(16)).collect();
            assert_eq!(refusal(digits), None);
        }
    }

    #[test]
    fn it_does_not_print_itself() {
        let secret = Secret::new(b"no log may ever have this text in it".to_vec()).unwrap();
        let printed = format!("{secret:?}");
        assert!(
            !printed.contains("110, 111") && !printed.contains("no log"),
            "{printed}"
        );
        assert!(!format!("{:?}", refusal("password")).contains("password"));
    }
}
