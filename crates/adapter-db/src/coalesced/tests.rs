//! The decorator by itself, over a loader whose batches the test lets through one by one.

mod ranks;
mod store;

use std::time::Duration;

use tokio::{task::JoinHandle, time::timeout};

use self::store::{Store, id};
use super::*;

const BOUNDS: Bounds = Bounds {
    batch: 4,
    queue: 16,
    patience: Duration::from_millis(200),
    overdue: Duration::from_millis(200),
    in_use: None,
};

const LONG_BOUNDS: Bounds = Bounds {
    batch: 1,
    patience: Duration::from_secs(2),
    overdue: Duration::from_secs(10),
    in_use: Some(store::LONG + 2), // one that is too long by one, but not two
    ..BOUNDS
};

type Outcome = Result<Option<Arc<TicketHistory>>, RepositoryError>;

/// One lane over this store, and its lane for long histories.
fn repository(store: &Store) -> Arc<Coalesced<Store>> {
    bounded(store, BOUNDS)
}

/// The same with other bounds.
fn bounded(store: &Store, bounds: Bounds) -> Arc<Coalesced<Store>> {
    Arc::new(Coalesced::new(
        [store.clone()],
        bounds,
        store.long_lane(),
        LONG_BOUNDS,
    ))
}

/// Asks in a task of its own, and comes back when the question waits or is on its way.
async fn ask(repository: &Arc<Coalesced<Store>>, ticket: i64) -> JoinHandle<Outcome> {
    let repository = Arc::clone(repository);
    let question = tokio::spawn(async move { repository.find(id(ticket)).await });
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    question
}

/// How many steps the history had that was answered.
async fn steps(question: JoinHandle<Outcome>) -> usize {
    let history = question
        .await
        .unwrap()
        .unwrap()
        .expect("there is such a ticket");
    history.traces.len()
}

#[tokio::test]
async fn one_question_at_a_time_is_a_batch_of_its_own_and_waits_for_nothing() {
    let store = Store::with([1, 2]).open();
    let repository = repository(&store);

    for ticket in [1, 2, 1] {
        assert!(repository.find(id(ticket)).await.unwrap().is_some());
    }

    assert_eq!(store.batches(), [vec![1], vec![2], vec![1]]);
}

#[tokio::test]
async fn what_is_asked_while_a_batch_is_on_its_way_becomes_the_next_one() {
    let store = Store::with([1, 2, 3]);
    let repository = repository(&store);

    let first = ask(&repository, 1).await;
    let others = [ask(&repository, 2).await, ask(&repository, 3).await];
    assert_eq!(store.batches(), [vec![1]], "one at a time");
    store.let_through(2);

    assert_eq!(steps(first).await, 1);
    for other in others {
        assert_eq!(steps(other).await, 1);
    }
    assert_eq!(store.batches(), [vec![1], vec![2, 3]]);
}

#[tokio::test]
async fn a_batch_that_is_on_its_way_does_not_answer_who_asks_now() {
    let store = Store::with([1]);
    let repository = repository(&store);
    let first = ask(&repository, 1).await;
    store.step(1);

    let second = ask(&repository, 1).await;
    store.let_through(2);

    let before = steps(first).await;
    assert_eq!(steps(second).await, before + 1);
    assert_eq!(store.batches(), [vec![1], vec![1]]);
}

#[tokio::test]
async fn everyone_gets_the_history_they_asked_for_in_whatever_order_the_loader_answers() {
    let store = Store::with(1..=100);
    let repository = repository(&store);
    for ticket in 1..=100 {
        for _ in 1..ticket % 7 {
            store.step(ticket);
        }
    }
    store.clone().open();

    let mut questions = Vec::new();
    for round in 0..10 {
        for ticket in (1..=14).map(|ticket| ticket * (round % 7 + 1)) {
            let question = ask(&repository, ticket).await;
            questions.push((ticket, question));
        }
    }

    for (ticket, question) in questions {
        let history = question.await.unwrap().unwrap().unwrap();
        assert_eq!(history.issuer.as_str(), ticket.to_string());
        let own = history
            .traces
            .iter()
            .all(|trace| trace.ticket == id(ticket));
        assert!(own, "{history:?}");
        assert_eq!(
            history.traces.len(),
            usize::try_from((ticket % 7).max(1)).unwrap()
        );
    }
}

#[tokio::test]
async fn a_ticket_that_is_not_there_is_none_beside_one_that_is() {
    let store = Store::with([1]);
    let repository = repository(&store);
    let first = ask(&repository, 1).await;
    let (there, not) = (ask(&repository, 1).await, ask(&repository, 2).await);
    store.let_through(2);

    assert_eq!(steps(first).await, 1);
    assert_eq!(steps(there).await, 1);
    assert!(not.await.unwrap().unwrap().is_none());
}

#[tokio::test]
async fn those_who_ask_for_the_same_ticket_share_one_read_and_one_history() {
    let store = Store::with([1, 2]);
    let repository = repository(&store);
    let first = ask(&repository, 1).await;
    let (one, other) = (ask(&repository, 2).await, ask(&repository, 2).await);
    store.let_through(2);

    steps(first).await;
    let one = one.await.unwrap().unwrap().unwrap();
    let other = other.await.unwrap().unwrap().unwrap();
    assert!(Arc::ptr_eq(&one, &other));
    assert_eq!(store.batches(), [vec![1], vec![2]]);
}

#[tokio::test]
async fn a_batch_is_bounded_and_whoever_came_first_is_in_it() {
    let store = Store::with(1..=9);
    let repository = repository(&store);
    let mut questions = vec![ask(&repository, 9).await];
    for ticket in 1..=8 {
        questions.push(ask(&repository, ticket).await);
    }
    questions.push(ask(&repository, 1).await); // its ticket is in the next batch anyway
    store.let_through(3);

    for question in questions {
        assert_eq!(steps(question).await, 1);
    }
    assert_eq!(
        store.batches(),
        [vec![9], vec![1, 2, 3, 4], vec![5, 6, 7, 8]]
    );
}

#[tokio::test]
async fn who_goes_away_takes_nobody_along() {
    let store = Store::with([1, 2, 3]);
    let repository = repository(&store);
    let first = ask(&repository, 1).await;
    let (stays, goes) = (ask(&repository, 2).await, ask(&repository, 3).await);

    first.abort();
    goes.abort();
    tokio::task::yield_now().await;
    store.let_through(2);

    assert_eq!(steps(stays).await, 1);
    assert_eq!(
        store.batches(),
        [vec![1], vec![2]],
        "nobody wants the third any more"
    );
    store.let_through(1);
    assert_eq!(steps(ask(&repository, 3).await).await, 1, "and it goes on");
}

#[tokio::test]
async fn a_failure_reaches_each_who_waited_for_that_batch_and_nobody_else() {
    let store = Store::with([1, 2, 3]);
    let repository = repository(&store);
    let first = ask(&repository, 1).await;
    let failing = [ask(&repository, 2).await, ask(&repository, 3).await];
    store.let_through(1);
    assert_eq!(steps(first).await, 1);

    store.fail_next("the cable is cut");
    store.let_through(1);
    for question in failing {
        let Err(RepositoryError::Failed(cause)) = question.await.unwrap() else {
            panic!("it did not fail");
        };
        assert_eq!(cause.to_string(), "the cable is cut");
    }

    store.let_through(1);
    assert_eq!(steps(ask(&repository, 2).await).await, 1);
}

#[tokio::test]
async fn a_history_that_cannot_be_read_fails_alone() {
    let store = Store::with([1, 2, 3]);
    store.spoil(2);
    let repository = repository(&store);
    let first = ask(&repository, 1).await;
    let (spoilt, good) = (ask(&repository, 2).await, ask(&repository, 3).await);
    store.let_through(2);

    steps(first).await;
    assert!(matches!(
        spoilt.await.unwrap(),
        Err(RepositoryError::Failed(_))
    ));
    assert_eq!(steps(good).await, 1);
}

#[tokio::test]
async fn a_long_history_is_read_apart_and_its_neighbours_do_not_wait_for_it() {
    let store = Store::with([1, 2, 3]);
    for _ in 0..store::LONG {
        store.step(2);
    }
    let repository = repository(&store);
    let first = ask(&repository, 1).await;
    let (long, short) = (ask(&repository, 2).await, ask(&repository, 3).await);
    store.let_through(2);
    steps(first).await;
    assert_eq!(steps(short).await, 1);
    for _ in 0..3 {
        store.let_through(1);
        assert_eq!(steps(ask(&repository, 3).await).await, 1);
    }
    assert!(!long.is_finished(), "while it is still being read");

    store.let_long_ones_through(1);
    assert_eq!(steps(long).await, store::LONG + 1);
    assert_eq!(store.long_batches(), [vec![2]]);
}

#[tokio::test]
async fn a_third_long_history_waits_until_slow_clients_have_done_with_one() {
    let store = Store::with(1..=3).open();
    for _ in 0..store::LONG {
        (1..=3).for_each(|ticket| store.step(ticket));
    }
    let repository = repository(&store);
    let one = repository.find(id(1)).await.unwrap();
    let _two = repository.find(id(2)).await.unwrap();
    let mut third = ask(&repository, 3).await;
    assert!(
        timeout(Duration::from_millis(100), &mut third)
            .await
            .is_err()
    );
    assert_eq!(store.long_batches(), [vec![1], vec![2]]);

    drop(one);
    assert_eq!(steps(third).await, store::LONG + 1);
}

#[tokio::test]
async fn who_has_waited_too_long_behind_others_is_told_that_it_is_busy() {
    let store = Store::with(1..=17).slow(Duration::from_millis(90)).open();
    let repository = repository(&store);
    let mut questions = Vec::new();
    for ticket in 1..=17 {
        questions.push(ask(&repository, ticket).await);
    }

    let last = questions.pop().unwrap().await.unwrap();

    assert!(matches!(last, Err(RepositoryError::Busy)), "{last:?}");
    for question in questions.drain(..5) {
        assert_eq!(steps(question).await, 1, "who came first was in time");
    }
}

#[tokio::test]
async fn who_has_waited_too_long_for_a_batch_that_does_not_come_back_is_told_of_a_failure() {
    let store = Store::with([1, 2]);
    let repository = repository(&store);
    let first = ask(&repository, 1).await;

    let waited = ask(&repository, 2).await.await.unwrap();

    assert!(
        matches!(waited, Err(RepositoryError::Failed(_))),
        "{waited:?}"
    );
    assert!(!first.is_finished(), "its batch is still on its way");
    store.let_through(1);
    assert_eq!(steps(first).await, 1);
}

#[tokio::test]
async fn who_has_waited_too_long_for_a_batch_that_is_slow_but_not_overdue_is_told_that_it_is_busy()
{
    let store = Store::with([1, 2]);
    let overdue = Duration::from_secs(1_000);
    let repository = bounded(&store, Bounds { overdue, ..BOUNDS });
    let first = ask(&repository, 1).await;

    let waited = ask(&repository, 2).await.await.unwrap();

    assert!(matches!(waited, Err(RepositoryError::Busy)), "{waited:?}");
    store.let_through(1);
    assert_eq!(steps(first).await, 1);
}

#[tokio::test]
async fn a_batch_that_failed_long_ago_says_nothing_of_who_waits_now() {
    let store = Store::with([1, 2]);
    let overdue = Duration::from_secs(2);
    let repository = bounded(&store, Bounds { overdue, ..BOUNDS });
    store.fail_next("the cable is cut");
    let failing = ask(&repository, 1).await;
    store.let_through(1);
    assert!(failing.await.unwrap().is_err());

    for then in ["just now", "long ago"] {
        let slow = ask(&repository, 1).await;
        let waited = ask(&repository, 2).await.await.unwrap();
        let busy = matches!(waited, Err(RepositoryError::Busy));
        assert_eq!(busy, then == "long ago", "{then}: {waited:?}");
        if !busy {
            store.fail_next("the cable is cut");
        }
        store.let_through(1);
        let _ = slow.await;
        tokio::time::sleep(overdue).await;
    }
}

#[tokio::test]
async fn more_than_may_wait_are_turned_away_at_once() {
    let store = Store::with(1..=20);
    let repository = repository(&store);
    let mut questions = Vec::new();
    for ticket in 1..=17 {
        questions.push(ask(&repository, ticket).await);
    }

    assert!(matches!(
        repository.find(id(18)).await,
        Err(RepositoryError::Busy)
    ));

    // Those who went away make room.
    questions.drain(10..).for_each(|question| question.abort());
    tokio::task::yield_now().await;
    let in_time = ask(&repository, 18).await;
    store.clone().open();
    assert_eq!(steps(in_time).await, 1);
    for question in questions {
        assert_eq!(steps(question).await, 1);
    }
}

#[tokio::test]
async fn a_loader_that_panics_fails_those_who_wait_and_not_those_who_come_later() {
    let store = Store::with([1, 2]);
    let repository = repository(&store);
    store.panic_next();
    let (first, second) = (ask(&repository, 1).await, ask(&repository, 2).await);
    store.let_through(1);

    for question in [first, second] {
        assert!(matches!(
            question.await.unwrap(),
            Err(RepositoryError::Failed(_))
        ));
    }
    store.let_through(1);
    assert_eq!(steps(ask(&repository, 2).await).await, 1);
}

#[test]
fn a_runtime_that_ends_half_way_does_not_keep_the_next_from_asking() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let store = Store::with([1]);
    let repository = repository(&store);
    runtime().block_on(async {
        ask(&repository, 1).await;
        assert_eq!(store.batches(), [vec![1]]);
    });

    store.let_through(1);
    let answer = runtime().block_on(repository.find(id(1)));
    assert!(answer.unwrap().is_some());
}

#[test]
fn who_waits_for_a_long_history_is_answered_although_the_thread_of_who_asked_first_has_ended() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap()
    };
    let (ours, others, service) = (runtime(), runtime(), runtime());
    let store = Store::with([1]);
    store.let_through(2);
    for _ in 0..store::LONG {
        store.step(1);
    }
    let repository = service.block_on(async { repository(&store) });
    let wait_until = |state: &dyn Fn() -> bool| {
        while !state() {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    let ask = |runtime: &tokio::runtime::Runtime| {
        let repository = Arc::clone(&repository);
        runtime.spawn(async move { repository.find(id(1)).await })
    };
    ask(&others);
    wait_until(&|| store.long_batches().len() == 1);
    let question = ask(&ours);
    wait_until(&|| repository.long.is_waited_for());

    others.shutdown_background();
    store.let_long_ones_through(2);

    let answer = ours.block_on(question).unwrap();
    assert!(answer.unwrap().is_some());
}

/// What was committed before a question is in its answer, however many write and read at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_answer_is_as_fresh_as_the_question() {
    const TICKETS: i64 = 6;
    let store = Store::with(1..=TICKETS)
        .open()
        .slow(Duration::from_micros(200));
    let lanes = [store.clone(), store.clone()];
    let repository = Arc::new(Coalesced::new(
        lanes,
        BOUNDS,
        store.long_lane(),
        LONG_BOUNDS,
    ));
    let writer = {
        let store = store.clone();
        std::thread::spawn(move || {
            for _ in 0..store::LONG / 2 {
                (1..=TICKETS).for_each(|ticket| store.step(ticket));
                std::thread::sleep(Duration::from_millis(10));
            }
        })
    };
    let readers = (0..12).map(|reader| {
        let (store, repository) = (store.clone(), Arc::clone(&repository));
        tokio::spawn(async move {
            for question in 0..400 {
                let ticket = (reader + question) % TICKETS + 1;
                let committed = store.steps(ticket);
                let answer = repository.find(id(ticket)).await.unwrap().unwrap();
                assert!(
                    answer.traces.len() >= committed,
                    "{committed} were committed before the question, {} were answered",
                    answer.traces.len()
                );
            }
        })
    });

    for reader in readers.collect::<Vec<_>>() {
        reader.await.unwrap();
    }
    writer.join().unwrap();
    let asked: usize = store.batches().iter().map(Vec::len).sum();
    assert!(
        store.batches().len() < asked,
        "some of them were read together: {} batches for {asked} tickets",
        store.batches().len()
    );
}
