//! `cargo xtask bench`: what the service does in a second, beside what its database does without it (`pgbench` with the
//! same read as one prepared statement) and beside what the service does when it has nothing to do (the floor).
//!
//! Everything runs on one machine and shares it, so only what was measured in the same run can be compared. What is
//! compared takes turns, and what is printed are medians.

mod meter;
mod pgbench;
mod place;
mod service;
mod table;
mod wrk;

use std::time::Duration;

use anyhow::{Result, ensure};
use clap::ValueEnum;

pub(crate) use self::service::build;
use self::{
    meter::Seen,
    place::{FIRST_TICKET, Place, Servers},
    service::{Service, Tokens},
    table::{Table, What},
};
use crate::warden::Warden;

/// How long everything is kept busy before it is measured.
const WARM_UP: Duration = Duration::from_secs(2);
/// The tickets with long histories after all others: the first, the last, and how many traces each has.
const LONG_HISTORIES: [(u32, u32, u32); 3] = [(1, 8, 10), (9, 16, 1_000), (17, 20, 100_000)];
/// Answers so long take more time to count.
const LONG: Duration = Duration::from_secs(10);

/// Arguments of `cargo xtask bench`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many tickets there are, with 5 traces each on the average; several sizes are measured one after the other
    #[arg(long, value_delimiter = ',', default_value = "200000", value_parser = clap::value_parser!(u32).range(100..))]
    tickets: Vec<u32>,
    /// How many connections ask at the same time
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
    /// Also ask for some tickets with histories of 10, 1,000 and 100,000 traces
    #[arg(long)]
    histories: bool,
}

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// PostgreSQL with our own schema.
    Postgres,
    /// PostgreSQL as the predecessor made it.
    WtsV3,
    /// Embedded SQLite.
    Sqlite,
}

/// Runs the measurements and prints their tables.
///
/// # Errors
///
/// If something that is needed is missing or fails, or if any request is not answered with 200.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut warden = Warden::start()?;
    build(&mut warden)?;
    wrk::provide()?;
    let servers = Servers::start(&mut warden, &args.databases)?;
    for kind in &args.databases {
        for tickets in &args.tickets {
            let place = servers.fill(&mut warden, *kind, *tickets, args.histories)?;
            let service = Service::start(&mut warden, &place)?;
            let tokens = service.tokens(&mut warden)?;
            println!("\n{}, {tickets} tickets\n", place.name());
            measure(args, &mut warden, &place, &service, &tokens)?.print();
            if args.histories {
                println!();
                histories(&mut warden, &place, &service, &tokens)?.print();
            }
            service.stop(&mut warden)?;
            place.remove()?;
        }
    }
    Ok(())
}

fn measure(
    args: &Args,
    warden: &mut Warden,
    place: &Place<'_>,
    service: &Service,
    tokens: &Tokens,
) -> Result<Table> {
    let duration = Duration::from_secs(args.seconds);
    let traces = wrk::Target::traces(FIRST_TICKET, place.last());
    wrk::run(warden, service, tokens, &traces, 16, WARM_UP)?;
    let mut table = Table::new();
    for _ in 0..args.rounds {
        for connections in &args.connections {
            if let Some(cluster) = place.cluster() {
                let seen = pgbench::run(warden, place, cluster, *connections, duration)?;
                table.add(What::Pgbench, *connections, seen);
            }
            for (what, target) in [
                (What::Service, &traces),
                (What::Floor, &wrk::Target::floor()),
            ] {
                let seen = ask(
                    warden,
                    place,
                    service,
                    tokens,
                    target,
                    *connections,
                    duration,
                )?;
                table.add(what, *connections, seen.all_answered()?);
            }
            if let Some(cluster) = place.cluster() {
                let writers = pgbench::start_writing(warden, place, cluster)?;
                let seen = ask(
                    warden,
                    place,
                    service,
                    tokens,
                    &traces,
                    *connections,
                    duration,
                )?;
                warden.end_server(writers)?;
                table.add(
                    What::ServiceBesideWriters,
                    *connections,
                    seen.all_answered()?,
                );
            }
        }
    }
    Ok(table)
}

fn histories(
    warden: &mut Warden,
    place: &Place<'_>,
    service: &Service,
    tokens: &Tokens,
) -> Result<Table> {
    let mut table = Table::new();
    for (first, last, traces) in LONG_HISTORIES {
        let target = wrk::Target::traces(place.last() + first, place.last() + last);
        for connections in [1, 16, 64] {
            // Some may be turned away: that keeps the memory bounded. The table says how many.
            let seen = ask(warden, place, service, tokens, &target, connections, LONG)?;
            table.add(What::History(traces), connections, seen);
        }
    }
    Ok(table)
}

/// Asks the service for a while, and sees what it costs.
fn ask(
    warden: &mut Warden,
    place: &Place<'_>,
    service: &Service,
    tokens: &Tokens,
    target: &wrk::Target,
    connections: u32,
    duration: Duration,
) -> Result<Seen> {
    let meter = service.meter(place)?;
    let answers = wrk::run(warden, service, tokens, target, connections, duration)?;
    service.forget_log()?;
    meter.read(&answers)
}

/// Whether a program that was run is content.
fn succeeded(line: &str, output: &std::process::Output) -> Result<()> {
    ensure!(
        output.status.success(),
        "`{line}` ended with {}:\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
