//! What every path answers besides `GET`.

use utoipa::{
    Modify,
    openapi::{
        self as oa, Content, Ref, RefOr, Response, ResponseBuilder,
        path::{Operation, OperationBuilder},
    },
};

use super::headers;
use crate::constants;

/// Describes `HEAD` and `OPTIONS` wherever `GET` is.
pub(super) struct Methods;

impl Modify for Methods {
    fn modify(&self, description: &mut oa::OpenApi) {
        for path in description.paths.paths.values_mut() {
            if let Some(get) = &path.get {
                path.head = Some(head(get));
                path.options = Some(options(get));
            }
        }
        let error = ResponseBuilder::new()
            .description("What is not a good answer")
            .content(
                "application/json",
                Content::new(Some(Ref::from_schema_name("Error"))),
            )
            .build();
        description
            .components
            .get_or_insert_default()
            .responses
            .insert("Error".to_owned(), error.into());
    }
}

fn head(get: &Operation) -> Operation {
    let mut head = get.clone();
    head.summary = Some("The same without the body".to_owned());
    head.description = None;
    head.operation_id = suffixed(get, "Head");
    let responses = &mut head.responses.responses;
    responses.retain(|status, _| status.starts_with(['2', '3']));
    for response in responses.values_mut() {
        if let RefOr::T(response) = response {
            response.content.clear();
        }
    }
    let other = Response::new("What `GET` is answered, without its body");
    responses.insert("default".to_owned(), other.into());
    head
}

fn options(get: &Operation) -> Operation {
    let methods = headers::text(
        "The methods that the path can be asked by. A browser that asks for a page of another origin (CORS) is told \
         `Access-Control-Allow-*` instead.",
        constants::METHODS,
    );
    let allowed = ResponseBuilder::new()
        .description("How the path can be asked")
        .header("Allow", methods)
        .build();
    let mut options = OperationBuilder::new()
        .summary(Some("How the path can be asked"))
        .operation_id(suffixed(get, "Options"))
        .response("204", allowed)
        .response("default", Ref::from_response_name("Error"))
        .build();
    options.tags.clone_from(&get.tags);
    options
}

fn suffixed(get: &Operation, suffix: &str) -> Option<String> {
    get.operation_id.as_ref().map(|id| format!("{id}{suffix}"))
}
