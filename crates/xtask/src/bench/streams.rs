//! `cargo xtask bench-streams`: measures event streams on PostgreSQL: memory, CPU time and statements while nothing happens
//! and while traces are committed, and the time from a commit to its event. Also measures the throughput of plain requests
//! beside idle streams, and pages from the middle of the feed.

mod client;
mod feed_pages;

use std::{
    collections::HashMap,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tokio::runtime::Runtime;
use wts_test_postgres::PostgresServer;

use self::client::{Arrival, Streams};
use super::{
    WARM_UP, build,
    database::{self, Database, Kind, client},
    fill::{self, FIRST_TICKET},
    meter::Meter,
    samples::{Samples, cell},
    service::Service,
    wrk,
};
use crate::command::output;

/// The duration of a measurement while nothing happens, in which each watched history is read again.
const IDLE: Duration = Duration::from_secs(30);
/// The duration of the commits of a measurement.
const COMMITS: Duration = Duration::from_secs(20);
/// The time in which the last events arrive.
const LAST_EVENTS: Duration = Duration::from_secs(5);
/// The number of streams that a caller can have.
const STREAMS_PER_CALLER: usize = 16;
/// The number of connections of plain requests.
const CONNECTIONS: u32 = 16;
const IDLE_STREAMS: usize = 1_000;

const HEADER: &str = "\
| streams of | streams | tickets | peak MiB | idle: CPU % | idle: statements/s | commits/s | CPU % | statements/s | p50 ms | p99 ms \
| max ms | lost |
| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |";

/// Arguments of `cargo xtask bench-streams`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Number of tickets, with 5 traces each on average
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..))]
    tickets: u32,
    /// Number of streams of as many tickets
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    streams: u32,
    /// Number of measurements of throughput and of pages
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Measure the pages of the feed only
    #[arg(long)]
    pages_only: bool,
}

/// Streams that are opened together.
struct Scenario {
    name: &'static str,
    streams: u32,
    /// The number of tickets that have new traces.
    tickets: u32,
    /// The number of streams that get each commit.
    streams_per_commit: usize,
    commits_per_second: u32,
    path: fn(u32) -> String,
}

/// Runs the measurements and prints them as tables.
pub(crate) fn run_benchmarks(arguments: &Args) -> Result<()> {
    build()?;
    wrk::provide()?;
    ensure!(
        arguments.streams <= arguments.tickets,
        "there must be as many tickets as streams"
    );
    let settings = ["shared_preload_libraries=pg_stat_statements".to_owned()];
    let server = database::start_server(&[Kind::Postgres], &settings)?;
    let server = server.context("no server was started")?;
    let database = Database::create(Kind::Postgres, Some(&server))?;
    println!("    filling {} tickets", arguments.tickets);
    fill::fill(&database, arguments.tickets, false, false)?;
    let psql = |sql| output(client(&server, "psql").args(["--command", sql]));
    psql("create extension pg_stat_statements")?;
    let callers = arguments.streams.max(1_000).div_ceil(16);
    // One address can use half of the connections.
    let connections = (arguments.streams * 2 + 1_000).to_string();
    let service =
        Service::start_with(&database, callers, &[("WTS_MAX_CONNECTIONS", &connections)])?;
    let runtime = Runtime::new().context("could not start the runtime of the clients")?;
    if !arguments.pages_only {
        measure_streams(arguments, &service, &server, &runtime)?;
        measure_throughput(arguments, &service, &runtime)?;
    }
    feed_pages::measure(&service, &server, arguments.rounds)
}

fn ticket_path(number: u32) -> String {
    format!("/api/v3/get_traces?tid={}", FIRST_TICKET + number)
}

fn measure_streams(
    arguments: &Args,
    service: &Service<'_>,
    server: &PostgresServer,
    runtime: &Runtime,
) -> Result<()> {
    let scenarios = [
        Scenario {
            name: "one ticket",
            streams: 1_000,
            tickets: 1,
            streams_per_commit: 1_000,
            commits_per_second: 1,
            path: |_| ticket_path(0),
        },
        Scenario {
            name: "as many tickets",
            streams: arguments.streams,
            tickets: arguments.streams,
            streams_per_commit: 1,
            commits_per_second: 100,
            path: ticket_path,
        },
        Scenario {
            name: "the feed",
            streams: 1_000,
            tickets: arguments.tickets,
            streams_per_commit: 1_000,
            commits_per_second: 10,
            path: |_| "/api/v3/traces?cursor=end".to_owned(),
        },
    ];
    let before = statements(server)?;
    thread::sleep(IDLE);
    let unrelated = statements(server)? - before;
    let checks = unrelated / IDLE.as_secs_f64();
    println!("\nwithout streams: {checks:.2} statements/s, which are subtracted below\n");
    println!("{HEADER}");
    for scenario in scenarios {
        let row = measure_scenario(&scenario, service, server, runtime, checks)?;
        println!("| {} |", row.join(" | "));
    }
    Ok(())
}

fn measure_scenario(
    scenario: &Scenario,
    service: &Service<'_>,
    server: &PostgresServer,
    runtime: &Runtime,
    checks: f64,
) -> Result<[String; 13]> {
    let paths = (0..scenario.streams).map(scenario.path);
    let mut streams = runtime.block_on(open(service, paths))?;
    // The first readings of the streams are over.
    thread::sleep(LAST_EVENTS);
    let idle = load(service, server, checks, || {
        thread::sleep(IDLE);
        Ok(())
    })?;
    let mut commits = HashMap::new();
    let busy = load(service, server, checks, || {
        let url = service.database.url();
        commits = runtime.block_on(client::commit(
            &url,
            scenario.tickets,
            scenario.commits_per_second,
            COMMITS,
        ))?;
        Ok(())
    })?;
    thread::sleep(LAST_EVENTS);
    let arrivals = streams.arrivals();
    drop(streams);
    let delays = delays(&commits, &arrivals);
    let expected = commits.len() * scenario.streams_per_commit;
    let percentile = |percent| {
        let delay = delays.get(delays.len().saturating_sub(1) * percent / 100);
        cell(
            delay
                .map(Duration::as_secs_f64)
                .map(|seconds| seconds * 1e3),
            0,
        )
    };
    Ok([
        scenario.name.to_owned(),
        scenario.streams.to_string(),
        scenario.tickets.to_string(),
        cell(idle.peak_mib, 0),
        cell(idle.cpu_percent, 1),
        cell(Some(idle.statements), 2),
        scenario.commits_per_second.to_string(),
        cell(busy.cpu_percent, 1),
        cell(Some(busy.statements), 2),
        percentile(50),
        percentile(99),
        percentile(100),
        expected.saturating_sub(delays.len()).to_string(),
    ])
}

/// Opens a stream for each path, with at most 16 streams for each caller.
async fn open(service: &Service<'_>, paths: impl Iterator<Item = String>) -> Result<Streams> {
    let tokens = std::fs::read_to_string(&service.tokens).context("could not read the tokens")?;
    let tokens: Vec<_> = tokens.lines().collect();
    let requests = paths.enumerate().map(|(number, path)| {
        let token = tokens.get(number / STREAMS_PER_CALLER).copied();
        (path, token.unwrap_or_default().to_owned())
    });
    Streams::open(service.address, requests.collect()).await
}

/// The load during a measurement.
struct Load {
    cpu_percent: Option<f64>,
    peak_mib: Option<f64>,
    statements: f64,
}

/// Measures the load while `work` runs.
fn load(
    service: &Service<'_>,
    server: &PostgresServer,
    checks: f64,
    work: impl FnOnce() -> Result<()>,
) -> Result<Load> {
    let before = statements(server)?;
    let begun = Instant::now();
    let meter = Meter::start(Some(service.process.id()), None);
    work()?;
    let seconds = begun.elapsed().as_secs_f64();
    let cost = meter.stop(1.0);
    Ok(Load {
        cpu_percent: cost.service_cpu.map(|micros| micros / 1e4 / seconds),
        peak_mib: cost.peak_mib,
        statements: (statements(server)? - before) / seconds - checks,
    })
}

/// Returns the number of statements of the service since the start of PostgreSQL.
fn statements(server: &PostgresServer) -> Result<f64> {
    const COUNT: &str = "\
    select coalesce(sum(calls), 0) from pg_stat_statements \
    where query !~* '^(insert|set)' and query not like '%pg_stat_statements%'";
    let mut psql = client(server, "psql");
    let printed = output(psql.args(["--tuples-only", "--no-align", "--command", COUNT]))?;
    printed.trim().parse().context("expected a number")
}

/// Returns the time from each commit to its event for each stream, in ascending order.
fn delays(commits: &HashMap<i64, Instant>, arrivals: &[Arrival]) -> Vec<Duration> {
    let delays = arrivals.iter().filter_map(|arrival| {
        let committed = commits.get(&arrival.trace)?;
        Some(arrival.at.saturating_duration_since(*committed))
    });
    let mut delays: Vec<_> = delays.collect();
    delays.sort_unstable();
    delays
}

/// Measures plain requests with and without idle streams in turn.
fn measure_throughput(arguments: &Args, service: &Service<'_>, runtime: &Runtime) -> Result<()> {
    let tickets = (FIRST_TICKET, FIRST_TICKET + arguments.tickets - 1);
    let target = wrk::Target::traces(tickets);
    wrk::run(service, &target, CONNECTIONS, WARM_UP)?;
    let mut table = Samples::new();
    for _ in 0..arguments.rounds {
        for idle_streams in [0, IDLE_STREAMS] {
            let paths = (0..).map(ticket_path).take(idle_streams);
            let streams = runtime.block_on(open(service, paths))?;
            let responses = wrk::run(service, &target, CONNECTIONS, Duration::from_secs(8))?;
            table.add(idle_streams, responses);
            drop(streams);
            service.empty_log()?;
        }
    }
    println!();
    let header = "| idle streams | requests/s | p50 µs | p99 µs |\n| --: | --: | --: | --: |";
    table.print(header, |idle_streams| {
        [
            idle_streams.to_string(),
            cell(
                table.median(idle_streams, |responses| Some(responses.rate)),
                0,
            ),
            cell(
                table.median(idle_streams, |responses| Some(responses.p50)),
                0,
            ),
            cell(
                table.median(idle_streams, |responses| Some(responses.p99)),
                0,
            ),
        ]
    });
    Ok(())
}
