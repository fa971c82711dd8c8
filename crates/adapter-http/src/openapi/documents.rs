//! Answers with the description itself.

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses,
    openapi::{
        Content, ObjectBuilder, RefOr, Response, ResponseBuilder,
        schema::{Schema, Type},
    },
};

use super::headers;

/// For machines.
pub(super) struct Description;

/// For a browser.
pub(super) struct Page;

impl IntoResponses for Description {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses("The description", "application/json", Type::Object)
    }
}

impl IntoResponses for Page {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses("The page", "text/html", Type::String)
    }
}

fn responses(
    what: &str,
    content_type: &str,
    schema_type: Type,
) -> BTreeMap<String, RefOr<Response>> {
    let schema: Schema = ObjectBuilder::new().schema_type(schema_type).build().into();
    let (name, coding) = headers::content_encoding();
    let ok = ResponseBuilder::new()
        .description(what)
        .content(content_type, Content::new(Some(schema)))
        .header(name, coding)
        .build();
    let not_modified = Response::new("The client has this version already");
    [("200", ok), ("304", not_modified)]
        .map(|(status, mut response)| {
            for (name, header) in headers::validators() {
                response.headers.insert(name.to_owned(), header.into());
            }
            (status.to_owned(), response.into())
        })
        .into()
}
