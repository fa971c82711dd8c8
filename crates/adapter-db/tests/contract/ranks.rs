//! Which rank a database gives whom.

use std::sync::Arc;

use wts_domain::{Access, StaffId, StudentId};
use wts_testkit::{ALICE, BOB, Database, Kind, Operator, Records, Student, campus, ticket};

use crate::open;

/// The campus, and staff of every rank: student `s-chief` is chief, and so on.
fn campus_with_every_rank() -> Records {
    let mut records = campus();
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

async fn rank(database: &Database, number: i64, student: &str) -> (bool, Access) {
    let student = StudentId::from(student);
    let answer = open(database)
        .await
        .find_with_rank(ticket(number), &student)
        .await;
    let (history, rank) = answer.unwrap();
    (history.is_some(), rank)
}

pub(crate) async fn a_rank_is_that_of_the_staff_record_or_a_users_or_none(kind: Kind) {
    let database = Database::with(kind, campus_with_every_rank());

    for staff in Access::ALL {
        let student = format!("s-{staff}");
        assert_eq!(rank(&database, 123, &student).await, (true, *staff));
    }
    assert_eq!(rank(&database, 123, ALICE).await, (true, Access::User));
    assert_eq!(rank(&database, 999, BOB).await, (false, Access::User));
    for nobody in ["", "2024319999", "w-dev", "-3"] {
        assert_eq!(
            rank(&database, 123, nobody).await,
            (true, Access::Unregistered),
            "{nobody}"
        );
    }
    if kind == Kind::WtsV3 {
        // A student who never registered.
        database.execute("insert into data.students values ('unregistered', '')");
        assert_eq!(
            rank(&database, 123, "unregistered").await,
            (true, Access::Unregistered)
        );
    }
}

pub(crate) async fn a_rank_is_as_fresh_as_the_history_that_it_comes_with(kind: Kind) {
    let database = Database::with(kind, campus_with_every_rank());
    let (operators, histories) = (database.table("operators"), open(&database).await);
    let chief = StudentId::from("s-chief");
    let rank = async || {
        histories
            .find_with_rank(ticket(123), &chief)
            .await
            .unwrap()
            .1
    };

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

pub(crate) async fn many_callers_at_once_get_each_their_own_rank(kind: Kind) {
    let database = Database::with(kind, campus_with_every_rank());
    let histories = open(&database).await;

    let mut questions = tokio::task::JoinSet::new();
    for (n, rank) in (0..300).zip(Access::ALL.iter().cycle()) {
        let histories = Arc::clone(&histories);
        questions.spawn(async move {
            let student = StudentId::from(format!("s-{rank}"));
            let (_, told) = histories
                .find_with_rank(ticket(123 + n % 3), &student)
                .await
                .unwrap();
            assert_eq!(told, *rank);
        });
    }
    while let Some(answer) = questions.join_next().await {
        answer.unwrap();
    }
}

pub(crate) async fn whatever_a_caller_is_called_it_is_a_name_and_no_more(kind: Kind) {
    let database = Database::with(kind, campus_with_every_rank());
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
        let student = StudentId::from(name);
        let (history, rank) = histories
            .find_with_rank(ticket(123), &student)
            .await
            .unwrap();
        assert_eq!(
            (history.is_some(), rank),
            (true, Access::Unregistered),
            "{name:?}"
        );
    }
}
