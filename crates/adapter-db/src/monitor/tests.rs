//! A watch over a database that answers as the test wants.

use std::{
    future::pending,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use tokio::time::{sleep, timeout};

use super::*;
use crate::DatabaseMetrics;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// What becomes of a question.
#[derive(Clone, Copy)]
enum Fate {
    Good,
    GoodAfter(Duration),
    Refused,
    Lost,
}

/// A database, whose fate is known of each question in turn, and of all that come after.
#[derive(Clone)]
struct Fated {
    fates: &'static [Fate],
    asked: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
}

/// One more that is open, until it is dropped.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Probe for Fated {
    async fn probe(&self) -> Result<(), Cause> {
        let number = self.asked.fetch_add(1, SeqCst);
        self.open.fetch_add(1, SeqCst);
        let _open = Open(Arc::clone(&self.open));
        match self.fates.get(number).or(self.fates.last()) {
            Some(Fate::GoodAfter(delay)) => sleep(*delay).await,
            Some(Fate::Refused) => return Err("refused".into()),
            Some(Fate::Lost) => pending().await,
            Some(Fate::Good) | None => {}
        }
        Ok(())
    }
}

/// A database of these fates that is watched, and its pulse.
fn watched(fates: &'static [Fate]) -> (Fated, Pulse, Background) {
    let database = Fated {
        fates,
        asked: Arc::default(),
        open: Arc::default(),
    };
    let pulse = Pulse::new();
    let watching = watch(
        "primary".to_owned(),
        database.clone(),
        pulse.clone(),
        Duration::from_millis(10),
        DatabaseMetrics::default().of("primary"),
    );
    (database, pulse, Background::run(watching))
}

async fn becomes(pulse: &Pulse, readable: bool) {
    let mut readings = pulse.readable();
    let reading = readings.wait_for(|reading| *reading == readable);
    assert!(timeout(PATIENCE, reading).await.is_ok(), "never {readable}");
}

#[tokio::test]
async fn a_database_that_was_lost_and_is_far_away_is_found_again() {
    const FAR: Fate = Fate::GoodAfter(Duration::from_millis(1_300));

    let (_, pulse, _watching) = watched(&[Fate::Refused, FAR]);
    becomes(&pulse, false).await;
    becomes(&pulse, true).await;
}

#[tokio::test]
async fn a_database_that_is_far_away_can_be_read_all_the_time() {
    const FAR: Fate = Fate::GoodAfter(Duration::from_millis(1_300));

    let (database, pulse, _watching) = watched(&[FAR]);
    while database.asked.load(SeqCst) < 4 {
        assert!(*pulse.readable().borrow());
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_question_that_is_lost_keeps_nobody_from_seeing_that_the_database_is_back() {
    let (_, pulse, _watching) = watched(&[Fate::Refused, Fate::Lost, Fate::Lost, Fate::Good]);
    becomes(&pulse, false).await;
    becomes(&pulse, true).await;
}

#[tokio::test]
async fn who_hangs_hears_of_it_when_somebody_who_asked_later_is_answered() {
    let (_, pulse, _watching) = watched(&[Fate::Good, Fate::Lost, Fate::Good]);
    assert!(timeout(PATIENCE, pulse.returned()).await.is_ok());
    assert!(*pulse.readable().borrow(), "it was never found to be lost");
}

#[tokio::test]
async fn a_database_that_never_answers_is_not_asked_ever_more() {
    let (database, _, _watching) = watched(&[Fate::Lost]);
    sleep(BESIDE * 6).await;
    assert!(database.open.load(SeqCst) <= QUESTIONS);
}

#[tokio::test]
async fn who_reads_proves_that_it_can_be_read_although_the_watch_is_refused() {
    let (database, pulse, _watching) = watched(&[Fate::Refused]);
    becomes(&pulse, false).await;
    let returned = pulse.returned();
    pulse.has_read();
    assert!(timeout(PATIENCE, returned).await.is_ok());

    // And nobody reads any more.
    let asked = database.asked.load(SeqCst);
    becomes(&pulse, false).await;
    assert!(database.asked.load(SeqCst) > asked);
}
