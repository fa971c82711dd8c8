//! Tests of the representations of a history: included members, points in time, JSON and CSV.

use serde_json::{Value, json};
use wts_domain::TicketState;

use super::{
    responses::{bearer, field},
    *,
};

/// A history of three traces at 10:00, 10:01 and 10:02 UTC.
fn history() -> Arc<TicketHistory> {
    let first = history_of(ALICE).traces[0].clone();
    let later = |id, minutes: i64, status| {
        let mut trace = first.clone();
        let seconds = 1_765_015_200 + 60 * minutes;
        trace.updated_at = Timestamp::from_unix_seconds(seconds).unwrap();
        trace.id = TraceId::new(id);
        trace.op = StaffId::from("W007");
        trace.new_status = status;
        trace.remark = "=1+1".to_owned();
        trace
    };
    let traces = vec![
        later(7, 2, Some(Status::Solved)),
        later(3, 1, None),
        first.clone(),
    ];
    Arc::new(TicketHistory::new(StudentId::from(ALICE), traces))
}

fn app() -> App {
    App::with_repository(|histories| {
        histories.expect_find().returning(|_| Ok(found(history())));
    })
}

async fn get(app: &App, query: &str, fields: &[&str]) -> String {
    let alice = bearer(ALICE, Access::User);
    let fields: Vec<_> = [&*alice]
        .into_iter()
        .chain(fields.iter().copied())
        .collect();
    app.request("GET", &format!("{PATH}{query}"), &fields).await
}

fn body(response: &str) -> &str {
    response.split_once("\r\n\r\n").unwrap().1
}

fn json_body(response: &str) -> Value {
    assert_eq!(
        field(response, "content-type"),
        Some("application/json; charset=utf-8")
    );
    serde_json::from_str(body(response)).unwrap()
}

fn opids(body: &Value) -> Vec<i64> {
    let traces = body["traces"].as_array().unwrap().iter();
    traces
        .map(|trace| trace["opid"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn changes_and_state_are_included_on_request() {
    let app = app();
    let with_both = json_body(&get(&app, "&include=state,changes", &[]).await);
    assert_eq!(opids(&with_both), [1, 3, 7]);
    assert_eq!(with_both["traces"][0]["actor"], "system");
    assert_eq!(with_both["traces"][1]["changes"], json!([]));
    assert_eq!(
        with_both["traces"][2]["changes"],
        json!([{"field": "status", "from": "fresh", "to": "solved"}])
    );
    let state = TicketState::from_traces(&history().traces);
    assert_eq!(with_both["state"], json!(state));

    // The values of a trace do not depend on the order.
    let newest_first = json_body(&get(&app, "&include=changes&order=desc", &[]).await);
    assert_eq!(opids(&newest_first), [7, 3, 1]);
    assert_eq!(newest_first["traces"][0], with_both["traces"][2]);
    assert_eq!(newest_first.get("state"), None);

    let plain = json_body(&get(&app, "&include=", &[]).await);
    assert_eq!(plain["traces"][0].as_object().unwrap().len(), 10);
}

#[tokio::test]
async fn as_of_returns_earlier_traces_and_their_state() {
    let app = app();
    for (as_of, expected, status) in [
        ("2025-12-06T09:59:59.999999Z", vec![], ""),
        ("2025-12-06T10:00:00Z", vec![1], "fresh"),
        ("2025-12-06T18:01:30%2B08:00", vec![1, 3], "fresh"),
        ("2025-12-06T10:02:00Z", vec![1, 3, 7], "solved"),
        ("9999-12-31T23:59:59Z", vec![1, 3, 7], "solved"),
    ] {
        let response = get(&app, &format!("&include=state&as_of={as_of}"), &[]).await;
        let body = json_body(&response);
        assert_eq!(opids(&body), expected, "{as_of}");
        assert_eq!(body["state"]["status"], status, "{as_of}");
        assert_eq!(body["state"]["findings"], json!([]), "{as_of}");
    }
    let response = get(&app, "&as_of=2025-12-06T18:01:30+08:00", &[]).await;
    assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
    assert!(body(&response).contains("encode + as %2B"), "{response}");
}

#[tokio::test]
async fn csv_is_chosen_by_format_or_accept() {
    let app = app();
    let csv = concat!(
        "\u{feff}opid,tid,updated_at,op,op_name,new_status,new_priority,new_appointment,new_category,remark\r\n",
        "1,123,2025-12-06T10:00:00Z,-1,詹姆斯,fresh,,,,工单已创建\r\n",
        "3,123,2025-12-06T10:01:00Z,W007,詹姆斯,,,,,'=1+1\r\n",
        "7,123,2025-12-06T10:02:00Z,W007,詹姆斯,solved,,,,'=1+1\r\n",
    );
    for (query, accept) in [
        ("&format=csv", "application/json"),
        ("&format=csv", "text/html"),
        ("", "text/csv"),
        ("&format=", "application/json;q=0.5, text/csv"),
    ] {
        let response = get(&app, query, &[&format!("Accept: {accept}")]).await;
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
        assert_eq!(body(&response), csv, "{query} {accept}");
        for (name, value) in [
            ("content-type", "text/csv; charset=utf-8"),
            (
                "content-disposition",
                "attachment; filename=\"ticket-123.csv\"",
            ),
            ("vary", "Accept, Accept-Encoding"),
        ] {
            assert_eq!(field(&response, name), Some(value), "{response}");
        }
    }
    for (query, accept) in [
        ("&format=json", "text/csv"),
        ("&format=json", "text/html"),
        ("", "text/csv, application/json"),
        ("", "text/csv;q=0.9, */*"),
    ] {
        let response = get(&app, query, &[&format!("Accept: {accept}")]).await;
        assert_eq!(opids(&json_body(&response)), [1, 3, 7], "{query} {accept}");
        assert_eq!(field(&response, "content-disposition"), None);
    }
}

#[tokio::test]
async fn errors_are_json_for_a_csv_client() {
    let app = App::with_repository(|_| {});
    for (query, name) in [
        ("&format=csv&order=up", "order"),
        ("&format=csv&include=state", "include"),
        ("&include=state", "include"),
        ("&as_of=yesterday", "as_of"),
        ("&format=xml", "format"),
    ] {
        let response = get(&app, query, &["Accept: text/csv"]).await;
        assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
        let error = json_body(&response);
        assert_eq!(error["errType"], 2);
        let message = error["msg"].as_str().unwrap();
        assert!(
            message.starts_with(&format!("invalid {name} parameter: ")),
            "{message}"
        );
    }
    let response = app.request("GET", PATH, &["Accept: text/csv"]).await;
    assert!(response.starts_with("HTTP/1.1 401 "), "{response}");
    assert_eq!(json_body(&response)["errType"], 3);
}

#[tokio::test]
async fn each_representation_is_revalidated_by_its_own_tag() {
    let app = app();
    let queries = [
        "",
        "&order=desc",
        "&include=changes",
        "&include=state",
        "&include=changes,state",
        "&as_of=2025-12-06T10:01:00Z",
        "&format=csv",
        "&format=csv&include=changes",
    ];
    let mut tags = Vec::new();
    for query in queries {
        let response = get(&app, query, &[]).await;
        tags.push(field(&response, "etag").unwrap().to_owned());
    }
    for (query, own) in queries.iter().zip(&tags) {
        for tag in &tags {
            let response = get(&app, query, &[&format!("If-None-Match: {tag}")]).await;
            let status = if tag == own { "304" } else { "200" };
            assert!(
                response.starts_with(&format!("HTTP/1.1 {status} ")),
                "{query}"
            );
        }
    }
    for (query, same) in [
        ("&include=state,changes", "&include=changes,state"),
        ("&as_of=2025-12-06T10:01:59Z", "&as_of=2025-12-06T10:01:00Z"),
        ("&as_of=9999-12-31T23:59:59Z&format=json", ""),
    ] {
        let response = get(&app, query, &[]).await;
        let index = queries.iter().position(|query| *query == same).unwrap();
        assert_eq!(field(&response, "etag"), Some(&*tags[index]), "{query}");
    }
    let known = format!("If-None-Match: {}", tags[6]);
    let response = get(&app, "&format=csv", &[&known]).await;
    assert!(response.starts_with("HTTP/1.1 304 ") && body(&response).is_empty());
    assert_eq!(field(&response, "content-disposition"), None);
    assert_eq!(field(&response, "vary"), Some("Accept, Accept-Encoding"));
}

#[tokio::test]
async fn head_of_each_representation_equals_get() {
    let app = app();
    let alice = bearer(ALICE, Access::User);
    for query in ["&include=changes,state", "&format=csv", "&format=xml"] {
        let path = format!("{PATH}{query}");
        let [get, head] = [
            app.request("GET", &path, &[&alice]).await,
            app.request("HEAD", &path, &[&alice]).await,
        ];
        assert!(body(&head).is_empty());
        let length = body(&get).len().to_string();
        assert_eq!(field(&head, "content-length"), Some(&*length), "{head}");
        for name in ["etag", "content-type", "content-disposition", "vary"] {
            assert_eq!(field(&head, name), field(&get, name), "{head}");
        }
        assert_eq!(head.lines().next(), get.lines().next());
    }
}
