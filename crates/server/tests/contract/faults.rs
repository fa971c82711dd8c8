//! Tests of error responses and log records while the database fails.

use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, sample_records};

use crate::{
    assert_rejected, served,
    support::{SECRET, Service, token},
    traces_of,
};

pub(crate) fn database_error_is_logged_once_and_recovered_from(kind: Kind) {
    let (mut service, database) = served(kind);
    let alice = token(ALICE, Access::User);
    let traces = database.table("ticket_traces");
    assert_eq!(service.get(&traces_of("123"), &alice).status, 200);

    database.execute(&format!("alter table {traces} rename to mislaid"));
    let response = service.get(&traces_of("123"), &alice);

    assert_rejected(
        &response,
        500,
        1,
        "system met a uncaught error,please view logs.",
    );
    let id = response.header("x-request-id").unwrap();
    let log = service.wait_for_output(id);
    let records: Vec<_> = log
        .lines()
        .filter(|line| line.contains(id) && line.contains("ticket_traces"))
        .collect();
    assert_eq!(
        records.len(),
        1,
        "the cause is logged once, with the request id: {log}"
    );

    let mislaid = traces.replace("ticket_traces", "mislaid");
    database.execute(&format!("alter table {mislaid} rename to ticket_traces"));
    assert_eq!(service.get(&traces_of("123"), &alice).opids(), [1, 3]);
}

#[test]
fn log_has_no_token_name_or_remark() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let service = Service::with(&database.url(), &[("WTS_LOG", "trace")]);
    let alice = token(ALICE, Access::User);

    for path in [
        traces_of("123"),
        traces_of("124"),
        traces_of("x"),
        format!("/nowhere?{SECRET}"),
    ] {
        service.get(&path, &alice);
        service.get(&path, &format!("{alice}x"));
    }
    database.execute("alter table ticket_traces rename to mislaid");
    service.get(&traces_of("123"), &alice);

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
}
