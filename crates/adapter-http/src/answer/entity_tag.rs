//! Which version of something an answer shows.

use actix_web::http::header::EntityTag;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use xxhash_rust::xxh3::Xxh3;

/// Gathers what an answer shows into an entity tag (RFC 9110 8.8.3).
///
/// The same content has the same tag on every instance, whoever asks and for whatever coding: so it is a weak one. Its 128
/// bits do not meet by chance.
pub(crate) struct Fingerprint(Xxh3);

/// The form in which content is shown. Another number for every change of what the same traces look like to a client, so
/// that nobody keeps the old form.
const FORM: i64 = 1;

impl Fingerprint {
    /// Of nothing so far.
    pub(crate) fn new() -> Self {
        let mut fingerprint = Self(Xxh3::new());
        fingerprint.number(FORM);
        fingerprint
    }

    pub(crate) fn number(&mut self, number: i64) {
        self.0.update(&number.to_le_bytes());
    }

    /// With its length, so that no two rows of texts run together into the same.
    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// The same for what is no text.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(&bytes.len().to_le_bytes());
        self.0.update(bytes);
    }

    pub(crate) fn tag(&self) -> EntityTag {
        EntityTag::new_weak(URL_SAFE_NO_PAD.encode(self.0.digest128().to_be_bytes()))
    }
}
