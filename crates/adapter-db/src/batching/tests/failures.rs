//! Tests of batches that fail, panic or are cancelled.

use super::*;

#[tokio::test]
async fn cancelled_query_does_not_cancel_others() {
    let database = FakeDatabase::with([1, 2, 3]);
    let repository = repository(&database);
    let first = query(&repository, 1).await;
    let (kept, cancelled) = (query(&repository, 2).await, query(&repository, 3).await);

    first.abort();
    cancelled.abort();
    tokio::task::yield_now().await;
    database.release(2);

    assert_eq!(trace_count(kept).await, 1);
    assert_eq!(
        database.batches(),
        [vec![1], vec![2]],
        "the query for ticket 3 was cancelled"
    );
    database.release(1);
    assert_eq!(
        trace_count(query(&repository, 3).await).await,
        1,
        "later queries are read"
    );
}

#[tokio::test]
async fn failed_batch_fails_only_its_own_queries() {
    let database = FakeDatabase::with([1, 2, 3]);
    let repository = repository(&database);
    let first = query(&repository, 1).await;
    let failing = [query(&repository, 2).await, query(&repository, 3).await];
    database.release(1);
    assert_eq!(trace_count(first).await, 1);

    database.fail_next("connection lost");
    database.release(1);
    for pending in failing {
        let Err(RepositoryError::Failed(cause)) = pending.await.unwrap() else {
            panic!("the query did not fail");
        };
        assert_eq!(cause.to_string(), "connection lost");
    }

    database.release(1);
    assert_eq!(trace_count(query(&repository, 2).await).await, 1);
}

#[tokio::test]
async fn unreadable_history_fails_only_its_own_query() {
    let database = FakeDatabase::with([1, 2, 3]);
    database.corrupt(2);
    let repository = repository(&database);
    let first = query(&repository, 1).await;
    let (corrupt, good) = (query(&repository, 2).await, query(&repository, 3).await);
    database.release(2);

    trace_count(first).await;
    assert!(matches!(
        corrupt.await.unwrap(),
        Err(RepositoryError::Failed(_))
    ));
    assert_eq!(trace_count(good).await, 1);
}

#[tokio::test]
async fn loader_panic_fails_only_waiting_queries() {
    let database = FakeDatabase::with([1, 2]);
    let repository = repository(&database);
    database.panic_next();
    let (first, second) = (query(&repository, 1).await, query(&repository, 2).await);
    database.release(1);

    for pending in [first, second] {
        assert!(matches!(
            pending.await.unwrap(),
            Err(RepositoryError::Failed(_))
        ));
    }
    database.release(1);
    assert_eq!(trace_count(query(&repository, 2).await).await, 1);
}

#[test]
fn runtime_shutdown_does_not_block_the_next_query() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let database = FakeDatabase::with([1]);
    let repository = repository(&database);
    runtime().block_on(async {
        query(&repository, 1).await;
        assert_eq!(database.batches(), [vec![1]]);
    });

    database.release(1);
    let history = runtime().block_on(find(&repository, 1));
    assert!(history.unwrap().is_some());
}
