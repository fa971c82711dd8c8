//! Faults of the database: no wrong response, no request without a response in time, and success responses soon after.
//!
//! `cargo xtask faults` runs the same faults for longer on a release build, and prints the results.
#![expect(clippy::unwrap_used, reason = "a test stops where it stands")]

#[path = "database_faults/clients.rs"]
mod clients;
mod support;

use std::{
    thread,
    time::{Duration, Instant},
};

use wts_testkit::{Database, Fault, Kind, Proxy, sample_records, server_with};

use crate::{
    clients::{Clients, Outcome, Seen},
    support::{Service, get, wait_until},
};

/// How long a distant database has to stay ready. The fault ends between two health checks, because an interrupted
/// health check fails.
const WHILE: Duration = Duration::from_millis(2_500);

/// Starts a service with this database.
fn serve(url: &str) -> Service {
    let environment = [
        ("WTS_METRICS_LISTEN", "127.0.0.1:0"),
        ("WTS_LOG", "warn,wts=info"),
    ];
    Service::with(url, &environment)
}

/// Serves a database through a failing network, and checks the responses that clients get.
fn through(fault: Fault, enough: impl Fn(&Seen) -> bool) -> Outcome {
    let database = Database::with(Kind::Postgres, sample_records());
    let proxy = Proxy::before(&database.url());
    let mut service = serve(&proxy.url(&database.url()));
    let clients = Clients::of(&mut service);
    clients.see(
        || proxy.set(fault),
        enough,
        || {
            proxy.set(Fault::None);
            // Cut connections stay closed, and blocked ones may have been closed.
            if matches!(fault, Fault::ResetAfter(_)) {
                proxy.cut();
            }
        },
    )
}

/// A fault of a server's processes.
#[derive(Debug, Clone, Copy)]
enum ServerFault {
    /// The server is killed and restarted.
    Killed,
    /// The server is stopped and continued.
    Paused,
}

/// Runs the service on a PostgreSQL server of its own, injects a fault into that server until `enough` returns true, and
/// checks the responses to clients.
fn under(fault: ServerFault, enough: impl Fn(&Seen) -> bool) -> Outcome {
    let server = server_with(sample_records());
    let mut service = serve(&server.url("postgres"));
    let clients = Clients::of(&mut service);
    clients.see(
        || match fault {
            ServerFault::Killed => server.kill(),
            ServerFault::Paused => server.pause(),
        },
        enough,
        || match fault {
            ServerFault::Killed => server.restart().unwrap(),
            ServerFault::Paused => server.resume(),
        },
    )
}

/// Requests fail, and the service reports that it is not ready.
fn is_noticed(seen: &Seen) -> bool {
    seen.failures > 0 && seen.became_unready
}

fn assert_unnoticed(outcome: &Outcome) {
    assert!(outcome.seen.failures == 0, "{outcome}");
}

#[test]
fn unreachable_database_is_detected_and_recovered_from() {
    through(Fault::Reset, is_noticed);
}

#[test]
fn silent_database_is_detected_and_recovered_from() {
    through(Fault::BlackHole, is_noticed);
}

#[test]
fn killed_database_is_detected_and_recovered_from() {
    under(ServerFault::Killed, is_noticed);
}

#[test]
fn paused_database_fails_requests_and_is_recovered_from() {
    under(ServerFault::Paused, |seen| seen.failures > 0);
}

#[test]
fn far_too_slow_database_fails_requests_and_is_recovered_from() {
    through(Fault::Slow(Duration::from_secs(3)), |seen| {
        seen.failures > 0
    });
}

#[test]
fn slightly_slow_database_fails_no_request() {
    let outcome = through(Fault::Slow(Duration::from_millis(15)), |seen| {
        seen.good >= 100
    });
    assert_unnoticed(&outcome);
}

#[test]
fn database_sending_seven_byte_slices_fails_no_request() {
    assert_unnoticed(&through(Fault::Slices(7), |seen| seen.good >= 100));
}

#[test]
fn truncated_database_response_is_never_served() {
    for bytes in [1, 100, 700, 5_000] {
        through(Fault::ResetAfter(bytes), |seen| {
            seen.good + seen.failures >= 100
        });
    }
}

#[test]
fn distant_database_is_always_ready_and_found_again() {
    const FAR: Fault = Fault::Slow(Duration::from_millis(45));

    let database = Database::with(Kind::Postgres, sample_records());
    let proxy = Proxy::before(&database.url());
    proxy.set(FAR);
    let url = format!("{}?connect_timeout=10", proxy.url(&database.url()));
    let service = Service::with(&url, &[("WTS_LOG", "warn,wts=info")]);
    let is_ready = || get(service.address(), "/readyz").status == 200;
    let stays_ready = || {
        let begun = Instant::now();
        while begun.elapsed() < WHILE {
            assert!(is_ready(), "{}", service.said());
            thread::sleep(Duration::from_millis(20));
        }
    };
    stays_ready();
    // Every connection has to be opened again, including that of the health check.
    proxy.cut();
    stays_ready();
    proxy.set(Fault::Reset);
    wait_until("unready", || !is_ready());
    proxy.set(FAR);
    wait_until("ready", is_ready);
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
        let lasts = || {
            let begun = Instant::now();
            move |_: &Seen| begun.elapsed() >= Duration::from_secs(seconds)
        };
        for (name, blow) in [
            ("killed", ServerFault::Killed),
            ("paused", ServerFault::Paused),
        ] {
            hold(name, seconds, &under(blow, lasts()));
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
            hold(name, seconds, &through(fault, lasts()));
        }
    }
}
