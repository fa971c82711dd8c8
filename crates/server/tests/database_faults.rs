//! The database goes, and comes back: no wrong answer, no request that hangs, and good answers soon after.
//!
//! `cargo xtask faults` does the same for longer, on a release build, and prints what it saw.
#![expect(clippy::unwrap_used, reason = "a test stops where it stands")]

#[path = "database_faults/clients.rs"]
mod clients;
mod support;

use std::{
    thread,
    time::{Duration, Instant},
};

use wts_testkit::{Database, Fault, Kind, Proxy, campus, server_with};

use crate::{
    clients::{Clients, Outcome},
    support::{Service, get},
};

/// How long each fault lasts here.
const SHORT: Duration = Duration::from_millis(2_500);

/// Serves this database.
fn serve(url: &str) -> Service {
    let environment = [
        ("WTS_METRICS_LISTEN", "127.0.0.1:0"),
        ("WTS_LOG", "warn,wts=info"),
    ];
    Service::with(url, &environment)
}

/// Serves a database through a network that fails, and checks what clients see of that.
fn through(fault: Fault, lasts: Duration) -> Outcome {
    let database = Database::with(Kind::Postgres, campus());
    let proxy = Proxy::before(&database.url());
    let mut service = serve(&proxy.url(&database.url()));
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

/// What happens to a server's processes.
#[derive(Debug, Clone, Copy)]
enum Blow {
    /// It is killed and started again.
    Killed,
    /// It is stopped in its tracks and goes on.
    Paused,
}

/// Serves a database of its own to which this happens, and checks what clients see of that.
fn under(blow: Blow, lasts: Duration) -> Outcome {
    let cluster = server_with(campus());
    let mut service = serve(&cluster.url("postgres"));
    let clients = Clients::of(&mut service);
    clients.see(
        || {
            match blow {
                Blow::Killed => cluster.kill(),
                Blow::Paused => cluster.pause(),
            }
            thread::sleep(lasts);
        },
        || match blow {
            Blow::Killed => cluster.restart().unwrap(),
            Blow::Paused => cluster.resume(),
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
    // Until it is found out, which takes a while where nothing is refused.
    let outcome = through(Fault::BlackHole, SHORT * 2);
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
    let outcome = under(Blow::Killed, Duration::from_secs(1));
    assert!(outcome.failures > 0, "{outcome}");
    assert!(outcome.became_unready, "{outcome}");
}

#[test]
fn a_database_that_is_stopped_in_its_tracks_goes_on() {
    let outcome = under(Blow::Paused, SHORT);
    assert!(outcome.failures > 0, "{outcome}");
}

#[test]
fn a_database_far_away_is_ready_all_the_time_and_found_again_when_it_was_lost() {
    const FAR: Fault = Fault::Slow(Duration::from_millis(45));

    let database = Database::with(Kind::Postgres, campus());
    let proxy = Proxy::before(&database.url());
    proxy.set(FAR);
    let environment = [("WTS_CONNECT_TIMEOUT", "10s"), ("WTS_LOG", "warn,wts=info")];
    let service = Service::with(&proxy.url(&database.url()), &environment);
    let is_ready = || get(service.address(), "/readyz").status == 200;
    let becomes = |ready: bool| {
        let begun = Instant::now();
        while is_ready() != ready {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "ready: never {ready}"
            );
            thread::sleep(Duration::from_millis(20));
        }
    };
    let stays_ready = || {
        let begun = Instant::now();
        while begun.elapsed() < SHORT {
            assert!(is_ready(), "{}", service.said());
            thread::sleep(Duration::from_millis(20));
        }
    };
    stays_ready();
    // Every connection has to be made anew, also the one that it is watched over.
    proxy.cut();
    stays_ready();
    proxy.set(Fault::Reset);
    becomes(false);
    proxy.set(FAR);
    becomes(true);
}

#[test]
#[ignore = "for `cargo xtask faults`: minutes of faults, one after the other"]
fn every_fault_for_longer() {
    let hold = |name: &str, seconds: u64, outcome: &Outcome| {
        clients::print(&format!("{name}, {seconds} s"), outcome);
        assert!(outcome.slowest < Duration::from_secs(3), "{outcome}");
        assert!(outcome.recovery < Duration::from_secs(1), "{outcome}");
    };
    for seconds in [1, 3, 10] {
        let lasts = Duration::from_secs(seconds);
        for (name, blow) in [("killed", Blow::Killed), ("paused", Blow::Paused)] {
            hold(name, seconds, &under(blow, lasts));
        }
        for (name, fault) in [
            ("unreachable", Fault::Reset),
            ("black hole", Fault::BlackHole),
            ("3 s slower", Fault::Slow(Duration::from_secs(3))),
            ("15 ms slower", Fault::Slow(Duration::from_millis(15))),
            ("slices of 7 bytes", Fault::Slices(7)),
            ("reset after 1 byte", Fault::ResetAfter(1)),
            ("reset after 700 bytes", Fault::ResetAfter(700)),
        ] {
            hold(name, seconds, &through(fault, lasts));
        }
    }
}
