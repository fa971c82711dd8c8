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

/// What a reference stands for.
fn resolved<'a>(description: &'a Value, response: &'a Value) -> &'a Value {
    match response["$ref"].as_str() {
        Some(reference) => description.pointer(&reference[1..]).unwrap(),
        None => response,
    }
}

#[test]
fn every_path_has_every_method_and_every_answer_its_body_and_its_fields() {
    let description = description();
    let paths = description["paths"].as_object().unwrap();
    for path in [
        "/api/v3/get_traces",
        "/api/v3/openapi.json",
        "/api/v3/docs/",
        "/livez",
        "/readyz",
        "/startupz",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
    for (path, operations) in paths {
        for method in ["get", "head", "options"] {
            let responses = operations[method]["responses"].as_object().unwrap();
            for (status, response) in responses {
                let response = resolved(&description, response);
                let what = format!("{method} {path} {status}: {response}");
                assert!(response["description"].is_string(), "{what}");
                assert!(response["headers"]["X-Request-Id"].is_object(), "{what}");
                for (name, header) in response["headers"].as_object().unwrap() {
                    assert!(header["description"].is_string(), "{name} of {what}");
                }
                let content = &response["content"]["application/json"];
                if method == "get" && status.starts_with(['4', '5']) {
                    assert_eq!(
                        content["schema"]["$ref"], "#/components/schemas/Error",
                        "{what}"
                    );
                    let examples = content["examples"].as_object();
                    assert!(examples.is_some_and(|them| !them.is_empty()), "{what}");
                }
                assert!(method != "head" || response["content"].is_null(), "{what}");
            }
        }
    }
}

#[test]
fn every_status_of_the_readme_is_described() {
    let responses = &description()["paths"]["/api/v3/get_traces"]["get"]["responses"];
    let told: Vec<_> = responses.as_object().unwrap().keys().collect();
    assert_eq!(
        told,
        [
            "200", "304", "400", "401", "403", "404", "405", "406", "408", "413", "414", "415",
            "429", "431", "500", "503"
        ]
    );
}

#[test]
fn labels_and_names_for_generated_code_are_there_for_machines() {
    let description = description();
    let labels = &description["info"]["x-labels"];
    assert_eq!(
        labels["new_status"]["solved"],
        json!({"zh": "已解决", "en": "Solved"})
    );
    for rank in Access::ALL {
        for language in Language::ALL {
            let label = rank.label(*language);
            assert_eq!(labels["access"][rank.as_str()][language.as_str()], label);
            let told = &description["components"]["securitySchemes"]["token"]["description"];
            assert!(told.as_str().unwrap().contains(label), "{told}");
        }
    }
    let fields = &description["components"]["schemas"]["Trace"]["properties"];
    for field in ["new_status", "new_priority", "new_category"] {
        let named = |key: &str| fields[field][key].as_array().unwrap().len();
        assert_eq!(named("x-enum-varnames"), named("enum"), "{field}");
        assert_eq!(labels[field].as_object().unwrap().len() + 1, named("enum"));
    }
    assert_eq!(fields["new_status"]["x-enum-varnames"][0], "Unchanged");
}

/// A database may hold what is no RFC 3339, and then that is what is answered.
#[test]
fn no_field_claims_a_format_that_what_is_served_may_not_have() {
    let fields = &description()["components"]["schemas"]["Trace"]["properties"];
    for field in ["updated_at", "new_appointment"] {
        assert_eq!(fields[field]["format"], Value::Null, "{field}");
    }
    let told = fields["updated_at"]["description"].as_str().unwrap();
    assert!(
        told.contains("`infinity`") && told.contains("`+294276-"),
        "{told}"
    );
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
