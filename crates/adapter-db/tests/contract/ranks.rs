//! Tests of the ranks of callers.

use std::sync::Arc;

use wts_app::HistoryRepository;
use wts_domain::{Access, StaffId, StudentId};
use wts_testkit::{
    ALICE, BOB, Database, Kind, Operator, Records, Student, query_with_rank, sample_records,
};

use crate::open;

/// Returns the sample records and a staff member of every rank: student `s-chief` is chief, and so on.
fn records_with_every_rank() -> Records {
    let mut records = sample_records();
    for rank in Access::ALL {
        let sid = StudentId::from(format!("s-{rank}"));
        records.students.push(Student {
            sid: sid.clone(),
            name: String::new(),
        });
        records.operators.push(Operator {
            wid: StaffId::from(format!("w-{rank}")),
            sid,
            access: *rank,
        });
    }
    records
}

/// Returns whether the ticket was found, and the rank of the student.
async fn rank(histories: &dyn HistoryRepository, number: i64, student: &str) -> (bool, Access) {
    let found = histories.find(&query_with_rank(number, student)).await;
    let found = found.unwrap();
    (found.history.is_some(), found.rank.unwrap())
}

pub(crate) async fn rank_is_read_from_the_staff_record(kind: Kind) {
    let database = Database::with(kind, records_with_every_rank());
    let histories = open(&database).await;
    let rank = async |number, student: &str| rank(&*histories, number, student).await;

    for staff in Access::ALL {
        assert_eq!(rank(123, &format!("s-{staff}")).await, (true, *staff));
    }
    assert_eq!(rank(123, ALICE).await, (true, Access::User));
    assert_eq!(rank(999, BOB).await, (false, Access::User));
    for unknown in ["", "2024319999", "w-dev", "-3"] {
        assert_eq!(
            rank(123, unknown).await,
            (true, Access::Unregistered),
            "{unknown}"
        );
    }
    if kind == Kind::WtsV3 {
        // Adds a student without a registered user.
        database.execute("insert into data.students values ('unregistered', '')");
        assert_eq!(
            rank(123, "unregistered").await,
            (true, Access::Unregistered)
        );
    }
}

pub(crate) async fn changed_rank_is_read_at_once(kind: Kind) {
    let database = Database::with(kind, records_with_every_rank());
    let (operators, histories) = (database.table("operators"), open(&database).await);
    let rank = async || rank(&*histories, 123, "s-chief").await.1;

    assert_eq!(rank().await, Access::Chief);
    for lowered in ["informal-member", "user", "unregistered", "dev"] {
        database.execute(&format!(
            "update {operators} set access = '{lowered}' where wid = 'w-chief'"
        ));
        assert_eq!(rank().await.as_str(), lowered);
    }
    database.execute(&format!("delete from {operators} where wid = 'w-chief'"));
    assert_eq!(rank().await, Access::User);
    database.execute(&match kind {
        Kind::Sqlite | Kind::Postgres => {
            format!(
                "delete from {} where sid = 's-chief'",
                database.table("students")
            )
        }
        Kind::WtsV3 => "delete from wts.users where sid = 's-chief'".to_owned(),
    });
    assert_eq!(rank().await, Access::Unregistered);
}

pub(crate) async fn concurrent_callers_get_their_own_ranks(kind: Kind) {
    let database = Database::with(kind, records_with_every_rank());
    let histories = open(&database).await;

    let mut queries = tokio::task::JoinSet::new();
    for (n, expected) in (0..300).zip(Access::ALL.iter().cycle()) {
        let histories = Arc::clone(&histories);
        queries.spawn(async move {
            let rank = rank(&*histories, 123 + n % 3, &format!("s-{expected}")).await;
            assert_eq!(rank.1, *expected);
        });
    }
    queries.join_all().await;
}

pub(crate) async fn sql_in_a_student_number_is_unregistered(kind: Kind) {
    let database = Database::with(kind, records_with_every_rank());
    let histories = open(&database).await;
    for name in [
        "s-dev\0",
        "\0",
        "' or '1' = '1",
        "s-dev' --",
        "{s-dev,s-chief}",
        "%",
        "S-DEV",
        "s-dev ",
        "\u{10FFFF}",
        &"x".repeat(4_000),
    ] {
        let rank = rank(&*histories, 123, name).await;
        assert_eq!(rank, (true, Access::Unregistered), "{name:?}");
    }
}
