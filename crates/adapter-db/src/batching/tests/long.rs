//! Tests of histories that are too long for a shared batch.

use tokio::time::timeout;

use super::*;

#[tokio::test]
async fn long_history_does_not_delay_shared_batches() {
    let database = FakeDatabase::with([1, 2, 3]);
    database.add_traces(2, MAX_TRACES);
    let repository = repository(&database);
    let first = query(&repository, 1).await;
    let (long, short) = (query(&repository, 2).await, query(&repository, 3).await);
    database.release(2);
    trace_count(first).await;
    assert_eq!(trace_count(short).await, 1);
    for _ in 0..3 {
        database.release(1);
        assert_eq!(trace_count(query(&repository, 3).await).await, 1);
    }
    assert!(!long.is_finished(), "the long history is still being read");

    database.release_long(1);
    assert_eq!(trace_count(long).await, MAX_TRACES + 1);
    assert_eq!(database.long_batches(), [vec![2]]);
}

#[tokio::test]
async fn long_history_waits_until_callers_drop_earlier_ones() {
    let database = FakeDatabase::with(1..=3).release_all();
    (1..=3).for_each(|ticket| database.add_traces(ticket, MAX_TRACES));
    let repository = repository(&database);
    let one = find(&repository, 1).await.unwrap();
    let _two = find(&repository, 2).await.unwrap();
    let mut third = query(&repository, 3).await;
    assert!(
        timeout(Duration::from_millis(100), &mut third)
            .await
            .is_err()
    );
    assert_eq!(database.long_batches(), [vec![1], vec![2]]);

    drop(one);
    assert_eq!(trace_count(third).await, MAX_TRACES + 1);
}

#[test]
fn long_history_outlives_the_runtime_of_its_first_query() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap()
    };
    let (second, first_runtime, service) = (runtime(), runtime(), runtime());
    let database = FakeDatabase::with([1]);
    database.release(2);
    database.add_traces(1, MAX_TRACES);
    let repository = service.block_on(async { repository(&database) });
    let wait_until = |state: &dyn Fn() -> bool| {
        while !state() {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    let query_on = |runtime: &tokio::runtime::Runtime| {
        let repository = Arc::clone(&repository);
        runtime.spawn(async move { find(&repository, 1).await })
    };
    query_on(&first_runtime);
    wait_until(&|| database.long_batches().len() == 1);
    let pending = query_on(&second);
    wait_until(&|| repository.long.has_waiting());

    first_runtime.shutdown_background();
    database.release_long(2);

    let history = second.block_on(pending).unwrap();
    assert!(history.unwrap().is_some());
}
