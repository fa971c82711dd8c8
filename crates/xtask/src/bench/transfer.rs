//! `cargo xtask bench-data`: the time and the memory that histories take in and out, beside what PostgreSQL's own programs
//! take for the same data in the same run: `pg_dump`, `psql` reading what that wrote, and `COPY` of the traces alone.
//!
//! The data is sample data of `wts generate`. Every round begins with an empty database, what is compared takes turns, and
//! the figures are medians. The digests of the files show whether what came out is what went in.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use wts_test_postgres::{PostgresServer, TemporaryDirectory};

use super::{
    build,
    database::{Database, Kind, client, start_server},
    meter::peak_mib,
    samples::{Samples, cell},
};
use crate::command::{Background, in_target, output, program};

/// How many traces a thousand tickets of the sample data have.
const TRACES_PER_THOUSAND_TICKETS: u64 = 4_850;
const POLL_INTERVAL: Duration = Duration::from_millis(20);

const IMPORT: &str = "`wts import`";
const EXPORT: &str = "`wts export`";
const DUMP: &str = "`pg_dump`";
const RESTORE: &str = "`psql`, reading that";

const HEADER: &str = "\
| database | what | seconds | traces/s | of PostgreSQL's own | peak MiB |
| --- | --- | --: | --: | --: | --: |";

/// Arguments of `cargo xtask bench-data`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// About how many traces there are
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(100..))]
    traces: u64,
    /// Which databases they go into and out of; not into a WTS v3 database
    #[arg(long, value_delimiter = ',', default_value = "postgres,sqlite")]
    databases: Vec<Kind>,
    /// How often each is measured
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// The time and memory that a program used.
struct Cost {
    seconds: f64,
    /// The most memory that the process itself held, if it could be seen.
    peak_mib: Option<f64>,
}

/// By the database and what was done.
type Table = Samples<(&'static str, &'static str), Cost>;

/// Runs the measurements and prints their table. The exported data must equal the imported data.
pub(crate) fn run(arguments: &Args) -> Result<()> {
    let can_import = !arguments.databases.contains(&Kind::WtsV3);
    ensure!(can_import, "nothing can be imported into a WTS v3 database");
    build()?;
    let server = start_server(&arguments.databases)?;
    let directory = TemporaryDirectory::create()?;
    println!("    generating about {} traces", arguments.traces);
    let mut table = Table::new();
    let file = directory.path().join("histories.jsonl");
    let mut generate = program(in_target("release/wts"));
    let tickets = arguments.traces * 1_000 / TRACES_PER_THOUSAND_TICKETS + 1;
    generate.args(["generate", &format!("--tickets={tickets}"), "--output"]);
    let generated = cost(generate.arg(&file).env("WTS_LOG", "warn"))?;
    table.add(("", "`wts generate`"), generated);
    for round in 1..=arguments.rounds {
        for kind in &arguments.databases {
            println!("    round {round}, {}", kind.name());
            measure(&file, *kind, server.as_ref(), &mut table)?;
        }
    }
    let summary = last_line(&file)?;
    let traces = summary.split_once("\"traces\":");
    let traces = traces.and_then(|(_, rest)| rest.split(',').next()?.parse().ok());
    let traces = traces.context("the last line of the sample data has no number of traces")?;
    let megabytes = fs::metadata(&file)?.len() / 1_000_000;
    println!("\n{tickets} tickets, {traces} traces, {megabytes} MB\n");
    table.print(HEADER, |&(database, job)| {
        cells(&table, traces, database, job)
    });
    Ok(())
}

fn measure(
    file: &Path,
    kind: Kind,
    server: Option<&PostgresServer>,
    table: &mut Table,
) -> Result<()> {
    let mut add = |job, command: &mut Command| -> Result<()> {
        table.add((kind.name(), job), cost(command)?);
        Ok(())
    };
    let exported = file.with_extension("exported");
    let dump = file.with_extension("dump");
    let database = Database::create(kind, server)?;
    add(IMPORT, database.wts("import").arg(file))?;
    let mut export = database.wts("export");
    add(EXPORT, export.arg("--output").arg(&exported))?;
    // It has the numbers of tickets and traces, and the digest.
    let is_same = last_line(&exported)? == last_line(file)?;
    ensure!(is_same, "what came out is not what went in");
    add("`wts verify`", &mut database.wts("verify"))?;
    let Some(server) = database.server else {
        return database.remove();
    };
    let mut pg_dump = client(server, "pg_dump");
    pg_dump.args(["--data-only", "--schema=data", "--schema=wts", "--file"]);
    add(DUMP, pg_dump.arg(&dump))?;
    let mut copy = client(server, "psql");
    copy.args(["--command", "copy wts.ticket_traces to stdout"]);
    add("`COPY` of the traces alone", &mut copy)?;
    database.remove()?;
    let database = Database::create(kind, Some(server))?;
    let mut restore = client(server, "psql");
    restore.args(["--single-transaction", "--file"]);
    add(RESTORE, restore.arg(&dump))?;
    database.remove()
}

fn last_line(file: &Path) -> Result<String> {
    output(program("tail").args(["-n", "1"]).arg(file))
}

/// Runs a program to its end.
fn cost(command: &mut Command) -> Result<Cost> {
    let begun = Instant::now();
    let mut process = Background::start(command.stdout(Stdio::null()))?;
    let mut peak = None;
    // The peak never falls, so that the last one counts.
    while process.is_running()? {
        peak = peak_mib(process.id()).or(peak);
        thread::sleep(POLL_INTERVAL);
    }
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Cost {
        seconds,
        peak_mib: peak,
    })
}

fn cells(table: &Table, traces: u64, database: &'static str, job: &'static str) -> [String; 6] {
    let seconds_of = |row| table.median(&row, |cost| Some(cost.seconds));
    let seconds = seconds_of((database, job));
    let baseline = match job {
        IMPORT => seconds_of((Kind::Postgres.name(), RESTORE)),
        EXPORT => seconds_of((Kind::Postgres.name(), DUMP)),
        _ => None,
    };
    #[expect(clippy::cast_precision_loss, reason = "nobody counts so many traces")]
    let rate = seconds.map(|seconds| traces as f64 / seconds);
    [
        database.to_owned(),
        job.to_owned(),
        cell(seconds, 1),
        cell(rate, 0),
        cell(seconds.and_then(|seconds| Some(baseline? / seconds)), 2),
        cell(table.max(&(database, job), |cost| cost.peak_mib), 0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_has_medians_the_highest_peak_and_the_ratio() {
        let mut table = Table::new();
        let cost = |seconds, peak| Cost {
            seconds,
            peak_mib: Some(peak),
        };
        for (seconds, peak) in [(9.0, 1.0), (2.0, 4.0), (4.0, 2.0)] {
            table.add(("SQLite", EXPORT), cost(seconds, peak));
        }
        table.add(("PostgreSQL", DUMP), cost(2.0, 0.0));

        assert_eq!(
            cells(&table, 1_000, "SQLite", EXPORT).join(" | "),
            "SQLite | `wts export` | 4.0 | 250 | 0.50 | 4"
        );
        assert_eq!(
            cells(&table, 1_000, "PostgreSQL", DUMP).join(" | "),
            "PostgreSQL | `pg_dump` | 2.0 | 500 |  | 0"
        );
    }
}
