//! Tests of database faults: responses are never wrong, arrive in time, and are successful soon after the fault.
//!
//! `cargo xtask faults` runs the same faults for longer on a release build, and prints the results.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "database_faults/clients.rs"]
mod clients;
mod support;

use std::{
    thread,
    time::{Duration, Instant},
};

use wts_testkit::{Database, Fault, Kind, Proxy, sample_records, server_with};

use crate::{
    clients::{Clients, Outcome, Results},
    support::{Service, get, wait_until},
};

/// The time for which a distant database must be ready without interruption.
const STABLE_TIME: Duration = Duration::from_millis(2_500);

/// Starts a service with this database.
fn serve(url: &str) -> Service {
    let environment = [
        ("WTS_METRICS_LISTEN", "127.0.0.1:0"),
        ("WTS_LOG", "warn,wts=info"),
    ];
    Service::with(url, &environment)
}

/// Runs the service with a network fault between it and its database, and checks the responses that clients get.
fn run_with_network_fault(fault: Fault, is_complete: impl Fn(&Results) -> bool) -> Outcome {
    let database = Database::with(Kind::Postgres, sample_records());
    let proxy = Proxy::before(&database.url());
    let mut service = serve(&proxy.url(&database.url()));
    let clients = Clients::of(&mut service);
    clients.run_during(
        || proxy.set(fault),
        is_complete,
        || {
            proxy.set(Fault::None);
            // Connections that the fault would reset later are closed here, so that new ones are opened.
            if matches!(fault, Fault::ResetAfter(_)) {
                proxy.cut();
            }
        },
    )
}

/// A fault of the PostgreSQL server.
#[derive(Debug, Clone, Copy)]
enum ServerFault {
    /// The server is killed, and restarted later.
    Killed,
    /// All processes of the server are paused, and continued later.
    Paused,
}

/// Runs the service with its own PostgreSQL server, injects a fault into the server until `is_complete` returns `true`,
/// and checks the responses that clients get.
fn run_with_server_fault(fault: ServerFault, is_complete: impl Fn(&Results) -> bool) -> Outcome {
    let server = server_with(sample_records());
    let mut service = serve(&server.url("postgres"));
    let clients = Clients::of(&mut service);
    clients.run_during(
        || match fault {
            ServerFault::Killed => server.kill(),
            ServerFault::Paused => server.pause(),
        },
        is_complete,
        || match fault {
            ServerFault::Killed => server.restart().unwrap(),
            ServerFault::Paused => server.resume(),
        },
    )
}

/// Returns whether requests have failed and the service has reported that it is not ready.
fn is_detected(results: &Results) -> bool {
    results.failures > 0 && results.became_unready
}

fn assert_no_failures(outcome: &Outcome) {
    assert!(outcome.results.failures == 0, "{outcome}");
}

#[test]
fn unreachable_database_is_detected_and_recovered_from() {
    run_with_network_fault(Fault::Reset, is_detected);
}

#[test]
fn silent_database_is_detected_and_recovered_from() {
    run_with_network_fault(Fault::BlackHole, is_detected);
}

#[test]
fn killed_database_is_detected_and_recovered_from() {
    run_with_server_fault(ServerFault::Killed, is_detected);
}

#[test]
fn paused_database_fails_requests_and_is_recovered_from() {
    run_with_server_fault(ServerFault::Paused, |results| results.failures > 0);
}

#[test]
fn very_slow_database_fails_requests_and_is_recovered_from() {
    run_with_network_fault(Fault::Slow(Duration::from_secs(3)), |results| {
        results.failures > 0
    });
}

#[test]
fn slightly_slow_database_fails_no_request() {
    let outcome = run_with_network_fault(Fault::Slow(Duration::from_millis(15)), |results| {
        results.succeeded >= 100
    });
    assert_no_failures(&outcome);
}

#[test]
fn database_sending_seven_byte_slices_fails_no_request() {
    assert_no_failures(&run_with_network_fault(Fault::Slices(7), |results| {
        results.succeeded >= 100
    }));
}

#[test]
fn truncated_database_response_is_never_served() {
    for bytes in [1, 100, 700, 5_000] {
        run_with_network_fault(Fault::ResetAfter(bytes), |results| {
            results.succeeded + results.failures >= 100
        });
    }
}

#[test]
fn distant_database_is_ready_and_reconnected_after_a_fault() {
    const DISTANCE: Fault = Fault::Slow(Duration::from_millis(45));

    let database = Database::with(Kind::Postgres, sample_records());
    let proxy = Proxy::before(&database.url());
    proxy.set(DISTANCE);
    let url = format!("{}?connect_timeout=10", proxy.url(&database.url()));
    let service = Service::with(&url, &[("WTS_LOG", "warn,wts=info")]);
    let is_ready = || get(service.address(), "/readyz").status == 200;
    let stays_ready = || {
        let begun = Instant::now();
        while begun.elapsed() < STABLE_TIME {
            assert!(is_ready(), "{}", service.output());
            thread::sleep(Duration::from_millis(20));
        }
    };
    stays_ready();
    // All connections must be opened again, including that of the health check.
    proxy.cut();
    stays_ready();
    proxy.set(Fault::Reset);
    wait_until("unready", || !is_ready());
    proxy.set(DISTANCE);
    wait_until("ready", is_ready);
}

#[test]
#[ignore = "for `cargo xtask faults`: minutes of faults, one after the other"]
fn every_long_fault_is_recovered_from_in_time() {
    let check = |name: &str, seconds: u64, outcome: &Outcome| {
        clients::print(&format!("{name}, {seconds} s"), outcome);
        assert!(outcome.slowest < Duration::from_secs(3), "{outcome}");
        assert!(outcome.recovery < Duration::from_secs(1), "{outcome}");
    };
    for seconds in [1, 3, 10] {
        let lasts = || {
            let begun = Instant::now();
            move |_: &Results| begun.elapsed() >= Duration::from_secs(seconds)
        };
        for (name, fault) in [
            ("killed", ServerFault::Killed),
            ("paused", ServerFault::Paused),
        ] {
            check(name, seconds, &run_with_server_fault(fault, lasts()));
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
            check(name, seconds, &run_with_network_fault(fault, lasts()));
        }
    }
}
