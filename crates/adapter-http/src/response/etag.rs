//! Entity tags of responses (RFC 9110 8.8.3).

use actix_web::http::header::EntityTag;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use xxhash_rust::xxh3::Xxh3;

/// The version of the response formats. Increase it when the serialization of the same content changes, so that clients
/// do not keep responses in the old format.
const FORMAT_VERSION: i64 = 1;

/// A builder that computes the entity tag of a response from its content.
///
/// Equal content has an equal tag on every instance, for every caller and in every content coding. The last is the
/// reason why the tag is weak. The tag has 128 bits, so accidental collisions are negligible.
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

    /// Adds the length of the value and its bytes. Without the length, the values `ab`, `c` would have the same tag as
    /// `a`, `bc`.
    pub(crate) fn add_bytes(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.0.update(&bytes.len().to_le_bytes());
        self.0.update(bytes);
    }

    pub(crate) fn finish(&self) -> EntityTag {
        EntityTag::new_weak(URL_SAFE_NO_PAD.encode(self.0.digest128().to_be_bytes()))
    }
}
