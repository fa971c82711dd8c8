//! Tests of responses with histories: fields, order and caching.

use std::collections::BTreeSet;

use serde_json::json;
use wts_domain::Access;
use wts_testkit::{ALICE, BOB, Database, Kind, sample_records};

use crate::{
    PATH, served,
    support::{Service, token},
    traces_of,
};

pub(crate) fn issuer_reads_the_documented_example(kind: Kind) {
    let (service, _database) = served(kind);

    let response = service.get(&traces_of("123"), &token(ALICE, Access::User));

    assert_eq!(response.status, 200);
    assert_eq!(
        response.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    // This is the example of the API document, with the two fields that are in its table but not in its example.
    let expected = json!({
        "success": true,
        "msg": "query success",
        "traces": [
            {
                "opid": 1,
                "tid": 123,
                "updated_at": "2025-12-06T10:00:00Z",
                "op": "-1",
                "op_name": "(系统操作)",
                "new_status": "fresh",
                "new_priority": "mainline",
                "new_appointment": "",
                "new_category": "",
                "remark": "工单已创建",
            },
            {
                "opid": 3,
                "tid": 123,
                "updated_at": "2025-12-06T15:30:00Z",
                "op": "W007",
                "op_name": "詹姆斯",
                "new_status": "solved",
                "new_priority": "",
                "new_appointment": "",
                "new_category": "",
                "remark": "问题已解决,用户确认网络恢复正常。",
            },
        ],
    });
    assert_eq!(response.json(), expected);
}

pub(crate) fn every_field_of_a_trace_is_present(kind: Kind) {
    let (service, _database) = served(kind);

    let response = service
        .get(&traces_of("124"), &token(BOB, Access::User))
        .json();

    let traces = response["traces"].as_array().unwrap();
    for trace in traces {
        let fields: BTreeSet<_> = trace
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let expected = [
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
        assert_eq!(fields, BTreeSet::from(expected));
        assert!(
            trace
                .as_object()
                .unwrap()
                .values()
                .all(|value| !value.is_null())
        );
    }
    let scheduled = traces
        .iter()
        .find(|trace| trace["opid"] == json!(2))
        .unwrap();
    assert_eq!(scheduled["op"], json!("-2"));
    assert_eq!(scheduled["op_name"], json!("用户"));
    assert_eq!(scheduled["new_priority"], json!("in-passing"));
    assert_eq!(scheduled["new_appointment"], json!("2025-12-08T00:00:00Z"));
    assert_eq!(scheduled["new_category"], json!("client-or-account"));
    let awkward = traces
        .iter()
        .find(|trace| trace["opid"] == json!(5))
        .unwrap();
    assert_eq!(
        awkward["remark"],
        json!("\"引号\" \\ 反斜杠\n换行\t制表 😀 \u{10FFFF}")
    );
}

#[test]
fn ticket_without_traces_has_an_empty_history() {
    let (service, _database) = served(Kind::Sqlite);

    let response = service.get(&traces_of("125"), &token(BOB, Access::User));

    assert_eq!(response.status, 200);
    assert_eq!(
        response.json(),
        json!({"success": true, "msg": "query success", "traces": []})
    );
}

#[test]
fn order_parameter_selects_oldest_or_newest_first() {
    let (service, database) = served(Kind::Sqlite);
    let bob = token(BOB, Access::User);
    let ordered =
        |service: &Service, order: &str| service.get(&format!("{PATH}?tid=124{order}"), &bob);

    assert_eq!(ordered(&service, "").opids(), [9, 2, 5]);
    assert_eq!(ordered(&service, "&order=").opids(), [9, 2, 5]);
    assert_eq!(ordered(&service, "&order=asc").opids(), [9, 2, 5]);
    assert_eq!(ordered(&service, "&order=desc").opids(), [5, 2, 9]);
    for odd in ["&order=newest", "&order=ASC", "&order=asc&order=desc"] {
        let response = ordered(&service, odd);
        assert_eq!(
            (response.status, &response.json()["errType"]),
            (400, &json!(2)),
            "{odd}"
        );
    }

    let newest_first = Service::with(&database.url(), &[("WTS_DEFAULT_ORDER", "desc")]);
    assert_eq!(ordered(&newest_first, "").opids(), [5, 2, 9]);
    assert_eq!(ordered(&newest_first, "&order=asc").opids(), [9, 2, 5]);
}

#[test]
fn cached_history_is_sent_again_only_after_a_change() {
    let (service, database) = served(Kind::Sqlite);
    let request = |known: &str| {
        let authorization = format!("Bearer {}", token(ALICE, Access::User));
        let headers = [("Authorization", &*authorization), ("If-None-Match", known)];
        service.request("GET", &traces_of("123"), &headers)
    };
    let first = request("");
    let tag = first.header("etag").unwrap();
    assert_eq!((request(tag).status, request(tag).body.as_str()), (304, ""));

    database.execute("delete from ticket_traces where opid = 3");

    let changed = request(tag);
    assert_eq!((changed.status, changed.opids()), (200, vec![1]));
    assert_ne!(changed.header("etag"), Some(tag));
}

/// The role of the service has all privileges, so that nothing but the service itself prevents writes.
#[test]
fn no_request_changes_the_database() {
    const COPY: &str = "create schema before;
        create table before.tickets as table wts.tickets;
        create table before.ticket_traces as table wts.ticket_traces;
        create table before.operators as table wts.operators;
        create table before.students as table data.students";
    let database = Database::with(Kind::Postgres, sample_records());
    let service = Service::on(&database.owner_url_text());
    let authorization = format!("Bearer {}", token(ALICE, Access::Dev));
    database.execute(COPY);

    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
        for tid in [
            "123",
            "124",
            "123;delete%20from%20wts.tickets",
            "123'%20or%20'1'='1",
            "999",
        ] {
            let headers = [("Authorization", &*authorization)];
            let response = service.request(method, &traces_of(tid), &headers);
            let reads = ["GET", "HEAD"].contains(&method) && ["123", "124"].contains(&tid);
            assert_eq!(
                response.status == 200,
                reads,
                "{method} {tid}: {response:?}"
            );
        }
    }

    for table in [
        "wts.tickets",
        "wts.ticket_traces",
        "wts.operators",
        "data.students",
    ] {
        let (_, name) = table.split_once('.').unwrap();
        database.execute(&format!(
            "do $$ begin assert not exists (
                 (table {table} except table before.{name}) union all (table before.{name} except table {table})
             ); end $$"
        ));
    }
}
