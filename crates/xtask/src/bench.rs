//! `cargo xtask bench`: the throughput of the service beside that of its database alone (`pgbench` with the same read as one
//! prepared statement) and beside that of a route of the service which only checks the token (the baseline).
//!
//! Everything runs on one machine and shares it, so only figures of the same run can be compared. What is compared takes
//! turns, and the figures are medians.

mod database;
mod fill;
mod meter;
mod pgbench;
mod samples;
mod service;
pub(crate) mod transfer;
mod wrk;

use std::time::Duration;

use anyhow::Result;
use wts_test_postgres::PostgresServer;

use self::{
    database::{Database, Databases, Kind},
    fill::FIRST_TICKET,
    meter::{Measurement, Meter},
    samples::{Samples, cell},
    service::Service,
};
use crate::command::{cargo, run};

/// How long everything is kept busy before it is measured.
const WARM_UP: Duration = Duration::from_secs(2);
/// The tickets with long histories after all others: the first, the last, and how many traces each has.
const LONG_HISTORIES: [(u32, u32, u32); 3] = [(1, 8, 10), (9, 16, 1_000), (17, 20, 100_000)];
/// Long responses take more time to count.
const LONG_HISTORY_DURATION: Duration = Duration::from_secs(10);

const HEADER: &str = "\
| connections | asked for | requests/s | of pgbench | of the baseline | p50 µs | p99 µs | p99 of pgbench | service CPU µs \
| PostgreSQL CPU µs | peak MiB | refused |
| --: | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |";

/// Arguments of `cargo xtask bench`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many tickets there are, with 5 traces each on the average; several sizes are measured one after the other
    #[arg(long, value_delimiter = ',', default_value = "200000", value_parser = clap::value_parser!(u32).range(100..))]
    tickets: Vec<u32>,
    /// How many connections send requests at the same time
    #[arg(long, value_delimiter = ',', default_value = "1,16,64,256", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    connections: Vec<u32>,
    /// Which databases are read
    #[arg(long, value_delimiter = ',', default_value = "postgres,sqlite")]
    databases: Vec<Kind>,
    /// How often each is measured
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// How long each is measured, in seconds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Also read some tickets with histories of 10, 1,000 and 100,000 traces
    #[arg(long)]
    histories: bool,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Workload {
    /// The service, for random tickets.
    Service,
    /// The service, for random tickets, while others write to the database.
    ServiceBesideWriters,
    /// The route of the service that only checks the token.
    Baseline,
    /// The database alone.
    Pgbench,
    /// The service, for one ticket with this number of traces.
    History(u32),
}

type Table = Samples<(u32, Workload), Measurement>;

/// Runs the measurements and prints their tables.
///
/// # Errors
///
/// If something that is needed is missing or fails, or if the response to a request is not 200.
pub(crate) fn run_benchmarks(arguments: &Args) -> Result<()> {
    build()?;
    wrk::provide()?;
    let databases = Databases::start(&arguments.databases)?;
    for kind in &arguments.databases {
        for tickets in &arguments.tickets {
            let database = databases.create(*kind)?;
            println!("    filling {} with {tickets} tickets", kind.name());
            fill::fill(&database, *tickets, arguments.histories)?;
            let bench = Bench {
                arguments,
                tickets: *tickets,
                service: Service::start(&database)?,
                database: &database,
            };
            println!("\n{}, {tickets} tickets\n", kind.name());
            print(&bench.measure()?);
            if arguments.histories {
                println!();
                print(&bench.measure_long_histories()?);
            }
            drop(bench);
            database.remove()?;
        }
    }
    Ok(())
}

/// Builds the service as it is delivered, but for the baseline.
fn build() -> Result<()> {
    run(&mut cargo(&[
        "build",
        "--release",
        "--package=wts-server",
        "--features=wts-server/bench",
    ]))
}

struct Bench<'a> {
    arguments: &'a Args,
    tickets: u32,
    service: Service,
    database: &'a Database<'a>,
}

impl Bench<'_> {
    fn measure(&self) -> Result<Table> {
        let duration = Duration::from_secs(self.arguments.seconds);
        let tickets = (FIRST_TICKET, self.last_ticket());
        let traces = wrk::Target::traces(tickets);
        wrk::run(&self.service, &traces, 16, WARM_UP)?;
        let mut table = Table::default();
        for _ in 0..self.arguments.rounds {
            for &connections in &self.arguments.connections {
                let mut add = |workload, measurement: Measurement| {
                    table.add((connections, workload), measurement.without_rejections()?);
                    anyhow::Ok(())
                };
                let pgbench = self.database.server().map(|server| pgbench::Pgbench {
                    server,
                    database: self.database,
                    tickets,
                });
                if let Some(pgbench) = &pgbench {
                    add(Workload::Pgbench, pgbench.read(connections, duration)?)?;
                }
                add(
                    Workload::Service,
                    self.load(&traces, connections, duration)?,
                )?;
                let baseline = self.load(&wrk::Target::BASELINE, connections, duration)?;
                add(Workload::Baseline, baseline)?;
                if let Some(pgbench) = &pgbench {
                    let _writers = pgbench.start_writers()?;
                    let measured = self.load(&traces, connections, duration)?;
                    add(Workload::ServiceBesideWriters, measured)?;
                }
            }
        }
        Ok(table)
    }

    fn measure_long_histories(&self) -> Result<Table> {
        let mut table = Table::default();
        let after = self.last_ticket();
        for (first, last, traces) in LONG_HISTORIES {
            let target = wrk::Target::traces((after + first, after + last));
            for connections in [1, 16, 64] {
                // Some may be rejected, which bounds the memory. The table has their share.
                let measured = self.load(&target, connections, LONG_HISTORY_DURATION)?;
                table.add((connections, Workload::History(traces)), measured);
            }
        }
        Ok(table)
    }

    /// Sends requests to the service for a while, and measures their cost.
    fn load(
        &self,
        target: &wrk::Target,
        connections: u32,
        duration: Duration,
    ) -> Result<Measurement> {
        let postgres = self.database.server().and_then(PostgresServer::process_id);
        let meter = Meter::start(Some(self.service.process_id()), postgres)?;
        let responses = wrk::run(&self.service, target, connections, duration)?;
        self.service.empty_log()?;
        meter.stop(&responses)
    }

    /// The last ticket with an ordinary history.
    fn last_ticket(&self) -> u32 {
        FIRST_TICKET + self.tickets - 1
    }
}

fn print(table: &Table) {
    println!("{HEADER}");
    for (connections, workload) in table.rows() {
        println!("{}", row(table, connections, workload));
    }
}

fn row(table: &Table, connections: u32, workload: Workload) -> String {
    type Value = fn(&Measurement) -> Option<f64>;
    const RATE: Value = |measured| Some(measured.rate);
    const P99: Value = |measured| Some(measured.p99);

    let median = |workload, value: Value| table.median((connections, workload), value);
    let ratio = |other, value: Value| {
        let ratio = median(workload, value)? / median(other, value)?;
        matches!(workload, Workload::Service | Workload::ServiceBesideWriters).then_some(ratio)
    };
    let name = match workload {
        Workload::Service => "traces".to_owned(),
        Workload::ServiceBesideWriters => "traces, others write".to_owned(),
        Workload::Baseline => "baseline".to_owned(),
        Workload::Pgbench => "pgbench".to_owned(),
        Workload::History(traces) => format!("histories of {traces}"),
    };
    let cells = [
        connections.to_string(),
        name,
        cell(median(workload, RATE), 0),
        cell(ratio(Workload::Pgbench, RATE), 2),
        cell(ratio(Workload::Baseline, RATE), 2),
        cell(median(workload, |measured| Some(measured.p50)), 0),
        cell(median(workload, P99), 0),
        cell(ratio(Workload::Pgbench, P99), 2),
        cell(median(workload, |measured| measured.service_cpu), 1),
        cell(median(workload, |measured| measured.postgres_cpu), 1),
        cell(median(workload, |measured| measured.peak_mib), 1),
        cell(
            median(workload, |measured| Some(100.0 * measured.rejected)),
            0,
        ) + " %",
    ];
    format!("| {} |", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(rate: f64, p99: f64) -> Measurement {
        Measurement {
            rate,
            rejected: 0.0,
            p50: 10.0,
            p99,
            service_cpu: Some(12.34),
            postgres_cpu: None,
            peak_mib: Some(20.0),
        }
    }

    #[test]
    fn row_has_medians_and_their_ratios_to_other_workloads() {
        let mut table = Table::default();
        for rate in [900.0, 3_000.0, 1_000.0] {
            table.add((16, Workload::Service), measured(rate, 30.0));
        }
        table.add((16, Workload::Pgbench), measured(500.0, 60.0));
        table.add((16, Workload::Baseline), measured(2_000.0, 5.0));

        assert_eq!(
            row(&table, 16, Workload::Service),
            "| 16 | traces | 1000 | 2.00 | 0.50 | 10 | 30 | 0.50 | 12.3 |  | 20.0 | 0 % |"
        );
        assert_eq!(
            row(&table, 16, Workload::Baseline),
            "| 16 | baseline | 2000 |  |  | 10 | 5 |  | 12.3 |  | 20.0 | 0 % |"
        );
    }
}
