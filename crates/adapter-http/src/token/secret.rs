//! The secret that tokens are signed with under HS256.

mod guesses;

use secrecy::{ExposeSecret, SecretSlice};

use self::guesses::{is_published, weakness};

/// RFC 7518 3.2: a key of the size of the hash output or larger.
const LEAST_BYTES: usize = 32;

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

    /// The same, for a secret to sign or check real tokens with: neither is it one of those, random enough, that stand in
    /// RFC 7515 and RFC 7520 for everybody to check an implementation with.
    ///
    /// # Errors
    ///
    /// [`WeakSecret`] if they could be guessed, or looked up.
    pub fn of_our_own(bytes: impl Into<SecretSlice<u8>>) -> Result<Self, WeakSecret> {
        let secret = Self::new(bytes)?;
        if is_published(secret.expose()) {
            return Err(WeakSecret::WellKnown);
        }
        Ok(secret)
    }

    pub(super) fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
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
    /// Hardly any byte differs from the others, or they repeat themselves, or count up or down.
    #[error(
        "the secret repeats or counts characters, expected random ones (openssl rand -hex 32 makes one)"
    )]
    Monotonous,
    /// Made of words that such secrets are made of where nobody thought about it.
    #[error(
        "the secret is made of words that everybody tries, expected random characters (openssl rand -hex 32 makes one)"
    )]
    Words,
    /// Out of an example.
    #[error(
        "the secret is one that everybody knows from an example, expected one of your own (openssl rand -hex 32 makes \
         one)"
    )]
    WellKnown,
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

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
            "password".repeat(4),
            "0123456789abcdef".repeat(2),
            "00112233445566778899aabbccddeeff".to_owned(),
            "01234567890123456789012345678901".to_owned(),
            "abcdefghijklmnopqrstuvwxyzabcdef".to_owned(),
            "zyxwvutsrqponmlkjihgfedcba9876543210".to_owned(),
            "supersecret".repeat(3),
            "mysupersecretkey".repeat(2),
            "secretKey".repeat(4),
            "jwt-secret-jwt-secret-jwt-secret-jwt-secret".to_owned(),
            "your_jwt_secret_key_".repeat(2),
            "bezKoderSecretKey".repeat(2),
            (0..32).map(char::from).collect(),
        ] {
            assert_eq!(
                refusal(&monotonous),
                Some(WeakSecret::Monotonous),
                "{monotonous}"
            );
        }
        for words in [
            "your-very-long-secret-key-that-is-at-least-32-characters",
            "my-32-character-ultra-secure-and-ultra-long-secret",
            "MySuperSecretJwtSigningKeyForProduction!",
            "this is a very insecure secret for testing only",
            "test-secret-key-at-least-256-bits-12345",
        ] {
            assert_eq!(refusal(words), Some(WeakSecret::Words), "{words}");
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
            assert_eq!(refusal(URL_SAFE_NO_PAD.encode(bytes)), None);
        }
    }

    #[test]
    fn a_key_out_of_a_standard_checks_its_examples_and_no_real_token() {
        let a_1 = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let bytes = URL_SAFE_NO_PAD.decode(a_1).unwrap();
        for published in [a_1.as_bytes().to_vec(), bytes] {
            assert!(Secret::new(published.clone()).is_ok());
            assert_eq!(
                Secret::of_our_own(published).err(),
                Some(WeakSecret::WellKnown)
            );
        }
        assert!(Secret::of_our_own(vec![b'x'; 31]).is_err());
        assert!(Secret::of_our_own(b"qkX9-vT3m!Lw8~rB2#Zs6^Hc1&Jd5*Ng".to_vec()).is_ok());
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
