//! What a guesser tries first.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{LEAST_BYTES, WeakSecret};

/// 32 random bytes, or as many random hexadecimal digits, have more than this without fail.
const LEAST_DISTINCT: usize = 6;
/// As long as no more bytes than these are left without a word, a secret is made of words.
const STRAY: usize = 3;

/// Secrets that stand in documentation, tutorials and default configurations, and so in every guesser's list; of those
/// that are long enough. In small letters.
const WELL_KNOWN: [&str; 11] = [
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
/// What people write who are asked for a secret of a certain length and think of none. In small letters.
const WORDS: &str = "secret password passphrase passwd passw0rd jwt token key signing signature sign auth authentication \
    hs256 hmac sha256 private shared my your our the this that is are a an at least of to for and or in with very super \
    ultra long longer enough strong secure insecure safe safely random randomly generated string text value char character \
    characters byte bytes bit bits minimum min change changeme replace please me it must be should use used using only not \
    do before production prod dev development develop test tests testing example sample demo default placeholder insert \
    here put enter some new app application server service api backend web website spring boot node express django flask \
    laravel symfony local localhost admin root user login session hello world foo bar qwerty letmein welcome 16 24 32 48 \
    64 128 256 512 1 12 123 1234 12345 123456 1234567 12345678 123456789 1234567890 2023 2024 2025 2026";
/// Keys that RFC 7515 A.1 and RFC 7520 3.5 and 3.6 publish for examples, in base64url.
const PUBLISHED: [&str; 3] = [
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
    "AAPapAv4LbFbiVawEjagUBluYqN5rhna-8nuldDvOx8",
];

/// Why a secret could be guessed, if it could.
pub(super) fn weakness(secret: &[u8]) -> Option<WeakSecret> {
    let bytes = secret.len();
    if bytes < LEAST_BYTES {
        return Some(WeakSecret::TooShort { bytes });
    }
    let text = secret.trim_ascii().to_ascii_lowercase();
    let contains = |part: &str| {
        text.windows(part.len())
            .any(|window| window == part.as_bytes())
    };
    if WELL_KNOWN.iter().any(|known| text == known.as_bytes())
        || PLACEHOLDERS.into_iter().any(contains)
    {
        return Some(WeakSecret::WellKnown);
    }
    if distinct(secret) < LEAST_DISTINCT || repeats(&text) || counts(&text) {
        return Some(WeakSecret::Monotonous);
    }
    (without_a_word(&text) <= STRAY).then_some(WeakSecret::Words)
}

/// Whether it is a key out of a standard, as it is or as it is written there.
pub(super) fn is_published(secret: &[u8]) -> bool {
    PUBLISHED.iter().any(|key| {
        secret.trim_ascii() == key.as_bytes()
            || URL_SAFE_NO_PAD.decode(key).is_ok_and(|key| key == secret)
    })
}

fn distinct(secret: &[u8]) -> usize {
    let mut seen = secret.to_vec();
    seen.sort_unstable();
    seen.dedup();
    seen.len()
}

/// Whether it is some part again and again, of which the last may be cut short.
fn repeats(text: &[u8]) -> bool {
    (1..=text.len() / 2).any(|period| {
        text.iter()
            .zip(text.iter().skip(period))
            .all(|(a, b)| a == b)
    })
}

/// Whether most bytes are the one before, or the next to it.
fn counts(text: &[u8]) -> bool {
    let steps = text.windows(2);
    let small = steps
        .clone()
        .filter(|step| matches!(step, [a, b] if a.abs_diff(*b) <= 1));
    small.count() * 4 > steps.len() * 3
}

/// How many bytes are left, at least, where the rest is words and what stands between words.
fn without_a_word(text: &[u8]) -> usize {
    // From the end: how many are left of what begins at each byte.
    let mut left = vec![0_usize; text.len() + 1];
    for (at, byte) in text.iter().enumerate().rev() {
        let of_rest = |end: usize| left.get(end).copied().unwrap_or(usize::MAX);
        let rest = text.get(at..).unwrap_or_default();
        let skipped =
            of_rest(at + 1) + usize::from(byte.is_ascii_alphanumeric() || !byte.is_ascii());
        let fewest = WORDS
            .split_whitespace()
            .filter(|word| rest.starts_with(word.as_bytes()))
            .map(|word| of_rest(at + word.len()))
            .fold(skipped, usize::min);
        if let Some(here) = left.get_mut(at) {
            *here = fewest;
        }
    }
    left.first().copied().unwrap_or_default()
}
