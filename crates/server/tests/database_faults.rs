//! The database goes, and comes back: no wrong answer, no request that hangs, and good answers soon after.
//!
//! `cargo xtask faults` does the same for longer, on a release build, and prints what it saw.

#[path = "database_faults/clients.rs"]
mod clients;
mod support;

use std::{thread, time::Duration};

use wts_testkit::{Cluster, Database, Fault, Kind, Proxy, campus};

use crate::{
    clients::{Clients, Outcome},
    support::Service,
};

/// How long each fault lasts here.
const SHORT: Duration = Duration::from_millis(2_500);

/// Serves a database through a network that fails, and checks what clients see of that.
fn through(fault: Fault, lasts: Duration) -> Outcome {
    let database = Database::with(Kind::Postgres, campus());
    let proxy = Proxy::before(&database.url());
    let mut service = Service::with(
        &proxy.url(&database.url()),
        &[
            ("WTS_METRICS_LISTEN", "127.0.0.1:0"),
            ("WTS_LOG", "warn,wts=info"),
        ],
    );
    let clients = Clients::of(&mut service);
    clients.see(
        || {
            proxy.set(fault);
            thread::sleep(lasts);
        },
        || {
            proxy.set(Fault::None);
            // What was cut stays cut, and what hung may have been given up.
            if matches!(fault, Fault::ResetAfter(_)) {
                proxy.cut();
            }
        },
    )
}

#[test]
fn a_database_that_is_unreachable_comes_back() {
    let outcome = through(Fault::Reset, SHORT);
    assert!(outcome.failures > 0, "{outcome}");
    assert!(outcome.became_unready, "{outcome}");
}

#[test]
fn a_database_in_a_black_hole_comes_back() {
    let outcome = through(Fault::BlackHole, SHORT);
    assert!(outcome.failures > 0, "{outcome}");
    assert!(outcome.became_unready, "{outcome}");
}

#[test]
fn a_database_far_too_slow_comes_back() {
    let outcome = through(Fault::Slow(Duration::from_secs(3)), SHORT);
    assert!(outcome.failures > 0, "{outcome}");
}

#[test]
fn a_database_that_is_merely_slow_is_waited_for() {
    let outcome = through(Fault::Slow(Duration::from_millis(15)), SHORT);
    assert!(outcome.failures == 0 && outcome.good > 0, "{outcome}");
}

#[test]
fn a_database_that_answers_in_slices_of_seven_bytes_is_understood() {
    let outcome = through(Fault::Slices(7), SHORT);
    assert!(outcome.failures == 0 && outcome.good > 0, "{outcome}");
}

#[test]
fn a_database_whose_answers_break_off_is_never_half_believed() {
    for bytes in [1, 100, 700, 5_000] {
        through(Fault::ResetAfter(bytes), Duration::from_millis(700));
    }
}

#[test]
fn a_database_that_is_killed_and_restarted_comes_back() {
    let cluster = Cluster::with(campus());
    let mut service = Service::with(
        &cluster.url(),
        &[
            ("WTS_METRICS_LISTEN", "127.0.0.1:0"),
            ("WTS_LOG", "warn,wts=info"),
        ],
    );
    let clients = Clients::of(&mut service);
    let outcome = clients.see(
        || {
            cluster.kill();
            thread::sleep(Duration::from_secs(1));
        },
        || cluster.start(),
    );
    assert!(outcome.failures > 0, "{outcome}");
    assert!(outcome.became_unready, "{outcome}");
}

#[test]
fn a_database_that_is_stopped_in_its_tracks_goes_on() {
    let cluster = Cluster::with(campus());
    let mut service = Service::with(
        &cluster.url(),
        &[
            ("WTS_METRICS_LISTEN", "127.0.0.1:0"),
            ("WTS_LOG", "warn,wts=info"),
        ],
    );
    let clients = Clients::of(&mut service);
    let outcome = clients.see(
        || {
            cluster.pause();
            thread::sleep(SHORT);
        },
        || cluster.resume(),
    );
    assert!(outcome.failures > 0, "{outcome}");
}

#[test]
#[ignore = "for `cargo xtask faults`: minutes of faults, one after the other"]
fn every_fault_for_longer() {
    for (name, fault) in [
        ("unreachable", Fault::Reset),
        ("black hole", Fault::BlackHole),
        ("3 s slower", Fault::Slow(Duration::from_secs(3))),
        ("15 ms slower", Fault::Slow(Duration::from_millis(15))),
        ("slices of 7 bytes", Fault::Slices(7)),
        ("reset after 1 byte", Fault::ResetAfter(1)),
        ("reset after 700 bytes", Fault::ResetAfter(700)),
    ] {
        for seconds in [1, 3, 10] {
            let outcome = through(fault, Duration::from_secs(seconds));
            clients::print(&format!("{name}, {seconds} s"), &outcome);
            assert!(outcome.slowest < Duration::from_secs(3), "{outcome}");
            assert!(outcome.recovery < Duration::from_secs(1), "{outcome}");
        }
    }
}
