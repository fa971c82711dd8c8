//! Tests of the OpenAPI description: it is up to date, complete and consistent with the domain.

use std::{collections::HashSet, mem};

use serde_json::Value;
use strum::EnumCount;
use wts_domain::{
    Language, StaffId, TicketId, TicketState, Timestamp, Trace, TraceId, trace_changes,
};

use super::*;

fn description() -> Value {
    serde_json::from_str(openapi_document()).unwrap()
}

/// Checks that the committed `openapi.json` is up to date, so that its diff shows every change visible to clients.
#[test]
fn committed_openapi_json_is_up_to_date() {
    let copy = include_str!("../../openapi.json");
    assert!(
        copy == openapi_document(),
        "openapi.json is outdated: run `cargo run -- openapi > crates/adapter-http/openapi.json` and review the changes"
    );
}

/// Returns a response, or the shared response to which its `$ref` refers.
fn resolve<'a>(description: &'a Value, response: &'a Value) -> &'a Value {
    match response["$ref"].as_str() {
        Some(reference) => description.pointer(&reference[1..]).unwrap(),
        None => response,
    }
}

#[test]
fn every_response_has_description_headers_and_body() {
    let description = description();
    assert_eq!(description["tags"][0]["name"], "traces");
    let paths = description["paths"].as_object().unwrap();
    for path in [
        "/api/v3/get_traces",
        "/api/v3/traces",
        "/api/v3/openapi.json",
        "/api/v3/docs/",
        "/livez",
        "/readyz",
        "/startupz",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
    for (path, operations) in paths {
        let methods: Vec<_> = operations.as_object().unwrap().keys().collect();
        assert_eq!(methods, ["get"], "{path}");
        let responses = operations["get"]["responses"].as_object().unwrap();
        for (status, response) in responses {
            let response = resolve(&description, response);
            let case = format!("{path} {status}: {response}");
            assert!(response["description"].is_string(), "{case}");
            assert!(response["headers"]["X-Request-Id"].is_object(), "{case}");
            for (name, header) in response["headers"].as_object().unwrap() {
                assert!(header["description"].is_string(), "{name} of {case}");
            }
            let content = &response["content"]["application/json"];
            if status.starts_with(['4', '5']) {
                let schema = &content["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Error", "{case}");
                let examples = content["examples"].as_object();
                assert!(
                    examples.is_some_and(|examples| !examples.is_empty()),
                    "{case}"
                );
            }
        }
    }
}

#[test]
fn every_status_in_the_readme_is_described() {
    for path in ["/api/v3/get_traces", "/api/v3/traces"] {
        let responses = &description()["paths"][path]["get"]["responses"];
        let described: Vec<_> = responses.as_object().unwrap().keys().collect();
        assert_eq!(
            described,
            [
                "200", "304", "400", "401", "403", "404", "405", "406", "413", "414", "415", "429",
                "431", "500", "503"
            ]
        );
    }
}

#[test]
fn every_error_variant_has_an_example() {
    let kinds: HashSet<_> = every_error()
        .map(|error| mem::discriminant(&error))
        .collect();
    assert_eq!(kinds.len(), ApiError::COUNT);
}

#[test]
fn errors_in_the_api_document_are_examples() {
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

/// Checks the descriptions of fields and of the token scheme, and the extension `x-labels`.
#[test]
fn openapi_labels_match_domain_labels() {
    let description = description();
    let labels = &description["info"]["x-labels"];
    assert_eq!(
        labels["new_status"]["solved"],
        json!({"zh": "已解决", "en": "Solved"})
    );
    let fields = &description["components"]["schemas"]["Trace"]["properties"];
    assert_eq!(fields["new_status"]["x-enum-varnames"][0], "Unchanged");
    macro_rules! assert_described {
        ($name:literal, $list:ty, $text:expr) => {
            for value in <$list>::ALL {
                for language in Language::ALL {
                    let label = value.label(*language);
                    assert_eq!(labels[$name][value.as_str()][language.as_str()], label);
                    assert!($text.as_str().unwrap().contains(label), "{label}");
                }
            }
        };
        ($name:literal, $list:ty) => {
            assert_described!($name, $list, fields[$name]["description"]);
            let mut names = vec![""];
            names.extend(<$list>::ALL.iter().map(|value| value.as_str()));
            assert_eq!(fields[$name]["enum"], json!(names));
            let varnames = fields[$name]["x-enum-varnames"].as_array().unwrap();
            assert_eq!(varnames.len(), names.len());
        };
    }
    assert_described!("new_status", Status);
    assert_described!("new_priority", Priority);
    assert_described!("new_category", Category);
    let token = &description["components"]["securitySchemes"]["token"];
    assert_described!("access", Access, token["description"]);
    let schemas = &description["components"]["schemas"];
    let field = &schemas["FieldChange"]["properties"]["field"];
    let findings = &schemas["TicketState"]["properties"]["findings"]["items"];
    assert_described!("actor", Actor, fields["actor"]["description"]);
    assert_described!("field", TicketField, field["description"]);
    assert_described!("findings", HistoryFindingKind, findings["description"]);
    assert_eq!(
        field["enum"],
        json!(["status", "priority", "appointment", "category"])
    );
}

#[test]
fn every_trace_field_is_required_and_described() {
    let timestamp = Timestamp::from_unix_seconds(0).unwrap();
    let ticket = TicketId::new(1).unwrap();
    let written = Trace::new(TraceId::new(1), ticket, timestamp, StaffId::from("-1"));
    let written = serde_json::to_value(written).unwrap();
    let trace = &description()["components"]["schemas"]["Trace"];
    let fields = trace["properties"].as_object().unwrap();
    let mut required: Vec<_> = trace["required"].as_array().unwrap().iter().collect();
    required.sort_by_key(|name| name.as_str());
    assert_eq!(
        required,
        written.as_object().unwrap().keys().collect::<Vec<_>>()
    );
    let optional: Vec<_> = fields
        .keys()
        .filter(|name| written.get(*name).is_none())
        .collect();
    assert_eq!(optional, ["actor", "changes"]);
    for (name, field) in fields {
        assert!(field["description"].is_string(), "{name}");
    }
}

/// Compares the schemas of included members with what the domain writes.
#[test]
fn every_included_member_is_required_and_described() {
    let at = |seconds| Timestamp::from_unix_seconds(seconds).unwrap();
    let trace = |id, status| {
        let ticket = TicketId::new(1).unwrap();
        let mut trace = Trace::new(TraceId::new(id), ticket, at(id), StaffId::from("-1"));
        trace.new_status = Some(status);
        trace
    };
    let traces = [trace(1, Status::Fresh), trace(2, Status::Solved)];
    let state = serde_json::to_value(TicketState::from_traces(&traces)).unwrap();
    let (_, changes) = trace_changes(&traces).next_back().unwrap();
    let changes = serde_json::to_value(changes).unwrap();
    let schemas = &description()["components"]["schemas"];
    for (name, written) in [
        ("TicketState", &state),
        ("StatusPeriod", &state["time_in_status"][0]),
        ("FieldChange", &changes[0]),
    ] {
        let written: HashSet<_> = written.as_object().unwrap().keys().collect();
        let properties = schemas[name]["properties"].as_object().unwrap();
        let required = schemas[name]["required"].as_array().unwrap();
        assert_eq!(written, properties.keys().collect(), "{name}");
        assert_eq!(written.len(), required.len(), "{name}");
        for (member, schema) in properties {
            let text = schema["description"]
                .as_str()
                .or(schema["items"]["description"].as_str());
            assert!(text.is_some(), "{member} of {name}");
        }
    }
    let body = &schemas["Traces"];
    assert_eq!(body["required"], json!(["success", "msg", "traces"]));
    assert_eq!(
        schemas["StatusPeriod"]["properties"]["seconds"]["type"],
        json!(["integer", "null"])
    );
}

/// The values can be `infinity` and years with more than four digits, which `format: date-time` does not allow.
#[test]
fn time_fields_declare_no_date_time_format() {
    let fields = &description()["components"]["schemas"]["Trace"]["properties"];
    for field in ["updated_at", "new_appointment"] {
        assert_eq!(fields[field]["format"], Value::Null, "{field}");
    }
    let text = fields["updated_at"]["description"].as_str().unwrap();
    assert!(
        text.contains("`infinity`") && text.contains("`+294276-"),
        "{text}"
    );
}

#[test]
fn every_reference_resolves() {
    let description = description();
    let mut pointers = Vec::new();
    let mut rest = openapi_document();
    while let Some((_, after)) = rest.split_once("\"$ref\": \"#") {
        let (pointer, after) = after.split_once('"').unwrap();
        pointers.push(pointer);
        rest = after;
    }
    assert!(pointers.len() >= 3, "{pointers:?}");
    for pointer in pointers {
        assert!(description.pointer(pointer).is_some(), "{pointer}");
    }
}
