//! Tests of the batching repository. The test decides when its fake loader returns a batch.

mod failures;
mod fake;
mod limits;
mod long;
mod ranks;

use std::time::Duration;

use tokio::task::JoinHandle;
use wts_domain::TicketHistory;

use self::fake::{FakeDatabase, MAX_TRACES, id};
use super::*;
use crate::metrics::DatabaseMetrics;

const LIMITS: QueueLimits = QueueLimits {
    batch: 4,
    queue: 16,
    queue_timeout: Duration::from_millis(200),
    failure_threshold: Duration::from_millis(200),
    max_live_traces: None,
};

const LONG_LIMITS: QueueLimits = QueueLimits {
    batch: 1,
    queue_timeout: Duration::from_secs(2),
    failure_threshold: Duration::from_secs(10),
    max_live_traces: Some(MAX_TRACES + 2), // one long history, but not two
    ..LIMITS
};

type Repository = Arc<BatchingRepository<FakeDatabase>>;
type Outcome = Result<Option<Arc<TicketHistory>>, RepositoryError>;

/// Returns a repository with one queue for shared batches and one for long histories.
fn repository(database: &FakeDatabase) -> Repository {
    repository_of([database], LIMITS)
}

fn repository_of<const N: usize>(loaders: [&FakeDatabase; N], limits: QueueLimits) -> Repository {
    let long = loaders[0].long_loader();
    let health = DatabaseHealth::new("primary", &DatabaseMetrics::default());
    let loaders = loaders.map(FakeDatabase::clone);
    let repository = BatchingRepository::new(loaders, limits, long, LONG_LIMITS, &health);
    Arc::new(repository)
}

async fn find(repository: &Repository, ticket: i64) -> Outcome {
    let found = repository.find(&id(ticket).into()).await?;
    assert_eq!(found.rank, None);
    Ok(found.history)
}

/// Sends a query in a separate task; returns when the query waits or is in flight.
async fn query(repository: &Repository, ticket: i64) -> JoinHandle<Outcome> {
    let repository = Arc::clone(repository);
    let pending = tokio::spawn(async move { find(&repository, ticket).await });
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    pending
}

/// Awaits a query and returns the number of traces in its history.
async fn trace_count(pending: JoinHandle<Outcome>) -> usize {
    let history = pending.await.unwrap().unwrap();
    history.expect("there is such a ticket").traces.len()
}

#[tokio::test]
async fn single_query_is_sent_as_its_own_batch() {
    let database = FakeDatabase::with([1, 2]).release_all();
    let repository = repository(&database);

    for ticket in [1, 2, 1] {
        assert!(find(&repository, ticket).await.unwrap().is_some());
    }

    assert_eq!(database.batches(), [vec![1], vec![2], vec![1]]);
}

#[tokio::test]
async fn queries_during_a_batch_become_the_next_batch() {
    let database = FakeDatabase::with([1, 2, 3]);
    let repository = repository(&database);

    let first = query(&repository, 1).await;
    let others = [query(&repository, 2).await, query(&repository, 3).await];
    assert_eq!(database.batches(), [vec![1]], "one at a time");
    database.release(2);

    assert_eq!(trace_count(first).await, 1);
    for other in others {
        assert_eq!(trace_count(other).await, 1);
    }
    assert_eq!(database.batches(), [vec![1], vec![2, 3]]);
}

#[tokio::test]
async fn later_query_does_not_join_a_sent_batch() {
    let database = FakeDatabase::with([1]);
    let repository = repository(&database);
    let first = query(&repository, 1).await;
    database.add_traces(1, 1);

    let second = query(&repository, 1).await;
    database.release(2);

    let before = trace_count(first).await;
    assert_eq!(trace_count(second).await, before + 1);
    assert_eq!(database.batches(), [vec![1], vec![1]]);
}

#[tokio::test]
async fn each_query_gets_the_history_of_its_ticket() {
    let traces_of = |ticket: i64| usize::try_from(ticket % 7).unwrap().max(1);
    let database = FakeDatabase::with(1..=100);
    let repository = repository(&database);
    for ticket in 1..=100 {
        database.add_traces(ticket, traces_of(ticket) - 1);
    }
    database.clone().release_all();

    let mut queries = Vec::new();
    for round in 0..10 {
        for ticket in (1..=14).map(|ticket| ticket * (round % 7 + 1)) {
            let pending = query(&repository, ticket).await;
            queries.push((ticket, pending));
        }
    }

    for (ticket, pending) in queries {
        let history = pending.await.unwrap().unwrap().unwrap();
        assert_eq!(history.issuer.as_str(), ticket.to_string());
        let own = history
            .traces
            .iter()
            .all(|trace| trace.ticket == id(ticket));
        assert!(own, "{history:?}");
        assert_eq!(history.traces.len(), traces_of(ticket));
    }
}

#[tokio::test]
async fn missing_ticket_in_a_batch_returns_none() {
    let database = FakeDatabase::with([1]);
    let repository = repository(&database);
    let first = query(&repository, 1).await;
    let (there, not) = (query(&repository, 1).await, query(&repository, 2).await);
    database.release(2);

    assert_eq!(trace_count(first).await, 1);
    assert_eq!(trace_count(there).await, 1);
    assert!(not.await.unwrap().unwrap().is_none());
}

#[tokio::test]
async fn queries_for_one_ticket_share_one_history() {
    let database = FakeDatabase::with([1, 2]);
    let repository = repository(&database);
    let first = query(&repository, 1).await;
    let (one, other) = (query(&repository, 2).await, query(&repository, 2).await);
    database.release(2);

    trace_count(first).await;
    let one = one.await.unwrap().unwrap().unwrap();
    let other = other.await.unwrap().unwrap().unwrap();
    assert!(Arc::ptr_eq(&one, &other));
    assert_eq!(database.batches(), [vec![1], vec![2]]);
}

#[tokio::test]
async fn full_batch_contains_the_oldest_queries() {
    let database = FakeDatabase::with(1..=9);
    let repository = repository(&database);
    let mut queries = vec![query(&repository, 9).await];
    for ticket in 1..=8 {
        queries.push(query(&repository, ticket).await);
    }
    queries.push(query(&repository, 1).await); // joins the next batch, which has the same ticket
    database.release(3);

    for pending in queries {
        assert_eq!(trace_count(pending).await, 1);
    }
    assert_eq!(
        database.batches(),
        [vec![9], vec![1, 2, 3, 4], vec![5, 6, 7, 8]]
    );
}

/// Runs many concurrent writers and readers: a result must contain every trace that was committed before its query.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn result_contains_traces_committed_before_query() {
    const TICKETS: i64 = 6;
    let database = FakeDatabase::with_delay(1..=TICKETS, Duration::from_micros(200)).release_all();
    let repository = repository_of([&database, &database], LIMITS);
    let writer = {
        let database = database.clone();
        std::thread::spawn(move || {
            for _ in 0..MAX_TRACES / 2 {
                (1..=TICKETS).for_each(|ticket| database.add_traces(ticket, 1));
                std::thread::sleep(Duration::from_millis(10));
            }
        })
    };
    let readers = (0..12).map(|reader| {
        let (database, repository) = (database.clone(), Arc::clone(&repository));
        tokio::spawn(async move {
            for number in 0..400 {
                let ticket = (reader + number) % TICKETS + 1;
                let committed = database.trace_count(ticket);
                let history = find(&repository, ticket).await.unwrap().unwrap();
                assert!(
                    history.traces.len() >= committed,
                    "{committed} were committed before the query, {} were read",
                    history.traces.len()
                );
            }
        })
    });

    for reader in readers.collect::<Vec<_>>() {
        reader.await.unwrap();
    }
    writer.join().unwrap();
    let queried: usize = database.batches().iter().map(Vec::len).sum();
    assert!(
        database.batches().len() < queried,
        "some queries share a batch: {} batches for {queried} tickets",
        database.batches().len()
    );
}
