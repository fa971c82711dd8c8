//! Tests of the WTS v3 database, into which triggers and other programs write.

use wts_adapter_db::connect;
use wts_domain::{Category, Priority, Status};
use wts_testkit::{ALICE, BOB, Database, Kind, find, sample_records};

#[tokio::test]
async fn traces_written_by_triggers_are_read() {
    let database = Database::with(Kind::WtsV3, sample_records());
    database.execute(&format!(
        "select setval('wts.tickets_tid_seq', 500), setval('wts.ticket_traces_opid_seq', 900);
         insert into wts.tickets (issuer, submitted_at, category, description, appointed_at)
         values ('{ALICE}', now(), 'low-speed', '很慢', '2026-03-01');
         insert into wts.ticket_traces (tid, op, new_status, remark, updated_at)
         values (501, 'W007', 'delay', '明天再来', now() + interval '1 second');"
    ));

    let histories = connect(&database.parsed_url()).await.unwrap();
    let history = find(&*histories, 501).await.unwrap().unwrap();

    let [created, delayed] = &history.traces[..] else {
        panic!("expected two traces, found {:?}", history.traces);
    };
    assert_eq!(created.id.get(), 901);
    assert_eq!(
        (created.op.as_str(), created.op_name.as_str()),
        ("-2", "用户")
    );
    assert_eq!(created.remark, "提交了报修");
    assert_eq!(created.new_status, Some(Status::Fresh));
    assert_eq!(created.new_priority, Some(Priority::Mainline));
    assert_eq!(created.new_category, Some(Category::LowSpeed));
    assert_eq!(
        created
            .new_appointment
            .map(|day| day.to_string())
            .as_deref(),
        Some("2026-03-01T00:00:00Z")
    );
    assert_eq!(delayed.new_status, Some(Status::Delay));
    assert_eq!((delayed.new_priority, delayed.new_category), (None, None));
}

#[tokio::test]
async fn role_with_documented_grants_can_read() {
    let database = Database::with(Kind::WtsV3, sample_records());
    database.execute("revoke all on schema public from public");

    let histories = connect(&database.parsed_url())
        .await
        .expect("the documented grants are enough");

    let history = find(&*histories, 124).await.unwrap().unwrap();
    assert_eq!(history.issuer.as_str(), BOB);
}

#[tokio::test]
async fn search_path_of_the_database_is_ignored() {
    let database = Database::with(Kind::WtsV3, sample_records());
    database.execute(
        "create schema decoy; create table decoy.tickets (tid integer);
         do $$ begin execute format('alter database %I set search_path = decoy', current_database()); end $$",
    );

    let histories = connect(&database.parsed_url()).await.unwrap();

    assert!(find(&*histories, 123).await.unwrap().is_some());
}
