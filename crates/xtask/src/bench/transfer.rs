//! `cargo xtask bench-data`: the time and the memory that histories take in and out, beside what PostgreSQL's own programs
//! take for the same data in the same run: `pg_dump`, `psql` reading what that wrote, and `COPY` of the traces alone.
//!
//! The data is sample data of `wts generate`. Every round begins with an empty database, what is compared takes turns, and
//! the figures are medians. The digests of the files show whether what came out is what went in.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use super::{
    build,
    database::{Databases, Kind, client},
    meter::peak_mib,
    samples::{Samples, cell},
};
use crate::command::{in_target, output, program};

/// How many traces a thousand tickets of the sample data have.
const TRACES_PER_THOUSAND_TICKETS: u64 = 4_850;
const POLL_INTERVAL: Duration = Duration::from_millis(20);
const TABLES: [&str; 4] = [
    "--table=data.students",
    "--table=wts.operators",
    "--table=wts.tickets",
    "--table=wts.ticket_traces",
];

const HEADER: &str = "\
| database | what | seconds | traces/s | of PostgreSQL's own | peak MiB |
| --- | --- | --: | --: | --: | --: |";

/// Arguments of `cargo xtask bench-data`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// About how many traces there are
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(100..))]
    traces: u64,
    /// Which databases they go into and out of: postgres and sqlite
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "postgres,sqlite",
        hide_possible_values = true
    )]
    databases: Vec<Kind>,
    /// How often each is measured
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Job {
    Generate,
    Import,
    Export,
    Verify,
    /// `pg_dump`.
    Dump,
    /// `psql` with what `pg_dump` wrote.
    Restore,
    /// `COPY` of the traces alone.
    Copy,
}

impl Job {
    fn name(self) -> &'static str {
        match self {
            Self::Generate => "`wts generate`",
            Self::Import => "`wts import`",
            Self::Export => "`wts export`",
            Self::Verify => "`wts verify`",
            Self::Dump => "`pg_dump`",
            Self::Restore => "`psql`, reading that",
            Self::Copy => "`COPY` of the traces alone",
        }
    }

    /// The job of PostgreSQL's own programs that it is compared with.
    fn baseline(self) -> Option<Self> {
        match self {
            Self::Import => Some(Self::Restore),
            Self::Export => Some(Self::Dump),
            Self::Generate | Self::Verify | Self::Dump | Self::Restore | Self::Copy => None,
        }
    }
}

/// What a program took.
#[derive(Clone, Copy)]
struct Cost {
    seconds: f64,
    /// The most memory that the process itself held, if it could be seen.
    peak_mib: Option<f64>,
}

type Table = Samples<(Option<Kind>, Job), Cost>;

/// Runs the measurements and prints their table.
///
/// # Errors
///
/// If something that is needed is missing or fails, or if what came out is not what went in.
pub(crate) fn run(arguments: &Args) -> Result<()> {
    let imports = !arguments.databases.contains(&Kind::WtsV3);
    ensure!(imports, "nothing can be imported into a WTS v3 database");
    build()?;
    let databases = Databases::start(&arguments.databases)?;
    let directory = tempfile::tempdir().context("could not create a temporary directory")?;
    println!("    generating about {} traces", arguments.traces);
    let (data, generated) = SampleData::generate(directory.path(), arguments.traces)?;
    let mut table = Table::default();
    table.add((None, Job::Generate), generated);
    for round in 1..=arguments.rounds {
        for kind in &arguments.databases {
            println!("    round {round}, {}", kind.name());
            measure(&data, &databases, *kind, &mut table)?;
        }
    }
    let megabytes = fs::metadata(&data.file).context("the sample data")?.len() / 1_000_000;
    println!(
        "\n{} tickets, {} traces, {megabytes} MB\n",
        data.tickets, data.traces
    );
    println!("{HEADER}");
    for (kind, job) in table.rows() {
        println!("{}", row(&table, data.traces, kind, job));
    }
    Ok(())
}

fn measure(data: &SampleData, databases: &Databases, kind: Kind, table: &mut Table) -> Result<()> {
    let mut add = |job, command: &mut Command| -> Result<()> {
        table.add((Some(kind), job), cost(command)?);
        Ok(())
    };
    let exported = data.file.with_extension("exported");
    let dump = data.file.with_extension("dump");
    let database = databases.create(kind)?;
    add(Job::Import, database.wts("import").arg(&data.file))?;
    add(
        Job::Export,
        database.wts("export").arg("--output").arg(&exported),
    )?;
    ensure!(
        last_line(&exported)? == data.last_line,
        "what came out is not what went in"
    );
    add(Job::Verify, &mut database.wts("verify"))?;
    if let Some(server) = database.server() {
        let mut pg_dump = client(server, "pg_dump");
        pg_dump.arg("--data-only").args(TABLES);
        add(Job::Dump, pg_dump.arg("--file").arg(&dump))?;
        let mut psql = client(server, "psql");
        psql.args(["--no-psqlrc", "--command=copy wts.ticket_traces to stdout"]);
        add(Job::Copy, &mut psql)?;
    }
    database.remove()?;
    if kind == Kind::Postgres {
        let database = databases.create(kind)?;
        let server = database.server().context("PostgreSQL was started")?;
        let mut psql = client(server, "psql");
        psql.args([
            "--quiet",
            "--no-psqlrc",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
        ]);
        add(Job::Restore, psql.arg("--file").arg(&dump))?;
        database.remove()?;
    }
    Ok(())
}

/// A file of histories.
struct SampleData {
    file: PathBuf,
    tickets: u64,
    traces: u64,
    /// It holds the numbers and the digest.
    last_line: String,
}

impl SampleData {
    fn generate(directory: &Path, traces: u64) -> Result<(Self, Cost)> {
        let file = directory.join("histories.jsonl");
        let tickets = traces * 1_000 / TRACES_PER_THOUSAND_TICKETS + 1;
        let mut generate = program(in_target("release/wts"));
        generate.arg("generate").arg(format!("--tickets={tickets}"));
        generate.arg("--output").arg(&file).env("WTS_LOG", "warn");
        let generated = cost(&mut generate)?;
        let last_line = last_line(&file)?;
        let number = |name: &str| -> Result<u64> {
            let value = last_line
                .split_once(&format!("\"{name}\":"))
                .map(|(_, rest)| rest);
            let value = value.and_then(|rest| rest.split(',').next()?.parse().ok());
            value.with_context(|| format!("the last line of the sample data has no {name}"))
        };
        let data = Self {
            tickets: number("tickets")?,
            traces: number("traces")?,
            file,
            last_line,
        };
        Ok((data, generated))
    }
}

fn last_line(file: &Path) -> Result<String> {
    output(program("tail").args(["-n", "1"]).arg(file))
}

/// Runs a program to its end.
fn cost(command: &mut Command) -> Result<Cost> {
    let name = command.get_program().display().to_string();
    let begun = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .spawn()
        .context(name.clone())?;
    let mut peak = None;
    // The peak never falls, so that the last one counts.
    let status = loop {
        peak = peak_mib(child.id()).or(peak);
        if let Some(status) = child.try_wait().context(name.clone())? {
            break status;
        }
        thread::sleep(POLL_INTERVAL);
    };
    let seconds = begun.elapsed().as_secs_f64();
    ensure!(status.success(), "{name} failed, {status}");
    Ok(Cost {
        seconds,
        peak_mib: peak,
    })
}

fn row(table: &Table, traces: u64, kind: Option<Kind>, job: Job) -> String {
    let median = |kind, job| table.median((kind, job), |cost| Some(cost.seconds));
    let seconds = median(kind, job);
    let baseline = job
        .baseline()
        .and_then(|job| median(Some(Kind::Postgres), job));
    #[expect(clippy::cast_precision_loss, reason = "nobody counts so many traces")]
    let rate = seconds.map(|seconds| traces as f64 / seconds);
    let cells = [
        kind.map_or("", Kind::name).to_owned(),
        job.name().to_owned(),
        cell(seconds, 1),
        cell(rate, 0),
        cell(seconds.and_then(|seconds| Some(baseline? / seconds)), 2),
        cell(table.max((kind, job), |cost| cost.peak_mib), 0),
    ];
    format!("| {} |", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_has_medians_the_highest_peak_and_the_ratio() {
        let mut table = Table::default();
        let cost = |seconds, peak| Cost {
            seconds,
            peak_mib: Some(peak),
        };
        for (seconds, peak) in [(9.0, 1.0), (2.0, 4.0), (4.0, 2.0)] {
            table.add((Some(Kind::Sqlite), Job::Export), cost(seconds, peak));
        }
        table.add((Some(Kind::Postgres), Job::Dump), cost(2.0, 0.0));

        assert_eq!(
            row(&table, 1_000, Some(Kind::Sqlite), Job::Export),
            "| SQLite | `wts export` | 4.0 | 250 | 0.50 | 4 |"
        );
        assert_eq!(
            row(&table, 1_000, Some(Kind::Postgres), Job::Dump),
            "| PostgreSQL | `pg_dump` | 2.0 | 500 |  | 0 |"
        );
    }
}
