//! Who sees what, with a mocked store.

use wts_domain::{Access, Caller, StaffId, StudentId, Timestamp, Trace, TraceId, ensure_active};

use super::*;
use crate::history_repository::MockHistoryRepository;

const ALICE: &str = "2024310001";
const MALLORY: &str = "2024310666";

fn ticket() -> TicketId {
    TicketId::new(123).expect("123 is positive")
}

fn active(student: &str, access: Access) -> ActiveCaller {
    let student = StudentId::from(student);
    ensure_active(Caller::new(student, access)).expect("the rank is active")
}

fn trace(id: i64) -> Trace {
    let moment = Timestamp::from_micros_since_2000(id);
    Trace::new(TraceId::new(id), ticket(), moment, StaffId::from("W007"))
}

/// A store whose one ticket is Alice's and has these traces.
fn store_with(traces: Vec<Trace>) -> GetTraces {
    let mut histories = MockHistoryRepository::new();
    histories.expect_find().times(1).returning(move |asked| {
        Ok((asked == ticket())
            .then(|| Arc::new(TicketHistory::new(StudentId::from(ALICE), traces.clone()))))
    });
    GetTraces::new(Arc::new(histories))
}

#[tokio::test]
async fn the_issuer_sees_every_trace_as_the_store_gave_it() {
    let traces = vec![trace(1), trace(3)];

    let seen = store_with(traces.clone())
        .execute(&active(ALICE, Access::User), ticket())
        .await;

    assert_eq!(seen.unwrap().traces, traces);
}

#[tokio::test]
async fn an_operator_sees_anothers_ticket() {
    let seen = store_with(vec![trace(1)])
        .execute(&active(MALLORY, Access::InformalMember), ticket())
        .await;

    assert_eq!(seen.unwrap().traces, [trace(1)]);
}

#[tokio::test]
async fn a_stranger_learns_nothing_but_that_the_ticket_is_not_theirs() {
    let outcome = store_with(vec![trace(1)])
        .execute(&active(MALLORY, Access::User), ticket())
        .await;

    assert!(matches!(
        outcome,
        Err(GetTracesError::Denied(AccessDenied::NotYourTicket))
    ));
}

#[tokio::test]
async fn a_ticket_without_traces_has_an_empty_history() {
    let seen = store_with(Vec::new())
        .execute(&active(ALICE, Access::User), ticket())
        .await;

    assert_eq!(seen.unwrap().traces, []);
}

#[tokio::test]
async fn a_missing_ticket_is_missing_for_everyone() {
    let absent = TicketId::new(124).unwrap();
    for access in [Access::User, Access::Dev] {
        let outcome = store_with(Vec::new())
            .execute(&active(ALICE, access), absent)
            .await;

        assert!(matches!(outcome, Err(GetTracesError::NoSuchTicket(id)) if id == absent));
    }
}

#[tokio::test]
async fn a_store_that_fails_is_no_missing_ticket() {
    let mut histories = MockHistoryRepository::new();
    histories
        .expect_find()
        .return_once(|_| Err(RepositoryError::Failed("the disk is gone".into())));

    let outcome = GetTraces::new(Arc::new(histories))
        .execute(&active(ALICE, Access::User), ticket())
        .await;

    assert!(matches!(
        outcome,
        Err(GetTracesError::Repository(RepositoryError::Failed(_)))
    ));
}
