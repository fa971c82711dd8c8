//! The response headers in the OpenAPI description.

use serde_json::json;
use utoipa::{
    Modify,
    openapi::{HeaderBuilder, ObjectBuilder, OpenApi, RefOr, Response, schema::Type},
};

/// The documented response headers. Each has a name, prefixes of the statuses with this header, a description and an
/// example.
const HEADERS: [(&str, &[&str], &str, &str); 11] = [
    (
        "X-Request-Id",
        &[""],
        "The id of the request; the log entries of the request contain the same id.",
        "8f14e45f-ceea-467f-a0e6-1f5b2c3d4e5f",
    ),
    (
        "ETag",
        &["200", "304"],
        "The entity tag of the content. It changes whenever the content changes, and does not depend on the caller.",
        "W/\"4vsLrvSxvMbzBpJTrFhGqg\"",
    ),
    (
        "Cache-Control",
        &["200", "304"],
        "The client may store the response and must revalidate it before each reuse.",
        "private, no-cache",
    ),
    (
        "Vary",
        &["200", "304"],
        "The request headers that select the representation.",
        "Accept, Accept-Encoding",
    ),
    (
        "Content-Encoding",
        &["200"],
        "The compression of the body, `zstd` or `gzip`; absent if the body is not compressed.",
        "zstd",
    ),
    (
        "Cache-Control",
        &["4", "5"],
        "Error responses must not be stored.",
        "no-store",
    ),
    (
        "Content-Language",
        &["4", "5"],
        "The language of `msg`, `en` or `zh`.",
        "en",
    ),
    (
        "Vary",
        &["4", "5"],
        "The request header that selects the language of `msg`.",
        "Accept-Language",
    ),
    (
        "WWW-Authenticate",
        &["401"],
        "The authentication challenge (RFC 6750): `Bearer`, with an `error` if the request had an `Authorization` header with a token.",
        "Bearer error=\"invalid_token\"",
    ),
    (
        "Allow",
        &["405"],
        "The methods that the path accepts.",
        "GET, HEAD, OPTIONS",
    ),
    (
        "Retry-After",
        &["429", "503"],
        "The number of seconds to wait before the next request.",
        "1",
    ),
];

/// Adds the headers of 2xx and 3xx responses to the OpenAPI description.
pub(super) struct SuccessHeaders;

impl Modify for SuccessHeaders {
    fn modify(&self, description: &mut OpenApi) {
        let operations = description.paths.paths.values_mut();
        for operation in operations.filter_map(|path| path.get.as_mut()) {
            let responses = &mut operation.responses.responses;
            // Operations that do not declare 304 have neither an entity tag nor a content coding.
            let is_cacheable = responses.contains_key("304");
            for (status, response) in responses {
                if let RefOr::T(response) = response
                    && status.starts_with(['2', '3'])
                {
                    add(response, if is_cacheable { status } else { "" });
                }
            }
        }
    }
}

/// Adds the headers that responses with `status` have.
pub(super) fn add(response: &mut Response, status: &str) {
    for (name, statuses, description, example) in HEADERS {
        if !statuses.iter().any(|prefix| status.starts_with(prefix)) {
            continue;
        }
        let (schema_type, example) = match example.parse::<u64>() {
            Ok(number) => (Type::Integer, json!(number)),
            Err(_) => (Type::String, json!(example)),
        };
        let header = HeaderBuilder::new()
            .schema(Some(ObjectBuilder::new().schema_type(schema_type)))
            .description(Some(description))
            .example(Some(example));
        response
            .headers
            .insert(name.to_owned(), header.build().into());
    }
}
