//! The server, asked over sockets, with a mocked store behind it.

mod app;
mod classes;
mod codings;
mod description;
mod http;
mod limits;
mod logs;
mod pages;
mod protection;
mod responses;

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
    let identity = TokenSubject {
        openid: String::new(),
        sid: sid.to_owned(),
        username: String::new(),
        avatar: String::new(),
        access,
        name: "令牌里的名字".to_owned(),
    };
    let signer = TokenSigner::new(&secret(), TokenSettings::default());
    // From long ago until far from now, so that no clock is needed.
    signer
        .sign(&identity, 0, Duration::from_secs(10_000_000_000))
        .unwrap()
}

fn history_of(issuer: &str) -> Arc<TicketHistory> {
    let moment = Timestamp::from_unix_seconds(1_765_015_200).unwrap();
    let ticket = TicketId::new(123).unwrap();
    let mut trace = Trace::new(TraceId::new(1), ticket, moment, StaffId::from("-1"));
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
async fn the_issuer_is_answered_with_the_history() {
    let app = App::with(|histories| {
        histories
            .expect_find()
            .withf(|query| query.ticket.get() == 123)
            .return_once(|_| Ok(found(history_of(ALICE))));
    });

    let answer = app.get(PATH, &token(ALICE, Access::User)).await;

    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.contains("content-type: application/json; charset=utf-8\r\n"),
        "{answer}"
    );
    assert!(
        answer.contains(r#""traces":[{"opid":1,"tid":123,"#),
        "{answer}"
    );
}

#[tokio::test]
async fn who_is_refused_at_the_door_costs_the_store_nothing() {
    // A store that is asked without being told what to expect ends the request with a panic, that is with 500.
    let app = App::with(|_| {});
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
        let answer = app.get(path, token).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{path}: {answer}"
        );
    }
}

#[tokio::test]
async fn what_is_too_long_to_look_at_is_refused_in_the_envelope() {
    let app = App::with(|histories| {
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
    let answer = app.get(&with_target(8 * 1024 + 1), &alice).await;
    assert!(
        answer.starts_with("HTTP/1.1 414 ") && answer.contains(r#""errType":2"#),
        "{answer}"
    );
    assert!(answer.contains("x-request-id: "), "{answer}");

    let answer = app.get(PATH, &"a".repeat(20_000)).await;
    assert!(
        answer.starts_with("HTTP/1.1 401 "),
        "a long token is still only a bad one: {answer}"
    );
    let answer = app.get(PATH, &"a".repeat(70_000)).await;
    assert!(
        answer.starts_with("HTTP/1.1 431 ") && answer.contains(r#""errType":2"#),
        "{answer}"
    );
}

#[tokio::test]
async fn a_panic_is_answered_in_the_envelope_and_the_server_goes_on() {
    let app = App::with(|histories| {
        histories
            .expect_find()
            .times(1)
            .returning(|_| panic!("工单已创建"));
        histories
            .expect_find()
            .returning(|_| Ok(found(history_of(ALICE))));
    });
    let alice = token(ALICE, Access::User);

    let answer = app.get(PATH, &alice).await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(answer.contains("x-request-id: "), "{answer}");
    let body =
        r#"{"success":false,"msg":"system met a uncaught error,please view logs.","errType":1}"#;
    assert!(answer.ends_with(body), "{answer}");

    assert!(app.get(PATH, &alice).await.starts_with("HTTP/1.1 200 "));
}
