//! Reads from PostgreSQL's own streaming replication: a real primary and a real standby.

#![expect(clippy::unwrap_used, reason = "a test stops where it stands")]

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
/// The limit of the response time on a busy machine while a replica fails. The documented limit is 1 s;
/// `cargo xtask faults` checks it.
const SLOWEST: Duration = Duration::from_secs(4);

/// A primary, a standby through a network that can fail, and a service that reads from both.
struct Campus {
    service: Service,
    operations: SocketAddr,
    network: Proxy,
    standby: PostgresServer,
    primary: PostgresServer,
}

impl Campus {
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
        let campus = Self {
            service,
            operations,
            network,
            standby,
            primary,
        };
        campus.wait_until_replica_is_in_use(true);
        campus
    }

    fn opids(&self) -> Vec<i64> {
        let answer = self.service.get(TRACES, &token(ALICE, Access::User));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.opids()
    }

    /// Adds a trace on the primary.
    fn add_trace(&self, opid: i64) {
        self.primary.execute(&format!(
            "insert into wts.ticket_traces (opid, tid, op, remark) values ({opid}, 123, '-1', '')"
        )).unwrap();
    }

    /// Returns a metric of the primary or, by default, of the replica.
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

    /// Sends requests until the response has these traces, which were just written.
    fn is_stale_no_longer_than_the_bound(&self, opids: &[i64]) {
        let written = Instant::now();
        loop {
            let asked = written.elapsed();
            if self.opids() == opids {
                break;
            }
            // The configured maximum lag, which holds on a busy machine too.
            assert!(asked < Duration::from_secs(1), "stale after {asked:?}");
        }
    }

    /// Sends requests from before a fault of the replica until it is no longer read from. All get success responses.
    /// Returns the longest response time.
    fn nobody_notices(&self, happen: impl FnOnce()) -> Duration {
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
            let noticed = panic::catch_unwind(AssertUnwindSafe(|| {
                happen();
                self.wait_until_replica_is_in_use(false);
            }));
            over.store(true, SeqCst);
            noticed.unwrap();
        });
        let slowest = slowest.into_inner().unwrap();
        assert!(slowest < SLOWEST, "{slowest:?}");
        slowest
    }
}

#[test]
fn replica_serves_all_reads_except_those_of_new_tickets() {
    const BATCHES: &str = "wts_database_batch_tickets_count";

    let campus = Campus::new();
    let before = campus.metric(BATCHES, true);
    for _ in 0..20 {
        assert_eq!(campus.opids(), [1, 3]);
    }
    assert!(campus.metric(BATCHES, false) >= 20.0);
    assert!(campus.metric(BATCHES, true) <= before.max(0.0) + 2.0);

    // Every metric that the dashboard and the alerts query exists.
    let metrics = get(campus.operations, "/metrics").body;
    for asked in [
        include_str!("../deploy/dashboard.json"),
        include_str!("../deploy/alerts.yml"),
    ] {
        let names = asked
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| word.starts_with("wts_") || word.starts_with("process_"));
        for name in names {
            let base = ["_total", "_bucket", "_sum", "_count", "_info"]
                .iter()
                .find_map(|suffix| name.strip_suffix(suffix))
                .unwrap_or(name);
            assert!(
                metrics.contains(&format!("# TYPE {base} ")),
                "{name} in {metrics}"
            );
        }
    }

    // A ticket that has not reached the replica is found.
    campus
        .standby
        .execute("select pg_wal_replay_pause()")
        .unwrap();
    campus
        .primary
        .execute(
            "insert into wts.tickets (tid, issuer, submitted_at, category, description)
         select 900, issuer, submitted_at, category, description from wts.tickets where tid = 123",
        )
        .unwrap();
    let answer = campus
        .service
        .get("/api/v3/get_traces?tid=900", &token(ALICE, Access::User));
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn demotion_not_yet_replicated_takes_effect() {
    let campus = Campus::with(&[
        ("WTS_RECHECK_ACCESS", "on"),
        // Long enough that the replica is still read from.
        ("WTS_REPLICA_MAX_LAG", "1h"),
    ]);
    let ask = || {
        let james = token("2022310007", Access::FormalMember);
        campus.service.get(TRACES, &james).status
    };
    assert_eq!(ask(), 200);
    campus
        .standby
        .execute("select pg_wal_replay_pause()")
        .unwrap();
    campus
        .primary
        .execute("update wts.operators set access = 'user' where wid = 'W007'")
        .unwrap();
    for _ in 0..5 {
        assert_eq!(ask(), 403);
    }
}

#[test]
fn failing_replica_fails_no_request_and_is_used_again() {
    let campus = Campus::new();
    campus.nobody_notices(|| campus.standby.kill());
    assert_eq!(campus.opids(), [1, 3]);
    campus.standby.restart().unwrap();
    campus.wait_until_replica_is_in_use(true);
    assert_eq!(campus.opids(), [1, 3]);

    campus.nobody_notices(|| campus.network.set(Fault::BlackHole));
    campus.network.set(Fault::None);
    campus.wait_until_replica_is_in_use(true);
}

#[test]
#[ignore = "for `cargo xtask faults`"]
#[expect(clippy::print_stdout, reason = "what `cargo xtask faults` has to say")]
fn repeatedly_failing_replica_fails_no_request() {
    let campus = Campus::new();
    for round in 1..=5 {
        let died = campus.nobody_notices(|| campus.standby.kill());
        campus.standby.restart().unwrap();
        campus.wait_until_replica_is_in_use(true);
        let vanished = campus.nobody_notices(|| campus.network.set(Fault::BlackHole));
        campus.network.set(Fault::None);
        campus.wait_until_replica_is_in_use(true);
        println!("{round}: slowest answer {died:?} while it died, {vanished:?} while it vanished");
        assert!(died.max(vanished) < Duration::from_secs(1));
    }
}

#[test]
fn replica_is_used_after_the_primary_switches_its_wal_file() {
    let campus = Campus::new();
    campus.add_trace(60);
    campus.primary.execute("select pg_switch_wal()").unwrap();
    // Longer than the maximum lag, and shorter than the interval at which an idle primary writes to its WAL.
    thread::sleep(Duration::from_secs(2));
    let begun = Instant::now();
    campus.wait_until_replica_is_in_use(true);
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(campus.opids(), [1, 3, 60]);
}

#[test]
fn replica_beyond_max_lag_is_unused_until_it_catches_up() {
    let campus = Campus::new();
    campus
        .standby
        .execute("select pg_wal_replay_pause()")
        .unwrap();
    campus.add_trace(50);
    campus.is_stale_no_longer_than_the_bound(&[1, 3, 50]);
    campus.wait_until_replica_is_in_use(false);
    assert_eq!(campus.opids(), [1, 3, 50]);

    campus
        .standby
        .execute("select pg_wal_replay_resume()")
        .unwrap();
    campus.wait_until_replica_is_in_use(true);
    assert_eq!(campus.opids(), [1, 3, 50]);
}

#[test]
fn replica_with_unknown_lag_is_detected() {
    let campus = Campus::new();
    // Disconnected from the primary: all received WAL is replayed, so the replica reports no lag.
    campus
        .standby
        .execute("alter system set primary_conninfo = ''")
        .unwrap();
    campus.standby.execute("select pg_reload_conf()").unwrap();
    campus.add_trace(51);
    campus.wait_until_replica_is_in_use(false);
    assert_eq!(campus.opids(), [1, 3, 51]);
}

#[test]
fn staleness_is_bounded_with_asynchronous_commits() {
    let campus = Campus::new();
    // A commit is visible at once, is written after ten seconds, and is sent to the replica only then.
    campus
        .primary
        .execute("alter system set wal_writer_delay = '10s'")
        .unwrap();
    campus.primary.execute("select pg_reload_conf()").unwrap();
    thread::sleep(Duration::from_secs(1));
    campus
        .primary
        .execute(
            "set synchronous_commit = off;
         insert into wts.ticket_traces (opid, tid, op, remark) values (53, 123, '-1', '')",
        )
        .unwrap();
    campus.is_stale_no_longer_than_the_bound(&[1, 3, 53]);
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
    let (status, _, complaint) = outcome(&mut serve);
    assert_eq!(status.code(), Some(1));
    assert!(
        complaint.contains("read replicas are for PostgreSQL only"),
        "{complaint}"
    );
}
