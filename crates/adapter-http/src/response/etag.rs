//! Entity tags (RFC 9110 8.8.3).

use actix_web::http::header::EntityTag;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use xxhash_rust::xxh3::Xxh3;

/// The version of the formats that content is shown in. Another number for every change of what the same content looks
/// like to a client, so that no client keeps the old form.
const FORMAT_VERSION: i64 = 1;

/// Hashes what a response shows into its entity tag.
///
/// The same content has the same tag on every instance, for every caller and in every coding: so it is a weak one. Its 128
/// bits do not collide by chance.
pub(crate) struct ETagBuilder(Xxh3);

impl ETagBuilder {
    pub(crate) fn new() -> Self {
        let mut builder = Self(Xxh3::new());
        builder.number(FORMAT_VERSION);
        builder
    }

    pub(crate) fn number(&mut self, number: i64) {
        self.0.update(&number.to_le_bytes());
    }

    /// Hashes the length too, so that bytes do not move from one value to the next unnoticed.
    pub(crate) fn bytes(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.0.update(&bytes.len().to_le_bytes());
        self.0.update(bytes);
    }

    pub(crate) fn finish(&self) -> EntityTag {
        EntityTag::new_weak(URL_SAFE_NO_PAD.encode(self.0.digest128().to_be_bytes()))
    }
}
