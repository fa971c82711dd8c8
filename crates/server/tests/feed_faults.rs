//! Tests of the feed while servers fail: readers of two instances get every committed trace once, over crashes of the instances and
//! of PostgreSQL, prepared transactions, and the promotion of a synchronous standby.
//!
//! `cargo xtask faults feed_faults` runs it for a minute, or for `WTS_FAULTS_SECONDS`, and prints the results.
#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a panic fails the test, and its output is for the person who runs it"
)]

mod support;

use std::{
    collections::BTreeSet,
    env,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::{self, sleep},
    time::{Duration, Instant},
};

use serde_json::Value;
use wts_domain::Access;
use wts_testkit::{
    ALICE, Endings, PostgresServer, TraceWriters, sample_records, server_with_settings,
};

use crate::support::{Service, token, wait_until};

const WRITERS: usize = 32;
/// The server settings. Prepared transactions survive a restart, and then have another name.
const SETTINGS: [&str; 2] = ["max_prepared_transactions=64", "max_connections=200"];

/// Two PostgreSQL servers. The second replaces the first.
struct Servers {
    primary: PostgresServer,
    standby: PostgresServer,
}

impl Servers {
    fn new() -> Self {
        let primary = server_with_settings(sample_records(), &SETTINGS);
        let standby = primary.start_standby().unwrap();
        query(&primary, "alter system set synchronous_standby_names = '*'").unwrap();
        query(&primary, "select pg_reload_conf()").unwrap();
        let servers = Self { primary, standby };
        servers.wait_for_standby();
        servers
    }

    /// Waits until every commit waits for the standby.
    fn wait_for_standby(&self) {
        wait_until("the standby is synchronous", || {
            let streaming = "select count(*) from pg_stat_replication where sync_state = 'sync' \
                and flush_lsn >= pg_current_wal_flush_lsn() - 10000000";
            query(&self.primary, streaming).as_deref() == Some("1")
        });
    }

    /// Returns a URL with both servers. The service connects to the one that accepts connections.
    fn url(&self) -> String {
        let (primary, standby) = (self.primary.url("postgres"), self.standby.url("postgres"));
        let (hosts, database) = primary.rsplit_once('/').unwrap();
        let (_, other) = standby.rsplit_once('@').unwrap();
        let (other, _) = other.split_once('/').unwrap();
        format!("{hosts},{other}/{database}")
    }
}

/// Runs a statement and returns its output; `None` if it fails.
fn query(server: &PostgresServer, sql: &str) -> Option<String> {
    let mut psql = server.command("psql");
    psql.args([
        "--no-psqlrc",
        "--tuples-only",
        "--no-align",
        "--command",
        sql,
    ]);
    let output = psql.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn ids(text: &str) -> Vec<i64> {
    text.lines().map(|line| line.parse().unwrap()).collect()
}

/// Two instances of the service. Each can be replaced.
struct Instances([Mutex<Service>; 2]);

impl Instances {
    fn new(url: &str) -> Self {
        Self([(); 2].map(|()| Mutex::new(Service::on(url))))
    }

    /// Kills an instance and starts a new one in its place.
    fn replace(&self, number: usize, url: &str) {
        let mut service = self.0[number].lock().unwrap();
        *service = Service::on(url);
    }

    /// Requests a path from one of the instances; `None` if the response is an error or incomplete.
    fn get(&self, path: &str, token: &str) -> Option<Value> {
        let number = usize::from(fastrand::bool());
        // While an instance is replaced, requests go to the other.
        let address = match self.0[number].try_lock() {
            Ok(service) => service.address(),
            Err(_locked) => self.0[1 - number].try_lock().ok()?.address(),
        };
        try_get(address, path, token)
    }
}

fn try_get(address: SocketAddr, path: &str, token: &str) -> Option<Value> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: wts\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut response = String::new();
    stream.read_to_string(&mut response).ok()?;
    let (head, body) = response.split_once("\r\n\r\n")?;
    if !head.starts_with("HTTP/1.1 200 ") {
        return None;
    }
    serde_json::from_str(body).ok()
}

fn opids(page: &Value) -> Vec<i64> {
    let traces = page["traces"].as_array().unwrap().iter();
    traces
        .map(|trace| trace["opid"].as_i64().unwrap())
        .collect()
}

/// A reader that follows the feed with these parameters until `stop`, and then to the end.
struct Reader {
    instances: Arc<Instances>,
    parameters: &'static str,
    stop: Arc<AtomicBool>,
    failures: Arc<AtomicU64>,
}

impl Reader {
    fn page(&self, cursor: &str, parameters: &str) -> Value {
        let token = token("2022310007", Access::Dev);
        let path = format!("/api/v3/traces?cursor={cursor}&{parameters}");
        loop {
            if let Some(page) = self.instances.get(&path, &token) {
                return page;
            }
            self.failures.fetch_add(1, Relaxed);
            sleep(Duration::from_millis(50));
        }
    }

    fn follow(&self, mut cursor: String) -> Vec<i64> {
        let mut seen = Vec::new();
        loop {
            let is_last = self.stop.load(Relaxed);
            let page = self.page(&cursor, self.parameters);
            seen.extend(opids(&page));
            page["next_cursor"]
                .as_str()
                .unwrap()
                .clone_into(&mut cursor);
            if page["has_more"] == false {
                if is_last {
                    return seen;
                }
                sleep(Duration::from_millis(fastrand::u64(0..50)));
            }
        }
    }

    /// Reads from the newest trace to the oldest, then follows the feed in ascending order. Returns all ids, each once.
    fn follow_newest(&self) -> Vec<i64> {
        sleep(Duration::from_secs(5));
        let first = self.page("", "order=desc&limit=50");
        let live = first["live_cursor"].as_str().unwrap().to_owned();
        let mut known: BTreeSet<_> = opids(&first).into_iter().collect();
        let mut page = first;
        while page["has_more"] == true {
            page = self.page(page["next_cursor"].as_str().unwrap(), "order=desc&limit=50");
            for id in opids(&page) {
                assert!(known.insert(id), "{id} twice in descending order");
            }
        }
        let newer = self.follow(live);
        assert!(newer.is_sorted_by(|a, b| a < b), "{newer:?}");
        known.extend(newer);
        known.into_iter().collect()
    }
}

/// Follows the table like a naive reader, which assumes that traces are committed in the order of their ids.
fn follow_naively(servers: &Servers, promoted: &AtomicBool, stop: &AtomicBool) -> Vec<i64> {
    let mut seen = Vec::new();
    loop {
        let is_last = stop.load(Relaxed);
        let server = if promoted.load(Relaxed) {
            &servers.standby
        } else {
            &servers.primary
        };
        let last = seen.last().copied().unwrap_or(0);
        let sql = format!("select opid from wts.ticket_traces where opid > {last} order by opid");
        if let Some(text) = query(server, &sql) {
            seen.extend(ids(&text));
            if is_last {
                return seen;
            }
        }
        sleep(Duration::from_millis(20));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "for `cargo xtask faults`: a minute of faults"]
async fn every_trace_is_delivered_once_over_faults() {
    let seconds = env::var("WTS_FAULTS_SECONDS").ok();
    let seconds = seconds.map_or(60, |seconds| seconds.parse().unwrap());
    let duration = Duration::from_secs(seconds);
    let servers = Arc::new(Servers::new());
    let url = servers.url();
    TraceWriters::prepare(&servers.primary.url("postgres"), WRITERS, ALICE).await;
    let instances = Arc::new(Instances::new(&url));
    let stop = Arc::<AtomicBool>::default();
    let failures = Arc::<AtomicU64>::default();
    let reader = |parameters| Reader {
        instances: Arc::clone(&instances),
        parameters,
        stop: Arc::clone(&stop),
        failures: Arc::clone(&failures),
    };
    let readers = [
        ("limit=1000", "true"),
        ("limit=40", "true"),
        ("limit=100&include=changes", "true"),
        (
            "limit=20&tid=1001,1002,1003,1020",
            "tid in (1001, 1002, 1003, 1020)",
        ),
        ("op=-1", "op = '-1'"),
    ];
    let readers = readers.map(|(parameters, condition)| {
        let reader = reader(parameters);
        (
            parameters,
            condition,
            thread::spawn(move || reader.follow(String::new())),
        )
    });
    let newest = reader("limit=100");
    let newest = thread::spawn(move || newest.follow_newest());
    let promoted = Arc::<AtomicBool>::default();
    let naive = thread::spawn({
        let (servers, promoted, stop) = (
            Arc::clone(&servers),
            Arc::clone(&promoted),
            Arc::clone(&stop),
        );
        move || follow_naively(&servers, &promoted, &stop)
    });
    let writers = TraceWriters::start(
        {
            let (servers, promoted) = (Arc::clone(&servers), Arc::clone(&promoted));
            move || {
                if promoted.load(Relaxed) {
                    servers.standby.url("postgres")
                } else {
                    servers.primary.url("postgres")
                }
            }
        },
        WRITERS,
        Endings::TwoPhase,
    );

    let faults = {
        let (servers, instances, promoted) = (
            Arc::clone(&servers),
            Arc::clone(&instances),
            Arc::clone(&promoted),
        );
        tokio::task::spawn_blocking(move || inject(&servers, &instances, &promoted, duration))
    };
    let counts = faults.await.unwrap();
    let transactions = writers.committed();
    writers.stop().await;
    stop.store(true, Relaxed);

    let committed = |condition: &str| {
        let sql = format!("select opid from wts.ticket_traces where {condition} order by opid");
        ids(&query(&servers.standby, &sql).unwrap())
    };
    let all = committed("true");
    let join = |reader: thread::JoinHandle<Vec<i64>>| reader.join().unwrap();
    for (parameters, condition, reader) in readers {
        let (seen, expected) = (join(reader), committed(condition));
        assert!(
            seen == expected,
            "{parameters}: {}",
            difference(&seen, &expected)
        );
        println!(
            "{parameters}: {} traces, each once and in order",
            seen.len()
        );
    }
    let seen = join(newest);
    assert!(seen == all, "newest first: {}", difference(&seen, &all));
    let naive = join(naive);
    assert!(naive.len() < all.len(), "this test cannot fail");
    println!(
        "{} traces, {transactions} commits in {seconds} s with {counts}; {} failed requests; \
         a reader that relies on the order of ids misses {}",
        all.len(),
        failures.load(Relaxed),
        all.len() - naive.len(),
    );
}

/// Injects faults one after the other: first into the instances and the primary, then, after the promotion of the standby,
/// into the instances and the new primary. Returns how many there were.
fn inject(
    servers: &Servers,
    instances: &Instances,
    promoted: &AtomicBool,
    duration: Duration,
) -> String {
    let url = servers.url();
    let begun = Instant::now();
    let (mut services, mut crashes, mut pauses) = (0, 0, 0);
    while begun.elapsed() < duration {
        sleep(Duration::from_millis(fastrand::u64(500..3_000)));
        let is_promoted = promoted.load(Relaxed);
        if begun.elapsed() > duration / 2 && !is_promoted {
            servers.wait_for_standby();
            servers.primary.kill();
            query(&servers.standby, "select pg_promote()").unwrap();
            promoted.store(true, Relaxed);
            continue;
        }
        let server = if is_promoted {
            &servers.standby
        } else {
            &servers.primary
        };
        match fastrand::u8(0..6) {
            0..3 => {
                services += 1;
                instances.replace(usize::from(fastrand::bool()), &url);
            }
            3 | 4 => {
                crashes += 1;
                server.kill();
                sleep(Duration::from_millis(fastrand::u64(0..1_000)));
                server.restart().unwrap();
            }
            _ => {
                pauses += 1;
                server.pause();
                sleep(Duration::from_millis(fastrand::u64(0..3_000)));
                server.resume();
            }
        }
    }
    format!(
        "{services} crashes of instances, {crashes} crashes and {pauses} pauses of PostgreSQL, 1 promotion"
    )
}

/// Returns the first ids in which two lists differ.
fn difference(seen: &[i64], expected: &[i64]) -> String {
    let (seen_once, all): (BTreeSet<_>, BTreeSet<_>) =
        (seen.iter().collect(), expected.iter().collect());
    format!(
        "{} ids seen, {} distinct, {} committed; missing: {:?}, unknown: {:?}",
        seen.len(),
        seen_once.len(),
        all.len(),
        all.difference(&seen_once).take(20).collect::<Vec<_>>(),
        seen_once.difference(&all).take(20).collect::<Vec<_>>(),
    )
}
