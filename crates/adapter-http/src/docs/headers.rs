//! The header fields of responses in the API's description.

use serde_json::json;
use utoipa::{
    Modify,
    openapi::{HeaderBuilder, ObjectBuilder, OpenApi, RefOr, Response, schema::Type},
};

/// Name, beginnings of the statuses whose responses have it, description, example.
const HEADERS: [(&str, &[&str], &str, &str); 9] = [
    (
        "X-Request-Id",
        &[""],
        "Names the request; the service's log names it the same.",
        "8f14e45f-ceea-467f-a0e6-1f5b2c3d4e5f",
    ),
    (
        "ETag",
        &["200", "304"],
        "The version of what is shown. It changes when anything of it does, and does not depend on who asks.",
        "W/\"4vsLrvSxvMbzBpJTrFhGqg\"",
    ),
    (
        "Cache-Control",
        &["200", "304"],
        "The client may keep the response, and asks before it uses it again.",
        "private, no-cache",
    ),
    (
        "Vary",
        &["200", "304"],
        "The fields of the request that the response's form depends on.",
        "Accept, Accept-Encoding",
    ),
    (
        "Content-Encoding",
        &["200"],
        "How the body is compressed, if it is: `zstd` or `gzip`.",
        "zstd",
    ),
    (
        "Cache-Control",
        &["4", "5"],
        "Errors are not kept.",
        "no-store",
    ),
    (
        "WWW-Authenticate",
        &["401"],
        "How to authenticate (RFC 6750): `Bearer` where there was no token, and why where there was one.",
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
        "In how many seconds to try again.",
        "1",
    ),
];

/// Adds the header fields of success responses.
pub(super) struct SuccessHeaders;

impl Modify for SuccessHeaders {
    fn modify(&self, description: &mut OpenApi) {
        let operations = description.paths.paths.values_mut();
        for operation in operations.filter_map(|path| path.get.as_mut()) {
            let responses = &mut operation.responses.responses;
            // The others have neither a tag nor a coding.
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

/// Adds the header fields of responses with a status.
pub(super) fn add(response: &mut Response, status: &str) {
    for (name, statuses, description, example) in HEADERS {
        if !statuses
            .iter()
            .any(|beginning| status.starts_with(beginning))
        {
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
