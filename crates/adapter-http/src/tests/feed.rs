//! Tests of `GET /api/v3/traces`.

use serde_json::{Value, json};
use wts_app::{
    FeedFilter, FeedPosition, FoundIssuers, MockFeedRepository, PageQuery, RepositoryError,
    TracePage,
};

use super::*;

const FEED: &str = "/api/v3/traces";

fn page(next: FeedPosition) -> TracePage {
    TracePage {
        traces: history_of(ALICE).traces.clone(),
        next,
        has_more: true,
        settled: Some(TraceId::new(7)),
    }
}

fn after(id: i64) -> FeedPosition {
    FeedPosition::After(TraceId::new(id))
}

/// Expects that ticket 123 is Alice's and that no other ticket exists.
fn expect_issuers(feed: &mut MockFeedRepository) {
    feed.expect_find_issuers().returning(|query| {
        let alice = [(TicketId::new(123).unwrap(), StudentId::from(ALICE))].into_iter();
        Ok(FoundIssuers {
            issuers: alice.filter(|(id, _)| query.tickets.contains(id)).collect(),
            rank: None,
        })
    });
}

/// Returns the status and the JSON body of a response.
fn parts(response: &str) -> (&str, Value) {
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    (&head[9..12], serde_json::from_str(body).unwrap())
}

#[tokio::test]
async fn operator_gets_a_page_of_all_tickets() {
    let app = App::with_feed(|feed, _| {
        let expected = PageQuery {
            start: FeedPosition::Oldest,
            limit: 100,
            filter: FeedFilter::default(),
        };
        feed.expect_read_page()
            .withf(move |query| *query == expected)
            .return_once(|_| Ok(page(after(123))));
    });

    let response = app.get(FEED, &token(ALICE, Access::Dev)).await;

    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    for field in [
        "etag: W/\"",
        "cache-control: private, no-cache",
        "x-request-id: ",
    ] {
        assert!(head.contains(field), "{field}: {head}");
    }
    let expected = concat!(
        r#"{"success":true,"msg":"query success","traces":[{"opid":1,"tid":123,"updated_at":"2025-12-06T10:00:00Z","#,
        r#""op":"-1","op_name":"詹姆斯","new_status":"fresh","new_priority":"","new_appointment":"","new_category":"","#,
        r#""remark":"工单已创建"}],"next_cursor":"AQAAAAAAAAAAew","has_more":true,"denied":[]}"#,
    );
    assert_eq!(body, expected);
}

#[tokio::test]
async fn student_gets_own_tickets_and_the_denied_ones() {
    let app = App::with_feed(|feed, _| {
        expect_issuers(feed);
        feed.expect_read_page()
            .withf(|query| query.filter.tickets == Some(vec![TicketId::new(123).unwrap()]))
            .return_once(|_| Ok(page(after(1))));
    });

    let path = format!("{FEED}?tid=7,123,9");
    let response = app.get(&path, &token(ALICE, Access::User)).await;

    let (status, body) = parts(&response);
    assert_eq!(status, "200");
    assert_eq!(body["denied"], json!([7, 9]));
    assert_eq!(body["traces"][0]["tid"], 123);
}

#[tokio::test]
async fn first_descending_page_has_a_live_cursor() {
    let app = App::with_feed(|feed, _| {
        feed.expect_read_page()
            .times(2)
            .returning(|_| Ok(page(FeedPosition::Before(TraceId::new(123)))));
    });
    let dev = token(ALICE, Access::Dev);

    let (_, first) = parts(&app.get(&format!("{FEED}?order=desc"), &dev).await).clone();
    let cursor = first["next_cursor"].as_str().unwrap();
    let next = app
        .get(&format!("{FEED}?order=desc&cursor={cursor}"), &dev)
        .await;

    assert_eq!(first["live_cursor"], "AQAAAAAAAAAABw");
    assert_eq!(parts(&next).1.get("live_cursor"), None);
}

#[tokio::test]
async fn included_changes_are_relative_to_the_history() {
    let app = App::with_feed(|feed, histories| {
        let mut solved = history_of(ALICE).traces[0].clone();
        solved.id = TraceId::new(2);
        solved.new_status = Some(Status::Solved);
        let mut history = (*history_of(ALICE)).clone();
        history.traces.push(solved.clone());
        feed.expect_read_page().return_once(|_| {
            Ok(TracePage {
                traces: vec![solved],
                ..page(after(2))
            })
        });
        histories
            .expect_find()
            .return_once(|_| Ok(found(Arc::new(history))));
    });

    let path = format!("{FEED}?include=changes");
    let (_, body) = parts(&app.get(&path, &token(ALICE, Access::Dev)).await).clone();

    let trace = &body["traces"][0];
    assert_eq!(trace["actor"], "system");
    let expected = json!([{"field": "status", "from": "fresh", "to": "solved"}]);
    assert_eq!(trace["changes"], expected);
}

#[tokio::test]
async fn invalid_feed_request_is_rejected_before_the_database() {
    // The mock has no expectations, so a call of it panics and the response is 500.
    let app = App::with_feed(|_, _| {});
    let (dev, user) = (token(ALICE, Access::Dev), token(ALICE, Access::User));
    let unregistered = token(ALICE, Access::Unregistered);
    for (query, token, status, message) in [
        ("tid=x", "bad", "401", "a valid token is required"),
        (
            "tid=x",
            &*unregistered,
            "403",
            "only active users can access this API",
        ),
        (
            "order=x",
            &user,
            "400",
            "missing required URL parameter: tid",
        ),
        ("tid=1&cursor=x", &user, "400", "invalid cursor parameter: "),
        (
            "order=desc&cursor=end",
            &dev,
            "400",
            "invalid cursor parameter: ",
        ),
        ("limit=0", &dev, "400", "invalid limit parameter: "),
    ] {
        let response = app.get(&format!("{FEED}?{query}"), token).await;
        let (found, body) = parts(&response);
        assert_eq!(found, status, "{query}: {response}");
        let text = body["msg"].as_str().unwrap();
        assert!(text.starts_with(message), "{query}: {text}");
    }
    let bearer = format!("Authorization: Bearer {dev}");
    for (query, length, status) in [("", "5", "415"), ("?limit=0", "5", "400")] {
        let fields = [&*bearer, &format!("Content-Length: {length}")];
        let response = app
            .send("GET", &format!("{FEED}{query}"), &fields, "hello")
            .await;
        let response = String::from_utf8(response).unwrap();
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status} ")),
            "{response}"
        );
    }
}

#[tokio::test]
async fn feed_errors_of_the_repository_are_hidden() {
    for (error, status) in [
        (RepositoryError::Busy, "503"),
        (RepositoryError::Failed("password=hunter2".into()), "500"),
    ] {
        let app = App::with_feed(|feed, _| {
            feed.expect_read_page().return_once(|_| Err(error));
        });
        let response = app.get(FEED, &token(ALICE, Access::Dev)).await;
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status} ")),
            "{response}"
        );
        assert!(!response.contains("hunter2"));
    }
}

#[tokio::test]
async fn unchanged_page_is_304_and_head_has_no_body() {
    let app = App::with_feed(|feed, _| {
        feed.expect_read_page().returning(|_| Ok(page(after(1))));
    });
    let bearer = format!("Authorization: Bearer {}", token(ALICE, Access::Dev));
    let response = app.request("GET", FEED, &[&bearer]).await;
    let (_, rest) = response.split_once("etag: ").unwrap();
    let tag = rest.lines().next().unwrap();

    let known = format!("If-None-Match: {tag}");
    let response = app.request("GET", FEED, &[&bearer, &known]).await;
    assert!(response.starts_with("HTTP/1.1 304 "), "{response}");
    let response = app.request("HEAD", FEED, &[&bearer]).await;
    assert!(response.starts_with("HTTP/1.1 200 ") && response.ends_with("\r\n\r\n"));
    let response = app
        .request("GET", FEED, &[&bearer, "Accept: text/csv"])
        .await;
    assert!(response.starts_with("HTTP/1.1 406 "), "{response}");
}
