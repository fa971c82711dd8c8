//! Tests of the settled horizon: examples, and random schedules of transactions in a model of PostgreSQL.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

fn observation(newest: i64, following: &[i64], writers: &[&str]) -> Observation {
    Observation {
        server: Timestamp::from_micros_since_2000(1),
        newest: Some(newest),
        following: following.to_vec(),
        writers: Some(writers.iter().map(ToString::to_string).collect()),
    }
}

/// Records an observation for a reader at the beginning and returns the shared horizon.
fn record(horizon: &mut SettledHorizon, newest: i64, following: &[i64], writers: &[&str]) -> i64 {
    horizon.record(&observation(newest, following, writers), i64::MIN);
    horizon.settled()
}

#[test]
fn all_traces_are_settled_without_writers() {
    let mut horizon = SettledHorizon::default();
    assert_eq!(horizon.settled(), i64::MIN);
    assert_eq!(record(&mut horizon, 9, &[2, 9], &[]), 9);
}

#[test]
fn trace_waits_for_earlier_writers() {
    let mut horizon = SettledHorizon::default();
    record(&mut horizon, 10, &[10], &[]);
    assert_eq!(record(&mut horizon, 12, &[12], &["1/1"]), 10);
    assert_eq!(record(&mut horizon, 15, &[12, 15], &["1/1", "2/1"]), 10);
    // The transaction 1/1 has ended. The transaction 2/1 began after 12 had been committed.
    assert_eq!(record(&mut horizon, 19, &[12, 15, 19], &["2/1", "3/1"]), 12);
    assert_eq!(record(&mut horizon, 19, &[15, 19], &["3/1"]), 15);
    assert_eq!(record(&mut horizon, 19, &[19], &[]), 19);
}

#[test]
fn traces_without_a_gap_do_not_wait() {
    let mut horizon = SettledHorizon::default();
    record(&mut horizon, 10, &[10], &[]);
    assert_eq!(record(&mut horizon, 14, &[11, 12, 14], &["1/1"]), 12);
}

#[test]
fn position_extends_the_horizon_of_its_reader_only() {
    let mut horizon = SettledHorizon::default();
    let seen = observation(24, &[21, 22, 24], &["1/1"]);
    assert_eq!(horizon.record(&seen, 20), 22);
    assert_eq!(horizon.settled(), i64::MIN);
}

/// When the server restarts, the virtual transaction id of a prepared transaction becomes `-1/` and the transaction id.
#[test]
fn horizon_waits_for_prepared_transaction_after_restart() {
    let mut horizon = SettledHorizon::default();
    record(&mut horizon, 10, &[10], &[]);
    assert_eq!(record(&mut horizon, 12, &[12], &["1/1"]), 10);
    assert_eq!(record(&mut horizon, 12, &[12], &["-1/731"]), 10);
    assert_eq!(record(&mut horizon, 12, &[12], &[]), 12);
}

#[test]
fn server_with_fewer_traces_resets_the_horizon() {
    let mut horizon = SettledHorizon::default();
    record(&mut horizon, 10, &[10], &[]);
    let mut successor = observation(12, &[], &["1/1"]);
    successor.server = Timestamp::from_micros_since_2000(2);
    horizon.record(&successor, i64::MIN);
    assert_eq!(horizon.settled(), 10);

    let mut restored = observation(7, &[], &["1/1"]);
    restored.server = Timestamp::from_micros_since_2000(3);
    horizon.record(&restored, i64::MIN);
    assert_eq!(horizon.settled(), i64::MIN);
}

/// A step of a schedule. Transactions and backends are named by a small number.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Takes the lock, and the id for one more trace.
    Insert(usize),
    Commit(usize),
    RollBack(usize),
    Prepare(usize),
    /// Commits the prepared transaction with the lowest number, or rolls it back.
    FinishPrepared(bool),
    /// Takes the snapshot of an observation.
    Snapshot,
    /// Reads the locks for the snapshot, and records the observation.
    Locks,
    /// Ends all transactions that are not prepared, and changes the virtual transaction ids of the others.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0_usize..5).prop_map(Step::Insert),
        3 => (0_usize..5).prop_map(Step::Commit),
        1 => (0_usize..5).prop_map(Step::RollBack),
        1 => (0_usize..5).prop_map(Step::Prepare),
        1 => any::<bool>().prop_map(Step::FinishPrepared),
        3 => Just(Step::Snapshot),
        3 => Just(Step::Locks),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..120)
}

/// A model of the table and its writers.
#[derive(Default)]
struct Model {
    next: i64,
    committed: BTreeSet<i64>,
    /// The virtual transaction id and the ids of uncommitted traces, by backend.
    open: BTreeMap<usize, (String, Vec<i64>)>,
    prepared: Vec<(String, Vec<i64>)>,
    transactions: u32,
    /// Whether PREPARE TRANSACTION changes the virtual transaction id, as in older versions of PostgreSQL.
    renames: bool,
}

impl Model {
    fn writers(&self) -> Vec<String> {
        let open = self.open.values().map(|(id, _)| id);
        let prepared = self.prepared.iter().map(|(id, _)| id);
        open.chain(prepared).cloned().collect()
    }

    fn observation(&self, floor: i64, settled: i64) -> Observation {
        let newest = self.committed.last().copied();
        Observation {
            server: Timestamp::from_micros_since_2000(1),
            newest,
            following: self
                .committed
                .range(floor.saturating_add(1)..)
                .take(5)
                .copied()
                .collect(),
            writers: newest
                .filter(|newest| *newest > settled)
                .map(|_| Vec::new()),
        }
    }
}

proptest! {
    /// No trace is committed with an id at or below the horizon.
    #[test]
    fn settled_traces_are_final_in_every_schedule(steps in steps(), renames: bool) {
        let mut model = Model { renames, ..Model::default() };
        let mut horizon = SettledHorizon::default();
        let mut pending = None;
        for step in steps {
            let mut committing = Vec::new();
            match step {
                Step::Insert(backend) => {
                    model.next += 1;
                    if !model.open.contains_key(&backend) {
                        model.transactions += 1;
                        let id = format!("{backend}/{}", model.transactions);
                        model.open.insert(backend, (id, Vec::new()));
                    }
                    model.open.get_mut(&backend).unwrap().1.push(model.next);
                }
                Step::Commit(backend) => {
                    committing = model.open.remove(&backend).unwrap_or_default().1;
                }
                Step::RollBack(backend) => drop(model.open.remove(&backend)),
                Step::Prepare(backend) => {
                    if let Some((id, numbers)) = model.open.remove(&backend) {
                        let name = if model.renames { format!("-1/{}", numbers[0]) } else { id };
                        model.prepared.push((name, numbers));
                    }
                }
                Step::FinishPrepared(commits) => {
                    if !model.prepared.is_empty() {
                        let (_, numbers) = model.prepared.remove(0);
                        committing = if commits { numbers } else { Vec::new() };
                    }
                }
                Step::Snapshot => {
                    pending = Some(model.observation(horizon.settled(), horizon.settled()));
                }
                Step::Locks => {
                    if let Some(mut observation) = pending.take() {
                        observation.writers = observation.writers.map(|_| model.writers());
                        horizon.record(&observation, i64::MIN);
                    }
                }
                Step::Restart => {
                    model.open.clear();
                    model.transactions = 0;
                    for (id, numbers) in &mut model.prepared {
                        *id = format!("-1/{}", numbers[0]);
                    }
                    pending = None;
                }
            }
            for number in committing {
                prop_assert!(number > horizon.settled(), "{number} after {}", horizon.settled());
                model.committed.insert(number);
            }
        }
        // Without writers, everything is settled.
        if model.writers().is_empty() {
            let observation = model.observation(horizon.settled(), horizon.settled());
            horizon.record(&observation, i64::MIN);
            if let Some(newest) = model.committed.last() {
                prop_assert!(horizon.settled() >= *newest);
            }
        }
    }
}
