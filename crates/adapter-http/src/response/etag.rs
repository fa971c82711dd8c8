//! Entity tags (RFC 9110 8.8.3).

use actix_web::http::header::EntityTag;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use xxhash_rust::xxh3::Xxh3;

/// The version of the response formats. It must be increased with every change of how the same content is serialised, so
/// that clients do not keep responses in the old format.
const FORMAT_VERSION: i64 = 1;

/// Computes the entity tag of a response from its content.
///
/// The tag of some content is equal on every instance, for every caller and in every content coding; therefore it is a weak
/// tag. With 128 bits, accidental collisions are negligible.
pub(crate) struct ETagBuilder(Xxh3);

impl ETagBuilder {
    pub(crate) fn new() -> Self {
        let mut builder = Self(Xxh3::new());
        builder.add_number(FORMAT_VERSION);
        builder
    }

    pub(crate) fn add_number(&mut self, number: i64) {
        self.0.update(&number.to_le_bytes());
    }

    /// Adds the length and the bytes. The length separates adjacent values: `ab`, `c` differs from `a`, `bc`.
    pub(crate) fn add_bytes(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.0.update(&bytes.len().to_le_bytes());
        self.0.update(bytes);
    }

    pub(crate) fn finish(&self) -> EntityTag {
        EntityTag::new_weak(URL_SAFE_NO_PAD.encode(self.0.digest128().to_be_bytes()))
    }
}
