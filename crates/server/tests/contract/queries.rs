//! Tests of query parameters.

use serde_json::json;
use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, sample_records, ticket_of};

use crate::{
    PATH, assert_rejected, served,
    support::{Service, token},
    traces_of,
};

#[test]
fn noncanonical_tid_is_rejected() {
    let mut records = sample_records();
    records.tickets.push(ticket_of(1, ALICE));
    let database = Database::with(Kind::Sqlite, records);
    let service = Service::on(&database.url());
    let alice = token(ALICE, Access::User);

    assert_eq!(service.get(&traces_of("1"), &alice).status, 200);
    for missing in [PATH, &traces_of(""), &format!("{PATH}?TID=1")] {
        assert_rejected(
            &service.get(missing, &alice),
            400,
            2,
            "missing required URL parameter: tid",
        );
    }
    for malformed in [
        "0",
        "01",
        "-1",
        "%2B1",
        "%201",
        "1.0",
        "0x1",
        "1%00",
        "%EF%BC%91",
        "%FF",
        "18446744073709551617",
        "'--",
        "1&tid=1",
    ] {
        let response = service.get(&traces_of(malformed), &alice);
        assert_eq!(response.status, 400, "{malformed}: {response:?}");
        assert_eq!(response.json()["errType"], json!(2), "{malformed}");
        let msg = response.json()["msg"].as_str().unwrap().to_owned();
        assert!(
            msg.strip_prefix("invalid tid parameter: ")
                .is_some_and(|reason| !reason.is_empty()),
            "{malformed}: {msg}"
        );
    }
}

pub(crate) fn absent_ticket_is_reported_as_missing(kind: Kind) {
    let mut records = sample_records();
    records.tickets.push(ticket_of(1, ALICE));
    let database = Database::with(kind, records);
    let service = Service::on(&database.url());

    for access in [Access::User, Access::Dev] {
        // 2^32+1 and 2^32+123 must not be truncated to the tickets 1 and 123.
        for absent in ["2", "4294967297", "4294967419", "9223372036854775807"] {
            let response = service.get(&traces_of(absent), &token(ALICE, access));
            assert_rejected(&response, 400, 5, "无法找到对应的工单");
        }
    }
}

#[test]
fn unknown_parameters_are_ignored() {
    let (service, _database) = served(Kind::Sqlite);

    for path in [
        "?x=1&tid=123&y",
        "?tid=123&TID=9&tid%5B%5D=7",
        "?&&tid=123&&=&%FF=%FF",
        "?tid=%3123",
    ] {
        let response = service.get(&format!("{PATH}{path}"), &token(ALICE, Access::User));
        assert_eq!(response.opids(), [1, 3], "{path}");
    }
}
