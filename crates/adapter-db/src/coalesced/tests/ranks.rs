//! Ranks that are asked for along with histories.

use super::*;

/// Asks for a history and a rank in a task of its own, and comes back when the question waits or is on its way.
async fn ask(
    repository: &Arc<Coalesced<Store>>,
    ticket: i64,
    student: &'static str,
) -> JoinHandle<(bool, Access)> {
    let repository = Arc::clone(repository);
    let question = tokio::spawn(async move {
        let student = StudentId::from(student);
        let answer = repository.find_with_rank(id(ticket), &student).await;
        let (history, rank) = answer.unwrap();
        (history.is_some(), rank)
    });
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    question
}

#[tokio::test]
async fn each_who_asks_for_a_rank_is_told_their_own() {
    let store = Store::with([1, 2]);
    let repository = repository(&store);

    let mut questions = Vec::new();
    for (ticket, student) in [
        (1, "dev"), // which is on its way alone
        (1, "chief"),
        (2, "user"),
        (1, "user"),
        (2, "nobody"),
        (3, "api"),
    ] {
        questions.push(ask(&repository, ticket, student).await);
    }
    let without = super::ask(&repository, 2).await;
    store.let_through(2);

    let mut told = Vec::new();
    for question in questions {
        told.push(question.await.unwrap());
    }
    assert_eq!(
        told,
        [
            (true, Access::Dev),
            (true, Access::Chief),
            (true, Access::User),
            (true, Access::User),
            (true, Access::Unregistered),
            (false, Access::Api),
        ]
    );
    assert_eq!(steps(without).await, 1);
    assert_eq!(store.batches(), [vec![1], vec![1, 2, 3]]);
}

#[tokio::test]
async fn a_rank_comes_with_a_long_history_too() {
    let store = Store::with([1]).open();
    for _ in 0..store::LONG {
        store.step(1);
    }
    let repository = repository(&store);

    let told = ask(&repository, 1, "chief").await.await.unwrap();

    assert_eq!(told, (true, Access::Chief));
    assert_eq!(store.long_batches(), [vec![1]]);
}

#[tokio::test]
async fn who_cannot_be_ranked_because_the_store_failed_is_told_that_it_failed() {
    let store = Store::with([1]).open();
    store.fail_next("no ranks today");
    let repository = repository(&store);

    let student = StudentId::from("dev");
    let answer = repository.find_with_rank(id(1), &student).await;

    assert!(matches!(answer, Err(RepositoryError::Failed(_))));
}
