//! Tests of queries for a history and a rank.

use wts_domain::{Access, StudentId};

use super::*;

fn with_rank(ticket: i64, student: &str) -> HistoryQuery {
    HistoryQuery {
        ticket: id(ticket),
        rank_of: Some(StudentId::from(student)),
    }
}

/// Sends a query for a history and a rank in a separate task; returns when the query waits or is in flight.
async fn query(
    repository: &Repository,
    ticket: i64,
    student: &'static str,
) -> JoinHandle<(bool, Option<Access>)> {
    let repository = Arc::clone(repository);
    let pending = tokio::spawn(async move {
        let found = repository.find(&with_rank(ticket, student)).await.unwrap();
        (found.history.is_some(), found.rank)
    });
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    pending
}

#[tokio::test]
async fn each_query_gets_the_rank_of_its_student() {
    let database = FakeDatabase::with([1, 2]);
    let repository = repository(&database);

    let mut queries = Vec::new();
    for (ticket, student) in [
        (1, "dev"), // sent alone
        (1, "chief"),
        (2, "user"),
        (1, "user"),
        (2, "nobody"),
        (3, "api"),
    ] {
        queries.push(query(&repository, ticket, student).await);
    }
    let without = super::query(&repository, 2).await;
    database.release(2);

    let mut found = Vec::new();
    for pending in queries {
        found.push(pending.await.unwrap());
    }
    assert_eq!(
        found,
        [
            (true, Some(Access::Dev)),
            (true, Some(Access::Chief)),
            (true, Some(Access::User)),
            (true, Some(Access::User)),
            (true, Some(Access::Unregistered)),
            (false, Some(Access::Api)),
        ]
    );
    assert_eq!(trace_count(without).await, 1);
    assert_eq!(database.batches(), [vec![1], vec![1, 2, 3]]);
}

#[tokio::test]
async fn query_of_a_long_history_also_returns_the_rank() {
    let database = FakeDatabase::with([1]).release_all();
    database.add_traces(1, MAX_TRACES);
    let repository = repository(&database);

    let found = query(&repository, 1, "chief").await.await.unwrap();

    assert_eq!(found, (true, Some(Access::Chief)));
    assert_eq!(database.long_batches(), [vec![1]]);
}

#[tokio::test]
async fn failed_rank_lookup_fails_the_query() {
    let database = FakeDatabase::with([1]).release_all();
    database.fail_next("cannot read ranks");
    let repository = repository(&database);

    let outcome = repository.find(&with_rank(1, "dev")).await;

    assert!(matches!(outcome, Err(RepositoryError::Failed(_))));
}
