//! Tests of health checks. The test decides the outcome of each probe.

use std::{
    future::pending,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use tokio::time::{sleep, timeout};

use super::*;

/// The timeout of a test for a result, even on a busy machine.
const TEST_TIMEOUT: Duration = Duration::from_secs(20);

/// The outcome of a probe.
#[derive(Clone, Copy)]
enum Outcome {
    Success,
    SuccessAfter(Duration),
    Failure,
    NoResponse,
}

/// A fake database with a list of outcomes, one for each probe. The last outcome is repeated.
#[derive(Clone)]
struct FakeDatabase {
    outcomes: &'static [Outcome],
    probes: watch::Sender<usize>,
    running: Arc<AtomicUsize>,
}

/// A guard that counts a probe as running until it is dropped.
struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl FakeDatabase {
    /// Waits until `number` probes have started.
    async fn wait_for_probes(&self, number: usize) {
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

/// Returns a fake database, its health, and the handle of its running health check.
fn start_health_check(
    outcomes: &'static [Outcome],
) -> (FakeDatabase, DatabaseHealth, AbortOnDropHandle<()>) {
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

async fn wait_for_readable(health: &DatabaseHealth, readable: bool) {
    let mut changes = health.readable();
    let change = changes.wait_for(|now| *now == readable);
    assert!(
        timeout(TEST_TIMEOUT, change).await.is_ok(),
        "the state did not become readable = {readable}"
    );
}

/// A success that takes longer than [`OVERLAPPING_PROBE_DELAY`].
const SLOW_SUCCESS: Outcome = Outcome::SuccessAfter(Duration::from_millis(1_300));

#[tokio::test]
async fn database_with_slow_probes_recovers() {
    let (_, health, _check) = start_health_check(&[Outcome::Failure, SLOW_SUCCESS]);
    wait_for_readable(&health, false).await;
    wait_for_readable(&health, true).await;
}

#[tokio::test]
async fn database_with_slow_probes_stays_readable() {
    let (database, health, _check) = start_health_check(&[SLOW_SUCCESS]);
    tokio::select! {
        () = database.wait_for_probes(4) => {}
        () = wait_for_readable(&health, false) => panic!("the database became unreadable"),
    }
}

#[tokio::test]
async fn hanging_probe_does_not_delay_recovery() {
    let (_, health, _check) = start_health_check(&[
        Outcome::Failure,
        Outcome::NoResponse,
        Outcome::NoResponse,
        Outcome::Success,
    ]);
    wait_for_readable(&health, false).await;
    wait_for_readable(&health, true).await;
}

#[tokio::test]
async fn success_after_a_hanging_probe_counts_as_recovery() {
    let (_, health, _check) =
        start_health_check(&[Outcome::Success, Outcome::NoResponse, Outcome::Success]);
    assert!(timeout(TEST_TIMEOUT, health.recovered()).await.is_ok());
    assert!(
        *health.readable().borrow(),
        "the database was never unreadable"
    );
}

#[tokio::test]
async fn number_of_hanging_probes_is_limited() {
    let (database, _, _check) = start_health_check(&[Outcome::NoResponse]);
    sleep(OVERLAPPING_PROBE_DELAY * 6).await;
    assert!(database.running.load(SeqCst) <= MAX_CONCURRENT_PROBES);
}

#[tokio::test]
async fn successful_read_makes_the_database_readable() {
    let (database, health, _check) = start_health_check(&[Outcome::Failure]);
    wait_for_readable(&health, false).await;
    let recovered = health.recovered();
    health.record_success();
    assert!(timeout(TEST_TIMEOUT, recovered).await.is_ok());

    // Without further reads, the next failed probe makes the database unreadable.
    let probes = *database.probes.borrow();
    wait_for_readable(&health, false).await;
    assert!(*database.probes.borrow() > probes);
}
