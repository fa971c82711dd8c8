//! Tests of authorization: the tickets that each caller can read.

use serde_json::json;
use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, sample_records, ticket_of};

use crate::{
    PATH, assert_rejected, served,
    support::{Response, Service, now, signed, token, token_for},
    traces_of,
};

#[test]
fn every_rank_reads_own_and_others_tickets_as_documented() {
    let (service, _database) = served(Kind::Sqlite);
    let request =
        |access: &str, ticket: &str| service.get(&traces_of(ticket), &token_for(ALICE, access));
    let not_active = "only active users can access this API";
    let not_yours = "you can only view ticket traces of your own";

    for access in ["unregistered", "admin", "User", ""] {
        assert_rejected(&request(access, "123"), 403, 3, not_active);
        assert_rejected(&request(access, "124"), 403, 3, not_active);
    }
    for access in ["user", "pre-member"] {
        assert_eq!(request(access, "123").opids(), [1, 3], "{access}");
        assert_rejected(&request(access, "124"), 403, 3, not_yours);
    }
    for access in [
        "informal-member",
        "formal-member",
        "group-leader",
        "chief",
        "api",
        "dev",
    ] {
        assert_eq!(request(access, "123").opids(), [1, 3], "{access}");
        assert_eq!(request(access, "124").opids(), [9, 2, 5], "{access}");
    }
}

#[test]
fn empty_student_number_owns_no_ticket() {
    let mut records = sample_records();
    records.students.push(wts_testkit::Student {
        sid: "".into(),
        name: String::new(),
    });
    records.tickets.push(ticket_of(126, ""));
    let database = Database::with(Kind::Sqlite, records);
    let service = Service::on(&database.url());

    let response = service.get(&traces_of("126"), &token("", Access::User));

    assert_rejected(
        &response,
        403,
        3,
        "you can only view ticket traces of your own",
    );
}

fn assert_unauthorized(response: &Response, challenge: &str) {
    assert_eq!(response.status, 401, "{response:?}");
    assert_eq!(response.json()["success"], json!(false));
    assert_eq!(response.json()["errType"], json!(3));
    assert_eq!(response.json().as_object().unwrap().len(), 3);
    assert_eq!(response.header("www-authenticate"), Some(challenge));
}

#[test]
fn request_without_a_valid_token_is_rejected() {
    let (service, _database) = served(Kind::Sqlite);
    let good = token(ALICE, Access::User);
    let with =
        |name: &str, value: &str| service.request("GET", &traces_of("123"), &[(name, value)]);

    // These requests have no bearer token.
    for response in [
        service.request("GET", &traces_of("123"), &[]),
        service.request("GET", &format!("{PATH}?tid=123&access_token={good}"), &[]),
        with("Cookie", &format!("token={good}")),
        with("Authorization", "Basic dXNlcjpwYXNz"),
    ] {
        assert_unauthorized(&response, "Bearer");
    }

    // These requests have an invalid token.
    let expired = signed(&json!({"sid": ALICE, "access": "user", "exp": now() - 31}));
    let aimed = json!({"sid": ALICE, "access": "user", "exp": now() + 600, "aud": "another"});
    for invalid in ["x", &format!("{good}x"), &expired, &signed(&aimed)] {
        assert_unauthorized(
            &with("Authorization", &format!("Bearer {invalid}")),
            "Bearer error=\"invalid_token\"",
        );
    }
}

#[test]
fn first_failing_check_decides_the_response() {
    let (service, _database) = served(Kind::Sqlite);
    let unregistered = token(ALICE, Access::Unregistered);
    let stranger = token("2024310666", Access::User);

    // The checks are, in this order: token, active caller, `tid`, existence of the ticket, permission.
    assert_eq!(service.get(&traces_of("x"), "bad").status, 401);
    assert_eq!(service.get(PATH, "bad").status, 401);
    for path in [
        PATH.to_owned(),
        traces_of("x"),
        traces_of("999"),
        traces_of("123"),
    ] {
        assert_rejected(
            &service.get(&path, &unregistered),
            403,
            3,
            "only active users can access this API",
        );
    }
    assert_rejected(
        &service.get(PATH, &stranger),
        400,
        2,
        "missing required URL parameter: tid",
    );
    assert_rejected(
        &service.get(&traces_of("999"), &stranger),
        400,
        5,
        "无法找到对应的工单",
    );
    assert_eq!(service.get(&traces_of("123"), &stranger).status, 403);
}
