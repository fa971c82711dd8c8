//! Tests of the access to traces by rank and issuer, with a mocked repository.

use wts_domain::{Access, Caller, StaffId, StudentId, Timestamp, Trace, TraceId, ensure_active};

use super::*;
use crate::history_repository::{FoundHistory, MockHistoryRepository};

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
    let at = Timestamp::from_micros_since_2000(id);
    Trace::new(TraceId::new(id), ticket(), at, StaffId::from("W007"))
}

/// Returns the use case with a repository that has one ticket, filed by Alice, with these traces. The repository
/// returns `rank` as the rank of every student.
fn use_case_with(traces: Vec<Trace>, rank: Access) -> GetTraces {
    let mut histories = MockHistoryRepository::new();
    histories.expect_find().times(1).returning(move |query| {
        let history = TicketHistory::new(StudentId::from(ALICE), traces.clone());
        Ok(FoundHistory {
            history: (query.ticket == ticket()).then(|| Arc::new(history)),
            rank: query.rank_of.is_some().then_some(rank),
        })
    });
    GetTraces::new(Arc::new(histories))
}

/// Returns the use case with a repository that has one ticket, filed by Alice, with these traces. The rank in a token is
/// used: with the rank that the repository returns, every caller would be denied.
fn use_case_with_traces(traces: Vec<Trace>) -> GetTraces {
    use_case_with(traces, Access::Unregistered)
}

#[tokio::test]
async fn issuer_gets_all_traces_unchanged() {
    let traces = vec![trace(1), trace(3)];

    let outcome = use_case_with_traces(traces.clone())
        .execute(&active(ALICE, Access::User), ticket())
        .await;

    assert_eq!(outcome.unwrap().traces, traces);
}

#[tokio::test]
async fn operator_can_read_ticket_of_another_student() {
    let outcome = use_case_with_traces(vec![trace(1)])
        .execute(&active(MALLORY, Access::InformalMember), ticket())
        .await;

    assert_eq!(outcome.unwrap().traces, [trace(1)]);
}

#[tokio::test]
async fn student_cannot_read_ticket_of_another_student() {
    let outcome = use_case_with_traces(vec![trace(1)])
        .execute(&active(MALLORY, Access::User), ticket())
        .await;

    assert!(matches!(
        outcome,
        Err(GetTracesError::Denied(AccessDenied::NotYourTicket))
    ));
}

#[tokio::test]
async fn ticket_without_traces_has_empty_history() {
    let outcome = use_case_with_traces(Vec::new())
        .execute(&active(ALICE, Access::User), ticket())
        .await;

    assert_eq!(outcome.unwrap().traces, []);
}

#[tokio::test]
async fn missing_ticket_is_reported_to_every_active_rank() {
    let absent = TicketId::new(124).unwrap();
    for access in [Access::User, Access::Dev] {
        let outcome = use_case_with_traces(Vec::new())
            .execute(&active(ALICE, access), absent)
            .await;

        assert!(matches!(outcome, Err(GetTracesError::NoSuchTicket(id)) if id == absent));
    }
}

#[tokio::test]
async fn repository_failure_is_not_reported_as_missing_ticket() {
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

/// Returns the use case with ranks from the database. Ticket 123 was filed by Alice, and the repository returns `rank`
/// as the rank of every student.
fn use_case_with_database_rank(rank: Access) -> GetTraces {
    use_case_with(Vec::new(), rank).with_rank_source(RankSource::TokenAndDatabase)
}

#[tokio::test]
async fn rank_missing_in_database_denies_access() {
    let mut histories = MockHistoryRepository::new();
    histories.expect_find().return_once(|query| {
        assert_eq!(query.rank_of, Some(StudentId::from(ALICE)));
        let history = TicketHistory::new(StudentId::from(ALICE), Vec::new());
        Ok(FoundHistory {
            history: Some(Arc::new(history)),
            rank: None,
        })
    });

    let outcome = GetTraces::new(Arc::new(histories))
        .with_rank_source(RankSource::TokenAndDatabase)
        .execute(&active(ALICE, Access::Dev), ticket())
        .await;

    assert!(matches!(
        outcome,
        Err(GetTracesError::Denied(AccessDenied::NotActive))
    ));
}

#[tokio::test]
async fn lower_rank_of_token_and_database_is_used() {
    use GetTracesError::{Denied, NoSuchTicket};

    let absent = TicketId::new(124).unwrap();
    for brought in Access::ALL.iter().filter(|rank| rank.is_active()) {
        for known in Access::ALL {
            let effective = *brought.min(known);
            for (student, asked) in [(ALICE, ticket()), (MALLORY, ticket()), (ALICE, absent)] {
                let outcome = use_case_with_database_rank(*known)
                    .execute(&active(student, *brought), asked)
                    .await;

                let is_as_expected = match &outcome {
                    Err(Denied(AccessDenied::NotActive)) => !effective.is_active(),
                    Err(NoSuchTicket(_)) => effective.is_active() && asked == absent,
                    Err(Denied(AccessDenied::NotYourTicket)) => {
                        effective.is_active() && !effective.is_operator() && student == MALLORY
                    }
                    Ok(_) => {
                        asked == ticket()
                            && (effective.is_operator()
                                || effective.is_active() && student == ALICE)
                    }
                    Err(GetTracesError::Repository(_)) => false,
                };
                assert!(
                    is_as_expected,
                    "{brought}, {known}, {student}, {asked}: {outcome:?}"
                );
            }
        }
    }
}
