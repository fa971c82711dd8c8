//! What is said, and what is not, when the database fails.

use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, campus};

use crate::{
    assert_refused, served,
    support::{SECRET, Service, token},
    traces_of,
};

pub(crate) fn a_database_that_fails_is_not_told_of_and_is_used_again_when_it_is_back(kind: Kind) {
    let (mut service, database) = served(kind);
    let alice = token(ALICE, Access::User);
    let traces = database.table("ticket_traces");
    assert_eq!(service.get(&traces_of("123"), &alice).status, 200);

    database.execute(&format!("alter table {traces} rename to mislaid"));
    let answer = service.get(&traces_of("123"), &alice);

    assert_refused(
        &answer,
        500,
        1,
        "system met a uncaught error,please view logs.",
    );
    let id = answer.header("x-request-id").unwrap();
    let log = service.wait_until_said(id);
    let told: Vec<_> = log
        .lines()
        .filter(|line| line.contains(id) && line.contains("ticket_traces"))
        .collect();
    assert_eq!(
        told.len(),
        1,
        "the cause is in the log once, under the request's id: {log}"
    );

    let mislaid = traces.replace("ticket_traces", "mislaid");
    database.execute(&format!("alter table {mislaid} rename to ticket_traces"));
    assert_eq!(service.get(&traces_of("123"), &alice).opids(), [1, 3]);
}

pub(crate) fn the_log_tells_neither_tokens_nor_names_nor_remarks(kind: Kind) {
    let database = Database::with(kind, campus());
    let service = Service::with(&database.url(), &[("WTS_LOG", "trace")]);
    let alice = token(ALICE, Access::User);
    let traces = database.table("ticket_traces");

    for path in [
        traces_of("123"),
        traces_of("124"),
        traces_of("x"),
        format!("/nowhere?{SECRET}"),
    ] {
        service.get(&path, &alice);
        service.get(&path, &format!("{alice}x"));
    }
    database.execute(&format!("alter table {traces} rename to mislaid"));
    service.get(&traces_of("123"), &alice);
    let password = database.url();
    let password = password
        .split(['@', ':'])
        .nth(2)
        .filter(|_| kind != Kind::Sqlite);

    let (_, log) = service.stop("TERM");
    let signature = alice.rsplit('.').next().unwrap();
    for secret in [
        SECRET,
        &alice,
        signature,
        "令牌里的名字",
        "詹姆斯",
        "工单已创建",
    ] {
        assert!(!log.contains(secret), "{secret:?} in {log}");
    }
    // The role's name is its password here, and PostgreSQL's own words may contain the name.
    if let Some(password) = password {
        assert!(!log.contains(&format!(":{password}@")), "{log}");
    }
}
