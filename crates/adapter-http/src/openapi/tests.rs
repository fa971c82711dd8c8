//! Whether the description is of what is served.

use serde_json::Value;
use wts_domain::{Category, Language, Priority, Status};

use super::*;

fn description() -> Value {
    serde_json::from_str(openapi_document()).unwrap()
}

/// Whoever changes what clients see sees it in this file's differences.
#[test]
fn the_committed_copy_is_the_description() {
    let copy = include_str!("../../openapi.json");
    assert!(
        copy == openapi_document(),
        "openapi.json is not what is served: look at what `cargo run -- openapi > crates/adapter-http/openapi.json` changes"
    );
}

#[test]
fn every_status_and_every_header_is_described() {
    let responses = &description()["paths"]["/api/v3/get_traces"]["get"]["responses"];
    let has = |status: &str, header: &str| !responses[status]["headers"][header].is_null();

    for (status, response) in responses.as_object().unwrap() {
        assert!(has(status, "X-Request-Id"), "{status}");
        let content = &response["content"]["application/json"];
        let schema = content["schema"]["$ref"].as_str();
        match status.as_str() {
            "200" => assert_eq!(schema, Some("#/components/schemas/Traces")),
            "304" => assert_eq!(schema, None),
            error => {
                assert_eq!(schema, Some("#/components/schemas/Error"), "{error}");
                assert!(
                    !content["examples"].as_object().unwrap().is_empty(),
                    "{error}"
                );
            }
        }
    }
    for status in ["200", "304"] {
        assert!(
            ["ETag", "Cache-Control", "Vary"]
                .iter()
                .all(|header| has(status, header))
        );
    }
    assert!(has("401", "www-authenticate") && has("405", "allow") && has("503", "retry-after"));
    for status in ["400", "403", "404", "406", "414", "415", "431", "500"] {
        assert!(responses[status].is_object(), "{status}");
    }
}

#[test]
fn the_errors_of_the_apis_document_are_examples() {
    let responses = &description()["paths"]["/api/v3/get_traces"]["get"]["responses"];
    for (status, msg, err_type) in [
        ("400", "missing required URL parameter: tid", 2),
        ("400", "无法找到对应的工单", 5),
        ("403", "you can only view ticket traces of your own", 3),
        ("500", "system met a uncaught error,please view logs.", 1),
    ] {
        let examples = &responses[status]["content"]["application/json"]["examples"];
        let expected = json!({"success": false, "msg": msg, "errType": err_type});
        let mut examples = examples.as_object().unwrap().values();
        assert!(
            examples.any(|example| example["value"] == expected),
            "{msg}"
        );
    }
}

#[test]
fn the_values_of_closed_lists_are_the_domains_with_their_labels() {
    let description = description();
    let field = |name: &str| &description["components"]["schemas"]["Trace"]["properties"][name];
    macro_rules! assert_described {
        ($name:literal, $list:ty) => {
            let mut names = vec![""];
            names.extend(<$list>::ALL.iter().map(|value| value.as_str()));
            assert_eq!(field($name)["enum"], json!(names));
            for value in <$list>::ALL {
                let text = field($name)["description"].as_str().unwrap();
                assert!(text.contains(value.label(Language::Chinese)), "{text}");
                assert!(text.contains(value.label(Language::English)), "{text}");
            }
        };
    }
    assert_described!("new_status", Status);
    assert_described!("new_priority", Priority);
    assert_described!("new_category", Category);
}

#[test]
fn every_field_of_a_trace_is_required_and_explained() {
    let trace = &description()["components"]["schemas"]["Trace"];
    let fields = [
        "opid",
        "tid",
        "updated_at",
        "op",
        "op_name",
        "new_status",
        "new_priority",
        "new_appointment",
        "new_category",
        "remark",
    ];
    assert_eq!(trace["required"], json!(fields));
    assert_eq!(trace["properties"].as_object().unwrap().len(), fields.len());
    for field in fields {
        assert!(
            trace["properties"][field]["description"].is_string(),
            "{field}"
        );
    }
}

#[test]
fn nothing_is_referred_to_that_is_not_there() {
    let description = description();
    let mut referred = Vec::new();
    let mut rest = openapi_document();
    while let Some((_, after)) = rest.split_once("\"$ref\": \"#") {
        let (pointer, after) = after.split_once('"').unwrap();
        referred.push(pointer);
        rest = after;
    }
    assert!(referred.len() >= 3, "{referred:?}");
    for pointer in referred {
        assert!(description.pointer(pointer).is_some(), "{pointer}");
    }
}
