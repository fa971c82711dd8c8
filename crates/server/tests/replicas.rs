//! Tests of read replicas, with a real primary and a real standby with streaming replication.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    net::SocketAddr,
    panic::{self, AssertUnwindSafe},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use wts_domain::Access;
use wts_testkit::{ALICE, Fault, PostgresServer, Proxy, sample_records, server_with};

use crate::support::{Service, get, outcome, token, wait_until, wts};

const TRACES: &str = "/api/v3/get_traces?tid=123";
/// The maximum response time on a busy machine while a replica fails. The documented limit is 1 s, which
/// `cargo xtask faults` checks.
const SLOWEST: Duration = Duration::from_secs(4);

/// A primary, a standby, and a service that reads from both. The connection to the standby can be interrupted.
struct ReplicatedService {
    service: Service,
    operations: SocketAddr,
    network: Proxy,
    standby: PostgresServer,
    primary: PostgresServer,
}

impl ReplicatedService {
    fn new() -> Self {
        Self::with(&[])
    }

    fn with(more: &[(&str, &str)]) -> Self {
        let primary = server_with(sample_records());
        let standby = primary.start_standby().unwrap();
        let network = Proxy::before(&standby.url("postgres"));
        let replica = network.url(&standby.url("postgres"));
        let settings = [
            ("WTS_DATABASE_READ_URLS", replica.as_str()),
            ("WTS_REPLICA_MAX_LAG", "1s"),
            ("WTS_METRICS_LISTEN", "127.0.0.1:0"),
            ("WTS_LOG", "warn,wts=info"),
        ];
        let mut service = Service::with(&primary.url("postgres"), &[&settings, more].concat());
        let operations = service.operations();
        let replicated = Self {
            service,
            operations,
            network,
            standby,
            primary,
        };
        replicated.wait_until_replica_is_in_use(true);
        replicated
    }

    fn opids(&self) -> Vec<i64> {
        let response = self.service.get(TRACES, &token(ALICE, Access::User));
        assert_eq!(response.status, 200, "{}", response.body);
        response.opids()
    }

    /// Adds a trace on the primary.
    fn add_trace(&self, opid: i64) {
        self.primary.execute(&format!(
            "insert into wts.ticket_traces (opid, tid, op, remark) values ({opid}, 123, '-1', '')"
        )).unwrap();
    }

    /// Returns the value of a metric of the primary or of the replica.
    fn metric(&self, name: &str, primary: bool) -> f64 {
        let metrics = get(self.operations, "/metrics").body;
        let line = metrics.lines().find(|line| {
            line.starts_with(&format!("{name}{{"))
                && line.contains("database=\"primary\"") == primary
        });
        line.and_then(|line| line.rsplit_once(' ')?.1.parse().ok())
            .unwrap_or(f64::NAN)
    }

    fn wait_until_replica_is_in_use(&self, in_use: bool) {
        let wanted = f64::from(u8::from(in_use));
        wait_until(&format!("in use: {in_use}"), || {
            self.metric("wts_database_replica_in_use", false).to_bits() == wanted.to_bits()
        });
    }

    /// Asserts that responses have these traces, which have just been written, within the maximum replica lag.
    fn assert_staleness_is_bounded(&self, opids: &[i64]) {
        let written = Instant::now();
        loop {
            let elapsed = written.elapsed();
            if self.opids() == opids {
                break;
            }
            // The configured maximum replica lag must not be exceeded even on a busy machine.
            assert!(elapsed < Duration::from_secs(1), "stale after {elapsed:?}");
        }
    }

    /// Injects a fault into the replica, and asserts that no request fails until the replica is out of use. Returns the
    /// longest response time.
    fn assert_no_request_fails_during(&self, inject: impl FnOnce()) -> Duration {
        let over = AtomicBool::new(false);
        let slowest = Mutex::new(Duration::ZERO);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while !over.load(SeqCst) {
                        let begun = Instant::now();
                        assert_eq!(self.opids(), [1, 3]);
                        let mut slowest = slowest.lock().unwrap();
                        *slowest = slowest.max(begun.elapsed());
                    }
                });
            }
            let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
                inject();
                self.wait_until_replica_is_in_use(false);
            }));
            over.store(true, SeqCst);
            outcome.unwrap();
        });
        let slowest = slowest.into_inner().unwrap();
        assert!(slowest < SLOWEST, "{slowest:?}");
        slowest
    }
}

#[test]
fn replica_serves_all_reads_except_those_of_new_tickets() {
    const BATCHES: &str = "wts_database_batch_tickets_count";

    let replicated = ReplicatedService::new();
    let before = replicated.metric(BATCHES, true);
    for _ in 0..20 {
        assert_eq!(replicated.opids(), [1, 3]);
    }
    assert!(replicated.metric(BATCHES, false) >= 20.0);
    assert!(replicated.metric(BATCHES, true) <= before.max(0.0) + 2.0);

    // All metrics that the dashboard and the alerts query must exist.
    let metrics = get(replicated.operations, "/metrics").body;
    for names in [
        include_str!("../deploy/dashboard.json"),
        include_str!("../deploy/alerts.yml"),
    ] {
        let names = names
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| word.starts_with("wts_") || word.starts_with("process_"));
        for name in names {
            let base = ["_total", "_bucket", "_sum", "_count", "_info"]
                .iter()
                .find_map(|suffix| name.strip_suffix(suffix))
                .unwrap_or(name);
            let has_type = |name: &str| metrics.contains(&format!("# TYPE {name} "));
            assert!(has_type(base) || has_type(name), "{name} in {metrics}");
        }
    }

    // A ticket that has not been replicated yet must be found.
    replicated
        .standby
        .execute("select pg_wal_replay_pause()")
        .unwrap();
    replicated
        .primary
        .execute(
            "insert into wts.tickets (tid, issuer, submitted_at, category, description)
         select 900, issuer, submitted_at, category, description from wts.tickets where tid = 123",
        )
        .unwrap();
    let response = replicated
        .service
        .get("/api/v3/get_traces?tid=900", &token(ALICE, Access::User));
    assert_eq!(response.status, 200, "{}", response.body);
}

#[test]
fn demotion_not_yet_replicated_takes_effect() {
    let replicated = ReplicatedService::with(&[
        ("WTS_RECHECK_ACCESS", "on"),
        // With this maximum lag, the replica remains in use.
        ("WTS_REPLICA_MAX_LAG", "1h"),
    ]);
    let request = || {
        let james = token("2022310007", Access::FormalMember);
        replicated.service.get(TRACES, &james).status
    };
    assert_eq!(request(), 200);
    replicated
        .standby
        .execute("select pg_wal_replay_pause()")
        .unwrap();
    replicated
        .primary
        .execute("update wts.operators set access = 'user' where wid = 'W007'")
        .unwrap();
    for _ in 0..5 {
        assert_eq!(request(), 403);
    }
}

#[test]
fn requests_succeed_during_replica_failure_and_recovery() {
    let replicated = ReplicatedService::new();
    replicated.assert_no_request_fails_during(|| replicated.standby.kill());
    assert_eq!(replicated.opids(), [1, 3]);
    replicated.standby.restart().unwrap();
    replicated.wait_until_replica_is_in_use(true);
    assert_eq!(replicated.opids(), [1, 3]);

    replicated.assert_no_request_fails_during(|| replicated.network.set(Fault::BlackHole));
    replicated.network.set(Fault::None);
    replicated.wait_until_replica_is_in_use(true);
}

#[test]
#[ignore = "for `cargo xtask faults`"]
#[expect(clippy::print_stdout, reason = "the output of `cargo xtask faults`")]
fn repeatedly_failing_replica_fails_no_request() {
    let replicated = ReplicatedService::new();
    for round in 1..=5 {
        let died = replicated.assert_no_request_fails_during(|| replicated.standby.kill());
        replicated.standby.restart().unwrap();
        replicated.wait_until_replica_is_in_use(true);
        let vanished =
            replicated.assert_no_request_fails_during(|| replicated.network.set(Fault::BlackHole));
        replicated.network.set(Fault::None);
        replicated.wait_until_replica_is_in_use(true);
        println!(
            "{round}: slowest response {died:?} after the standby was killed, {vanished:?} after its network failed"
        );
        assert!(died.max(vanished) < Duration::from_secs(1));
    }
}

#[test]
fn replica_is_used_after_the_primary_switches_its_wal_file() {
    let replicated = ReplicatedService::new();
    replicated.add_trace(60);
    replicated
        .primary
        .execute("select pg_switch_wal()")
        .unwrap();
    // This time is longer than the maximum lag, and shorter than the interval at which an idle primary writes to its WAL.
    thread::sleep(Duration::from_secs(2));
    let begun = Instant::now();
    replicated.wait_until_replica_is_in_use(true);
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(replicated.opids(), [1, 3, 60]);
}

#[test]
fn replica_beyond_max_lag_is_unused_until_it_catches_up() {
    let replicated = ReplicatedService::new();
    replicated
        .standby
        .execute("select pg_wal_replay_pause()")
        .unwrap();
    replicated.add_trace(50);
    replicated.assert_staleness_is_bounded(&[1, 3, 50]);
    replicated.wait_until_replica_is_in_use(false);
    assert_eq!(replicated.opids(), [1, 3, 50]);

    replicated
        .standby
        .execute("select pg_wal_replay_resume()")
        .unwrap();
    replicated.wait_until_replica_is_in_use(true);
    assert_eq!(replicated.opids(), [1, 3, 50]);
}

#[test]
fn replica_with_unknown_lag_is_detected() {
    let replicated = ReplicatedService::new();
    // The replica is disconnected from the primary. It has replayed all WAL that it received, so it reports no lag itself.
    replicated
        .standby
        .execute("alter system set primary_conninfo = ''")
        .unwrap();
    replicated
        .standby
        .execute("select pg_reload_conf()")
        .unwrap();
    replicated.add_trace(51);
    replicated.wait_until_replica_is_in_use(false);
    assert_eq!(replicated.opids(), [1, 3, 51]);
}

#[test]
fn staleness_is_bounded_with_asynchronous_commits() {
    let replicated = ReplicatedService::new();
    // With these settings, a commit is visible at once, but is written and sent to the replica only after ten seconds.
    replicated
        .primary
        .execute("alter system set wal_writer_delay = '10s'")
        .unwrap();
    replicated
        .primary
        .execute("select pg_reload_conf()")
        .unwrap();
    thread::sleep(Duration::from_secs(1));
    replicated
        .primary
        .execute(
            "set synchronous_commit = off;
         insert into wts.ticket_traces (opid, tid, op, remark) values (53, 123, '-1', '')",
        )
        .unwrap();
    replicated.assert_staleness_is_bounded(&[1, 3, 53]);
}

#[test]
fn replicas_are_for_postgresql_only() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/wts.db", directory.path().display());
    let mut serve = wts(&["serve"]);
    serve
        .env("WTS_DATABASE_URL", &url)
        .env("WTS_JWT_SECRET", support::SECRET)
        .env("WTS_DATABASE_READ_URLS", "postgres://wts@127.0.0.1:1/wts");
    let (status, _, error) = outcome(&mut serve);
    assert_eq!(status.code(), Some(1));
    assert!(
        error.contains("read replicas are for PostgreSQL only"),
        "{error}"
    );
}
