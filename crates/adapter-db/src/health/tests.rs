//! A health check of a database whose probes end as the test wants.

use std::{
    future::pending,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use tokio::time::{sleep, timeout};

use super::*;

/// How long anything may take on a busy machine.
const TEST_TIMEOUT: Duration = Duration::from_secs(20);

/// The end of a probe.
#[derive(Clone, Copy)]
enum Outcome {
    Success,
    SuccessAfter(Duration),
    Failure,
    NoResponse,
}

/// A database with an outcome for each probe in turn; the last is that of all later ones.
#[derive(Clone)]
struct FakeDatabase {
    outcomes: &'static [Outcome],
    probes: watch::Sender<usize>,
    running: Arc<AtomicUsize>,
}

/// Counts a probe as running until it is dropped.
struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl FakeDatabase {
    /// Waits until `number` probes have begun.
    async fn has_probes(&self, number: usize) {
        let mut probes = self.probes.subscribe();
        let begun = probes.wait_for(|probes| *probes >= number);
        assert!(timeout(TEST_TIMEOUT, begun).await.is_ok());
    }
}

impl Probe for FakeDatabase {
    async fn probe(&self) -> Result<(), Cause> {
        let number = *self.probes.borrow();
        self.running.fetch_add(1, SeqCst);
        let _running = Running(Arc::clone(&self.running));
        self.probes.send_modify(|probes| *probes += 1);
        match self.outcomes.get(number).or(self.outcomes.last()) {
            Some(Outcome::SuccessAfter(delay)) => sleep(*delay).await,
            Some(Outcome::Failure) => return Err("refused".into()),
            Some(Outcome::NoResponse) => pending().await,
            Some(Outcome::Success) | None => {}
        }
        Ok(())
    }
}

/// A database, its health, and the health check that runs until it is dropped.
fn checked(outcomes: &'static [Outcome]) -> (FakeDatabase, DatabaseHealth, AbortOnDropHandle<()>) {
    let database = FakeDatabase {
        outcomes,
        probes: watch::Sender::new(0),
        running: Arc::default(),
    };
    let health = DatabaseHealth::new("primary", &DatabaseMetrics::default());
    let interval = Duration::from_millis(10);
    let check = spawn_health_check(database.clone(), health.clone(), interval);
    (database, health, check)
}

async fn becomes(health: &DatabaseHealth, readable: bool) {
    let mut changes = health.readable();
    let change = changes.wait_for(|now| *now == readable);
    assert!(
        timeout(TEST_TIMEOUT, change).await.is_ok(),
        "never {readable}"
    );
}

/// Longer than a probe waits for another.
const FAR: Outcome = Outcome::SuccessAfter(Duration::from_millis(1_300));

#[tokio::test]
async fn far_database_recovers() {
    let (_, health, _check) = checked(&[Outcome::Failure, FAR]);
    becomes(&health, false).await;
    becomes(&health, true).await;
}

#[tokio::test]
async fn far_database_stays_readable() {
    let (database, health, _check) = checked(&[FAR]);
    tokio::select! {
        () = database.has_probes(4) => {}
        () = becomes(&health, false) => panic!("it was found to be unreadable"),
    }
}

#[tokio::test]
async fn hanging_probe_does_not_delay_recovery() {
    let (_, health, _check) = checked(&[
        Outcome::Failure,
        Outcome::NoResponse,
        Outcome::NoResponse,
        Outcome::Success,
    ]);
    becomes(&health, false).await;
    becomes(&health, true).await;
}

#[tokio::test]
async fn hanging_reads_learn_of_a_later_success() {
    let (_, health, _check) = checked(&[Outcome::Success, Outcome::NoResponse, Outcome::Success]);
    assert!(timeout(TEST_TIMEOUT, health.recovered()).await.is_ok());
    assert!(*health.readable().borrow(), "it was readable all the time");
}

#[tokio::test]
async fn probes_without_response_are_limited() {
    let (database, _, _check) = checked(&[Outcome::NoResponse]);
    sleep(OVERLAPPING_PROBE_DELAY * 6).await;
    assert!(database.running.load(SeqCst) <= MAX_CONCURRENT_PROBES);
}

#[tokio::test]
async fn read_proves_that_the_database_is_readable() {
    let (database, health, _check) = checked(&[Outcome::Failure]);
    becomes(&health, false).await;
    let recovered = health.recovered();
    health.record_success();
    assert!(timeout(TEST_TIMEOUT, recovered).await.is_ok());

    // No more reads follow.
    let probes = *database.probes.borrow();
    becomes(&health, false).await;
    assert!(*database.probes.borrow() > probes);
}
