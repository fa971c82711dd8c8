//! Tests of the server over TCP connections, with a mocked repository.

mod app;
mod classes;
mod codings;
mod description;
mod feed;
mod http;
mod languages;
mod limits;
mod logs;
mod pages;
mod protection;
mod representations;
mod responses;
mod updates;
mod visitor_pages;

use std::{sync::Arc, time::Duration};

use wts_app::FoundHistory;
use wts_domain::{
    Access, StaffId, Status, StudentId, TicketHistory, TicketId, Timestamp, Trace, TraceId,
};

use self::app::App;
pub(crate) use self::classes::ROUTES;
use crate::{Secret, TokenSettings, TokenSigner, TokenSubject};

const PATH: &str = "/api/v3/get_traces?tid=123";
const ALICE: &str = "2024310001";

fn secret() -> Secret {
    Secret::new(b"the secret of these tests, 32 bytes and more".to_vec()).unwrap()
}

fn token(sid: &str, access: Access) -> String {
    let subject = TokenSubject {
        openid: String::new(),
        sid: sid.to_owned(),
        username: String::new(),
        avatar: String::new(),
        access,
        name: "令牌里的名字".to_owned(),
    };
    let signer = TokenSigner::new(&secret(), TokenSettings::default());
    // The token is valid from 1970 for centuries, so the tests do not need a clock.
    signer
        .sign(&subject, 0, Duration::from_secs(10_000_000_000))
        .unwrap()
}

fn history_of(issuer: &str) -> Arc<TicketHistory> {
    let timestamp = Timestamp::from_unix_seconds(1_765_015_200).unwrap();
    let ticket = TicketId::new(123).unwrap();
    let mut trace = Trace::new(TraceId::new(1), ticket, timestamp, StaffId::from("-1"));
    trace.new_status = Some(Status::Fresh);
    trace.op_name = "詹姆斯".to_owned();
    trace.remark = "工单已创建".to_owned();
    Arc::new(TicketHistory::new(StudentId::from(issuer), vec![trace]))
}

fn found(history: Arc<TicketHistory>) -> FoundHistory {
    FoundHistory {
        history: Some(history),
        rank: None,
    }
}

#[tokio::test]
async fn issuer_gets_history() {
    let app = App::with_repository(|histories| {
        histories
            .expect_find()
            .withf(|query| query.ticket.get() == 123)
            .return_once(|_| Ok(found(history_of(ALICE))));
    });

    let response = app.get(PATH, &token(ALICE, Access::User)).await;

    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    assert!(
        response.contains("content-type: application/json; charset=utf-8\r\n"),
        "{response}"
    );
    assert!(
        response.contains(r#""traces":[{"opid":1,"tid":123,"#),
        "{response}"
    );
}

#[tokio::test]
async fn rejected_request_does_not_query_the_repository() {
    // The mock has no expectations, so a call of it panics and the response is 500.
    let app = App::with_repository(|_| {});
    let unregistered = token(ALICE, Access::Unregistered);
    for (path, token, status) in [
        (PATH, "bad", "401"),
        (PATH, unregistered.as_str(), "403"),
        ("/api/v3/get_traces", &unregistered, "403"),
        ("/api/v3/get_traces?tid=x", &unregistered, "403"),
        (
            "/api/v3/get_traces?tid=x",
            &token(ALICE, Access::Dev),
            "400",
        ),
        (
            "/api/v3/get_traces?tid=1&tid=1",
            &token(ALICE, Access::Dev),
            "400",
        ),
        (
            "/api/v3/get_traces?tid=1&order=up",
            &token(ALICE, Access::Dev),
            "400",
        ),
    ] {
        let response = app.get(path, token).await;
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status} ")),
            "{path}: {response}"
        );
    }
}

#[tokio::test]
async fn oversized_target_or_header_gets_error_body() {
    let app = App::with_repository(|histories| {
        histories
            .expect_find()
            .returning(|_| Ok(found(history_of(ALICE))));
    });
    let alice = token(ALICE, Access::User);
    let with_target = |length: usize| format!("{PATH}&x={}", "x".repeat(length - PATH.len() - 3));

    assert!(
        app.get(&with_target(8 * 1024), &alice)
            .await
            .starts_with("HTTP/1.1 200 ")
    );
    let response = app.get(&with_target(8 * 1024 + 1), &alice).await;
    assert!(
        response.starts_with("HTTP/1.1 414 ") && response.contains(r#""errType":2"#),
        "{response}"
    );
    assert!(response.contains("x-request-id: "), "{response}");

    let response = app.get(PATH, &"a".repeat(20_000)).await;
    assert!(
        response.starts_with("HTTP/1.1 401 "),
        "a long token is only invalid: {response}"
    );
    let response = app.get(PATH, &"a".repeat(70_000)).await;
    assert!(
        response.starts_with("HTTP/1.1 431 ") && response.contains(r#""errType":2"#),
        "{response}"
    );
}

#[tokio::test]
async fn panic_gets_500_and_server_continues() {
    let app = App::with_repository(|histories| {
        histories
            .expect_find()
            .times(1)
            .returning(|_| panic!("工单已创建"));
        histories
            .expect_find()
            .returning(|_| Ok(found(history_of(ALICE))));
    });
    let alice = token(ALICE, Access::User);

    let response = app.get(PATH, &alice).await;
    assert!(response.starts_with("HTTP/1.1 500 "), "{response}");
    assert!(response.contains("x-request-id: "), "{response}");
    let body =
        r#"{"success":false,"msg":"system met a uncaught error,please view logs.","errType":1}"#;
    assert!(response.ends_with(body), "{response}");

    assert!(app.get(PATH, &alice).await.starts_with("HTTP/1.1 200 "));
}
