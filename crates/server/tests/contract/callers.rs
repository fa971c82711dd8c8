//! Who may read what.

use serde_json::{Value, json};
use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, campus, ticket_of};

use crate::{
    PATH, assert_refused, assert_unauthorized, served,
    support::{Service, now, signed, token, token_for},
    traces_of,
};

pub(crate) fn every_rank_with_its_own_and_with_anothers_ticket(kind: Kind) {
    let (service, _database) = served(kind);
    let ask =
        |access: &str, ticket: &str| service.get(&traces_of(ticket), &token_for(ALICE, access));
    let not_active = "only active users can access this API";
    let not_yours = "you can only view ticket traces of your own";

    for access in ["unregistered", "admin", "User", ""] {
        assert_refused(&ask(access, "123"), 403, 3, not_active);
        assert_refused(&ask(access, "124"), 403, 3, not_active);
    }
    for access in ["user", "pre-member"] {
        assert_eq!(ask(access, "123").opids(), [1, 3], "{access}");
        assert_refused(&ask(access, "124"), 403, 3, not_yours);
    }
    for access in [
        "informal-member",
        "formal-member",
        "group-leader",
        "chief",
        "api",
        "dev",
    ] {
        assert_eq!(ask(access, "123").opids(), [1, 3], "{access}");
        assert_eq!(ask(access, "124").opids(), [9, 2, 5], "{access}");
    }
}

pub(crate) fn nobody_owns_a_ticket_through_an_empty_student_number(kind: Kind) {
    let mut records = campus();
    records.students.push(wts_testkit::Student {
        sid: "".into(),
        name: String::new(),
    });
    records.tickets.push(ticket_of(126, ""));
    let database = Database::with(kind, records);
    let service = Service::on(&database.url());

    let answer = service.get(&traces_of("126"), &token("", Access::User));

    assert_refused(
        &answer,
        403,
        3,
        "you can only view ticket traces of your own",
    );
}

pub(crate) fn without_a_good_token_nobody_is_told_anything(kind: Kind) {
    let (service, _database) = served(kind);
    let good = token(ALICE, Access::User);
    let with = |value: &str| service.ask("GET", &traces_of("123"), &[("Authorization", value)]);

    // No token was sent.
    assert_unauthorized(&service.ask("GET", &traces_of("123"), &[]), "Bearer");
    assert_unauthorized(
        &service.ask("GET", &format!("{PATH}?tid=123&access_token={good}"), &[]),
        "Bearer",
    );
    assert_unauthorized(
        &service.ask(
            "GET",
            &traces_of("123"),
            &[("Cookie", &format!("token={good}"))],
        ),
        "Bearer",
    );
    for value in ["", "Bearer", "Basic dXNlcjpwYXNz", &good] {
        assert_unauthorized(&with(value), "Bearer");
    }

    // One was sent, and it is not good.
    let bad = "Bearer error=\"invalid_token\"";
    let claims = json!({"sid": ALICE, "access": "user", "exp": now() + 600});
    let but = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        format!("Bearer {}", signed(&claims))
    };
    assert_eq!(
        with(&format!("Bearer {}", signed(&claims))).status,
        200,
        "as it is, it is good"
    );
    for value in [
        "Bearer x".to_owned(),
        format!("Bearer {good}x"),
        format!("Bearer {good} {good}"),
        but("exp", json!(now() - 31)),
        but("exp", json!("tomorrow")),
        but("exp", Value::Null),
        but("nbf", json!(now() + 60)),
        but("iat", json!(now() + 60)),
        but("aud", json!("another-service")),
        but("sid", json!(7)),
        but("access", Value::Null),
    ] {
        assert_unauthorized(&with(&value), bad);
    }
    let twice = [
        ("Authorization", format!("Bearer {good}")),
        ("Authorization", format!("Bearer {good}")),
    ];
    let twice: Vec<_> = twice
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_unauthorized(&service.ask("GET", &traces_of("123"), &twice), bad);

    // The scheme's case does not matter.
    for scheme in ["bearer", "BEARER", "bEaReR"] {
        assert_eq!(with(&format!("{scheme} {good}")).status, 200);
    }
}

pub(crate) fn the_first_check_that_fails_answers(kind: Kind) {
    let (service, _database) = served(kind);
    let unregistered = token(ALICE, Access::Unregistered);
    let stranger = token("2024310666", Access::User);

    // Token before active, active before tid, tid before ticket, ticket before permission.
    assert_eq!(service.get(&traces_of("x"), "bad").status, 401);
    assert_eq!(service.get(PATH, "bad").status, 401);
    for path in [
        PATH.to_owned(),
        traces_of("x"),
        traces_of("999"),
        traces_of("123"),
    ] {
        assert_refused(
            &service.get(&path, &unregistered),
            403,
            3,
            "only active users can access this API",
        );
    }
    assert_refused(
        &service.get(PATH, &stranger),
        400,
        2,
        "missing required URL parameter: tid",
    );
    assert_refused(
        &service.get(&traces_of("999"), &stranger),
        400,
        5,
        "无法找到对应的工单",
    );
    assert_eq!(service.get(&traces_of("123"), &stranger).status, 403);
}
