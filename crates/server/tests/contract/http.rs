//! How HTTP is spoken.

use std::collections::BTreeSet;

use serde_json::json;
use wts_domain::Access;
use wts_testkit::{ALICE, Kind};

use crate::{served, support::token, traces_of};

pub(crate) fn head_is_answered_as_get_without_a_body(kind: Kind) {
    let (service, _database) = served(kind);
    let authorization = format!("Bearer {}", token(ALICE, Access::User));
    let ask = |method: &str, tid: &str| {
        service.ask(
            method,
            &traces_of(tid),
            &[("Authorization", &authorization)],
        )
    };

    for tid in ["123", "124", "999", "x"] {
        let (get, head) = (ask("GET", tid), ask("HEAD", tid));
        assert_eq!(head.body, "");
        assert_eq!(head.status, get.status);
        for name in ["content-type", "content-length"] {
            assert_eq!(head.header(name), get.header(name), "{name} of {tid}");
        }
        assert_eq!(
            get.header("content-length"),
            Some(get.body.len().to_string().as_str())
        );
    }
    assert_eq!(service.ask("HEAD", &traces_of("123"), &[]).status, 401);
}

pub(crate) fn other_methods_and_other_paths_are_refused_in_the_envelope(kind: Kind) {
    let (service, _database) = served(kind);
    let authorization = format!("Bearer {}", token(ALICE, Access::Dev));
    let ask =
        |method: &str, path: &str| service.ask(method, path, &[("Authorization", &authorization)]);

    for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE"] {
        let answer = ask(method, &traces_of("123"));
        assert_eq!(
            (answer.status, &answer.json()["errType"]),
            (405, &json!(2)),
            "{method}"
        );
        assert_eq!(
            answer.header("allow"),
            Some("GET, HEAD, OPTIONS"),
            "{method}"
        );
    }
    for path in [
        "/",
        "/api/v3/get_traces/",
        "/api/v3/get_trace",
        "/API/V3/GET_TRACES",
        "//api/v3/get_traces",
        "/%00",
    ] {
        let answer = ask("GET", path);
        assert_eq!(
            (answer.status, &answer.json()["errType"]),
            (404, &json!(2)),
            "{path}"
        );
        assert_eq!(answer.json().as_object().unwrap().len(), 3);
        assert!(answer.header("x-request-id").is_some());
    }
}

pub(crate) fn who_has_the_history_already_is_sent_it_again_when_it_has_changed(kind: Kind) {
    let (service, database) = served(kind);
    let ask = |caller: &str, order: &str, known: &str| {
        let authorization = format!("Bearer {}", token(caller, Access::Dev));
        let headers = [("Authorization", &*authorization), ("If-None-Match", known)];
        service.ask("GET", &format!("{}{order}", traces_of("123")), &headers)
    };
    let first = ask(ALICE, "", "");
    let tag = first.header("etag").unwrap();
    assert_eq!(first.status, 200);

    for caller in [ALICE, "2024310999"] {
        let again = ask(caller, "", tag);
        assert_eq!((again.status, again.body.as_str()), (304, ""));
        assert_eq!(again.header("etag"), Some(tag));
    }
    assert_eq!(ask(ALICE, "&order=desc", tag).status, 200);

    database.delete_unchecked(&format!(
        "delete from {} where opid = 3",
        database.table("ticket_traces")
    ));
    let changed = ask(ALICE, "", tag);
    assert_eq!((changed.status, changed.opids()), (200, vec![1]));
    assert_ne!(changed.header("etag"), Some(tag));
}

pub(crate) fn every_answer_bears_a_request_id_that_is_in_the_log(kind: Kind) {
    let (service, _database) = served(kind);
    let alice = token(ALICE, Access::User);
    let mut ids = BTreeSet::new();

    for (path, token) in [
        (traces_of("123"), alice.as_str()),
        (traces_of("124"), &alice),
        (traces_of("x"), &alice),
        (traces_of("123"), "bad"),
        ("/nowhere".to_owned(), &alice),
    ] {
        let answer = service.get(&path, token);
        ids.insert(answer.header("x-request-id").unwrap().to_owned());
    }

    assert_eq!(ids.len(), 5, "each has its own");
    let (_, log) = service.stop("TERM");
    for id in ids {
        assert!(log.contains(&id), "{id} in {log}");
    }
}
