//! Header fields of answers, as the description explains them.

use serde_json::{Value, json};
use utoipa::openapi::{Header, HeaderBuilder, ObjectBuilder, schema::Type};

/// What answers bear besides what is described of each: what carries them, and what keeps browsers from misusing them.
/// The description names the latter once, for all.
#[cfg(test)]
pub(crate) const BESIDES: [&str; 10] = [
    "Connection",
    "Content-Length",
    "Content-Type",
    "Date",
    "Transfer-Encoding",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Content-Security-Policy",
    "Cross-Origin-Resource-Policy",
    "Referrer-Policy",
];

/// A field with a text in it.
pub(crate) fn text(description: &str, example: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .description(Some(description))
        .example(Some(json!(example)))
        .build()
}

/// The field that every answer bears.
pub(super) fn request_id() -> (String, Header) {
    let header = text(
        "Names the request; the service's log names it the same.",
        "8f14e45f-ceea-467f-a0e6-1f5b2c3d4e5f",
    );
    ("X-Request-Id".to_owned(), header)
}

/// What a good answer bears for caches, the client's own among them.
pub(crate) fn validators() -> [(&'static str, Header); 3] {
    [
        (
            "ETag",
            text(
                "The version of what is shown. It changes when anything of it does, and does not depend on who asks.",
                "W/\"4vsLrvSxvMbzBpJTrFhGqg\"",
            ),
        ),
        (
            "Cache-Control",
            text(
                "The client may keep the answer, and asks before it uses it again.",
                "private, no-cache",
            ),
        ),
        (
            "Vary",
            text(
                "The fields of the request that the answer's form depends on.",
                "Accept, Accept-Encoding",
            ),
        ),
    ]
}

pub(crate) fn content_encoding() -> (&'static str, Header) {
    let header = text(
        "How the body is compressed, if it is: `zstd` or `gzip`.",
        "zstd",
    );
    ("Content-Encoding", header)
}

/// What a refusal bears for caches.
pub(crate) fn not_kept() -> (&'static str, Header) {
    ("Cache-Control", text("Nobody keeps a refusal.", "no-store"))
}

/// A field that says more of an error, with all that it may say.
pub(crate) fn of_an_error(name: &str, values: &[&str]) -> Option<(&'static str, Header)> {
    let (name, kind, description) = match name {
        "www-authenticate" => (
            "WWW-Authenticate",
            Type::String,
            "How to say who calls (RFC 6750): `Bearer` where there was no token, and why where there was one.",
        ),
        "allow" => (
            "Allow",
            Type::String,
            "The methods that the path can be asked by.",
        ),
        "retry-after" => (
            "Retry-After",
            Type::Integer,
            "In how many seconds to ask again.",
        ),
        _ => return None,
    };
    let example = |value: &&str| {
        value
            .parse()
            .map_or_else(|_| json!(value), |number: u64| json!(number))
    };
    let mut examples: Vec<Value> = values.iter().map(example).collect();
    examples.dedup();
    let schema = ObjectBuilder::new().schema_type(kind).examples(examples);
    let header = HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some(description));
    Some((name, header.build()))
}
