//! `cargo xtask bench`: measures the throughput of the service, compared with the database alone and with the baseline.
//! For the database alone, `pgbench` sends the same query as one prepared statement. The baseline is a route of the
//! service that only authenticates the caller and returns a constant response, as long as an average history.
//!
//! All programs share one machine, so only results of the same run can be compared. The compared programs run in turn,
//! and the results are medians.

mod database;
mod fill;
mod meter;
mod pgbench;
mod plot;
mod representations;
mod samples;
mod service;
pub(crate) mod streams;
pub(crate) mod transfer;
mod wrk;

use std::time::Duration;

use anyhow::{Result, ensure};
use wts_test_postgres::PostgresServer;

use self::{
    database::{Database, Kind},
    fill::FIRST_TICKET,
    meter::{Cost, Meter},
    pgbench::Pgbench,
    samples::{Samples, cell},
    service::Service,
};
use crate::command::{cargo, run};

/// The duration of the load before the first measurement.
const WARM_UP: Duration = Duration::from_secs(2);
/// The ranges of tickets with long histories, which follow all other tickets: the first, the last, and the name of the
/// row.
const LONG_HISTORIES: [(u32, u32, &str); 3] = [
    (1, 8, "histories of 10"),
    (9, 16, "histories of 1000"),
    (17, 20, "histories of 100000"),
];
/// The duration of a measurement of long histories, whose responses take longer.
const LONG_HISTORY_DURATION: Duration = Duration::from_secs(10);

/// The number of tickets of the hot set: tickets that are requested again and again.
const HOT_SET: u32 = 1_000;

const TRACES: &str = "traces";
const TRACES_WITH_CONCURRENT_WRITES: &str = "traces, concurrent writes";
const HOT_TRACES: &str = "traces, hot set";
const HOT_TRACES_WITH_CONCURRENT_WRITES: &str = "traces, hot set, concurrent writes";
const BASELINE: &str = "baseline";
const PGBENCH: &str = "pgbench";

const HEADER: &str = "\
| connections | requests for | requests/s | of pgbench | of the baseline | p50 µs | p99 µs | p99 of pgbench | service CPU µs \
| PostgreSQL CPU µs | peak MiB | rejected |
| --: | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |";

/// Arguments of `cargo xtask bench`.
#[expect(clippy::struct_excessive_bools, reason = "flags of the command line")]
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Number of tickets, with 5 traces each on average; several numbers are measured one after the other
    #[arg(long, value_delimiter = ',', default_value = "200000", value_parser = clap::value_parser!(u32).range(100..))]
    tickets: Vec<u32>,
    /// Number of connections that send requests concurrently
    #[arg(long, value_delimiter = ',', default_value = "1,16,64,256", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    connections: Vec<u32>,
    /// Databases to measure
    #[arg(long, value_delimiter = ',', default_value = "postgres,sqlite")]
    databases: Vec<Kind>,
    /// Number of measurements of each row
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Duration of each measurement in seconds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Also measure tickets with 10, 1,000 and 100,000 traces
    #[arg(long)]
    histories: bool,
    /// Also measure tickets with 5 and with 200 traces, with and without changes and state, and in CSV
    #[arg(long)]
    representations: bool,
    /// Draw the plots of PERFORMANCE.md for the first database: the throughput by number of tickets if several numbers
    /// are measured, otherwise by number of connections
    #[arg(long)]
    plot: bool,
    /// A setting of PostgreSQL, for example `shared_buffers=256MB`
    #[arg(long, value_name = "NAME=VALUE")]
    postgres: Vec<String>,
    /// Store the traces of a ticket next to each other in PostgreSQL, as `CLUSTER` does, instead of in the order of time
    #[arg(long)]
    clustered: bool,
}

/// The responses counted by a load generator.
struct Responses {
    count: f64,
    /// The number of rejected requests, which are not part of `count`.
    rejected: f64,
    /// The number of responses per second.
    rate: f64,
    /// The median latency of the responses, in microseconds.
    p50: f64,
    /// The 99th percentile of the latency of the responses, in microseconds.
    p99: f64,
    /// The size of a response in bytes, including the header.
    bytes: f64,
}

/// The measurements by number of connections and name of the row.
type Table = Samples<(u32, &'static str), (Responses, Cost)>;

/// Runs the measurements and prints them as tables. Returns an error if a response has another status than 200, except
/// for long histories.
pub(crate) fn run_benchmarks(arguments: &Args) -> Result<()> {
    build()?;
    wrk::provide()?;
    let server = database::start_server(&arguments.databases, &arguments.postgres)?;
    for (number, kind) in arguments.databases.iter().enumerate() {
        let mut tables = Vec::new();
        for tickets in &arguments.tickets {
            let database = Database::create(*kind, server.as_ref())?;
            println!("    filling {} with {tickets} tickets", kind.name());
            let with_long = arguments.histories || arguments.representations;
            fill::fill(&database, *tickets, with_long, arguments.clustered)?;
            let service = Service::start(&database)?;
            println!("\n{}, {tickets} tickets\n", kind.name());
            let last_ticket = FIRST_TICKET + tickets - 1;
            let table = measure(arguments, &service, (FIRST_TICKET, last_ticket))?;
            print(&table);
            tables.push((*tickets, table));
            if arguments.histories {
                println!();
                print(&measure_long_histories(&service, last_ticket)?);
            }
            if arguments.representations {
                println!();
                let duration = Duration::from_secs(arguments.seconds);
                representations::measure(&service, last_ticket, arguments.rounds, duration)?;
            }
            drop(service);
            database.remove()?;
        }
        if arguments.plot && number == 0 {
            plot::draw_throughput(&tables, &arguments.connections)?;
        }
    }
    Ok(())
}

/// Builds the release binary of the service, with the baseline route.
fn build() -> Result<()> {
    let features = "--features=wts-server/bench";
    run(cargo("build").args(["--release", "--package=wts-server", features]))
}

fn measure(arguments: &Args, service: &Service<'_>, tickets: (u32, u32)) -> Result<Table> {
    let duration = Duration::from_secs(arguments.seconds);
    let traces = wrk::Target::traces(tickets);
    let hot_set = (tickets.0, tickets.1.min(tickets.0 + HOT_SET - 1));
    let hot_traces = wrk::Target::traces(hot_set);
    wrk::run(service, &traces, 16, WARM_UP)?;
    let baseline = baseline_of_equal_length(service, &hot_traces)?;
    let mut table = Table::new();
    for _ in 0..arguments.rounds {
        for &connections in &arguments.connections {
            let mut add = |name, measured: (Responses, Cost)| {
                let Responses { rejected, rate, .. } = measured.0;
                let message = "requests were rejected; responses per second:";
                ensure!(rejected == 0.0 && rate > 0.0, "{rejected} {message} {rate}");
                table.add((connections, name), measured);
                Ok(())
            };
            let load = |target| load(service, target, connections, duration);
            add(TRACES, load(&traces)?)?;
            add(HOT_TRACES, load(&hot_traces)?)?;
            if let Some(pgbench) = Pgbench::new(service.database, tickets) {
                let writers = pgbench.start_writers()?;
                add(TRACES_WITH_CONCURRENT_WRITES, load(&traces)?)?;
                add(HOT_TRACES_WITH_CONCURRENT_WRITES, load(&hot_traces)?)?;
                drop(writers);
                add(PGBENCH, pgbench.read(connections, duration)?)?;
            }
            add(BASELINE, load(&baseline)?)?;
        }
    }
    Ok(table)
}

/// Returns the target of a baseline whose responses, including their heads, are as long as those of `target` on average.
fn baseline_of_equal_length(service: &Service<'_>, target: &wrk::Target) -> Result<wrk::Target> {
    let whole = wrk::run(service, target, 16, WARM_UP)?.bytes;
    let head = wrk::run(service, &wrk::Target::baseline(0), 16, WARM_UP)?.bytes;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a response has a few thousand bytes"
    )]
    let body = (whole - head).max(0.0) as u32;
    Ok(wrk::Target::baseline(body))
}

/// Measures long histories. Requests may be rejected, because rejections limit the memory of the service; the table
/// contains their percentage.
fn measure_long_histories(service: &Service<'_>, last_ticket: u32) -> Result<Table> {
    let mut table = Table::new();
    for (first, last, name) in LONG_HISTORIES {
        let target = wrk::Target::traces((last_ticket + first, last_ticket + last));
        for connections in [1, 16, 64] {
            let measured = load(service, &target, connections, LONG_HISTORY_DURATION)?;
            table.add((connections, name), measured);
        }
    }
    Ok(table)
}

/// Sends requests to the service for `duration`.
fn load(
    service: &Service<'_>,
    target: &wrk::Target,
    connections: u32,
    duration: Duration,
) -> Result<(Responses, Cost)> {
    let postgres = service.database.server.and_then(PostgresServer::process_id);
    let meter = Meter::start(Some(service.process.id()), postgres);
    let responses = wrk::run(service, target, connections, duration)?;
    service.empty_log()?;
    let cost = meter.stop(responses.count);
    Ok((responses, cost))
}

fn print(table: &Table) {
    table.print(HEADER, |&(connections, name)| {
        cells(table, connections, name)
    });
}

fn cells(table: &Table, connections: u32, name: &'static str) -> [String; 12] {
    type Value = fn(&(Responses, Cost)) -> Option<f64>;
    const RATE: Value = |(responses, _)| Some(responses.rate);
    const P99: Value = |(responses, _)| Some(responses.p99);
    const REJECTED: Value = |(responses, _)| {
        let requests = responses.count + responses.rejected;
        Some(100.0 * responses.rejected / requests.max(1.0))
    };

    let median = |value: Value| table.median(&(connections, name), value);
    let ratio_to = |other, value: Value| {
        let ratio = median(value)? / table.median(&(connections, other), value)?;
        name.starts_with(TRACES).then_some(ratio)
    };
    [
        connections.to_string(),
        name.to_owned(),
        cell(median(RATE), 0),
        cell(ratio_to(PGBENCH, RATE), 2),
        cell(ratio_to(BASELINE, RATE), 2),
        cell(median(|(responses, _)| Some(responses.p50)), 0),
        cell(median(P99), 0),
        cell(ratio_to(PGBENCH, P99), 2),
        cell(median(|(_, cost)| cost.service_cpu), 1),
        cell(median(|(_, cost)| cost.postgres_cpu), 1),
        cell(median(|(_, cost)| cost.peak_mib), 1),
        cell(median(REJECTED), 0) + " %",
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(rate: f64, p99: f64) -> (Responses, Cost) {
        let responses = Responses {
            count: rate,
            rejected: 0.0,
            rate,
            p50: 10.0,
            p99,
            bytes: 0.0,
        };
        let cost = Cost {
            service_cpu: Some(12.34),
            postgres_cpu: None,
            peak_mib: Some(20.0),
        };
        (responses, cost)
    }

    #[test]
    fn row_has_medians_and_their_ratios_to_other_rows() {
        let mut table = Table::new();
        for rate in [900.0, 3_000.0, 1_000.0] {
            table.add((16, TRACES), measured(rate, 30.0));
        }
        table.add((16, PGBENCH), measured(500.0, 60.0));
        table.add((16, BASELINE), measured(2_000.0, 5.0));

        assert_eq!(
            cells(&table, 16, TRACES).join(" | "),
            "16 | traces | 1000 | 2.00 | 0.50 | 10 | 30 | 0.50 | 12.3 |  | 20.0 | 0 %"
        );
        assert_eq!(
            cells(&table, 16, BASELINE).join(" | "),
            "16 | baseline | 2000 |  |  | 10 | 5 |  | 12.3 |  | 20.0 | 0 %"
        );
    }
}
