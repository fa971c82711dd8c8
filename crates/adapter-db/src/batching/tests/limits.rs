//! Tests of full queues and queue timeouts.

use super::*;

#[tokio::test]
async fn timeout_in_the_queue_returns_busy() {
    let database = FakeDatabase::with_delay(1..=17, Duration::from_millis(90)).release_all();
    let repository = repository(&database);
    let mut queries = Vec::new();
    for ticket in 1..=17 {
        queries.push(query(&repository, ticket).await);
    }

    let last = queries.pop().unwrap().await.unwrap();

    assert!(matches!(last, Err(RepositoryError::Busy)), "{last:?}");
    for pending in queries.drain(..5) {
        assert_eq!(
            trace_count(pending).await,
            1,
            "the oldest queries were read in time"
        );
    }
}

#[tokio::test]
async fn query_queued_behind_a_stuck_batch_fails_on_timeout() {
    let database = FakeDatabase::with([1, 2]);
    let repository = repository(&database);
    let first = query(&repository, 1).await;

    let waited = query(&repository, 2).await.await.unwrap();

    assert!(
        matches!(waited, Err(RepositoryError::Failed(_))),
        "{waited:?}"
    );
    assert!(!first.is_finished(), "the first batch is still in flight");
    database.release(1);
    assert_eq!(trace_count(first).await, 1);
}

#[tokio::test]
async fn queue_timeout_behind_a_slow_batch_is_busy() {
    let database = FakeDatabase::with([1, 2]);
    let failure_threshold = Duration::from_secs(1_000);
    let repository = repository_of(
        [&database],
        QueueLimits {
            failure_threshold,
            ..LIMITS
        },
    );
    let first = query(&repository, 1).await;

    let waited = query(&repository, 2).await.await.unwrap();

    assert!(matches!(waited, Err(RepositoryError::Busy)), "{waited:?}");
    database.release(1);
    assert_eq!(trace_count(first).await, 1);
}

#[tokio::test]
async fn queue_timeout_long_after_a_failure_is_busy() {
    let database = FakeDatabase::with([1, 2]);
    let failure_threshold = Duration::from_secs(2);
    let repository = repository_of(
        [&database],
        QueueLimits {
            failure_threshold,
            ..LIMITS
        },
    );
    database.fail_next("connection lost");
    let failing = query(&repository, 1).await;
    database.release(1);
    assert!(failing.await.unwrap().is_err());

    for then in ["just now", "long ago"] {
        let slow = query(&repository, 1).await;
        let waited = query(&repository, 2).await.await.unwrap();
        let busy = matches!(waited, Err(RepositoryError::Busy));
        assert_eq!(busy, then == "long ago", "{then}: {waited:?}");
        if !busy {
            database.fail_next("connection lost");
        }
        database.release(1);
        let _ = slow.await;
        tokio::time::sleep(failure_threshold).await;
    }
}

#[tokio::test]
async fn full_queue_rejects_a_query_at_once() {
    let database = FakeDatabase::with(1..=20);
    let repository = repository(&database);
    let mut queries = Vec::new();
    for ticket in 1..=17 {
        queries.push(query(&repository, ticket).await);
    }

    assert!(matches!(
        find(&repository, 18).await,
        Err(RepositoryError::Busy)
    ));

    // Cancelling queries makes room in the queue.
    queries.drain(10..).for_each(|pending| pending.abort());
    tokio::task::yield_now().await;
    let in_time = query(&repository, 18).await;
    database.clone().release_all();
    assert_eq!(trace_count(in_time).await, 1);
    for pending in queries {
        assert_eq!(trace_count(pending).await, 1);
    }
}
