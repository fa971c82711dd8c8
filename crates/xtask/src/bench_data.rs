//! `cargo xtask bench-data`: how fast histories go in and out, and in how much memory, beside what PostgreSQL's own
//! programs do with the same data in the same run: `pg_dump`, `psql` reading what it wrote, and `COPY` of the traces
//! alone.
//!
//! The data is a made-up campus. Every round begins with an empty database, what is compared takes turns, and what is
//! printed are medians. That what came out is what went in is checked by the digests of the files.

mod files;
mod job;
mod place;
mod table;

use anyhow::{Result, ensure};
use clap::ValueEnum;

use self::{
    files::Campus,
    job::seen,
    place::{Place, Server},
    table::{Table, What},
};
use crate::{bench, warden::Warden};

/// Arguments of `cargo xtask bench-data`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// About how many traces there are
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(100..))]
    traces: u64,
    /// Which databases they go into and out of
    #[arg(long, value_delimiter = ',', default_value = "postgres,sqlite")]
    databases: Vec<Kind>,
    /// How often each is measured
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Kind {
    /// PostgreSQL with our own schema.
    Postgres,
    /// Embedded SQLite.
    Sqlite,
}

/// Runs the measurements and prints their table.
///
/// # Errors
///
/// If something that is needed is missing or fails, or if what came out is not what went in.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut warden = Warden::start()?;
    bench::build(&mut warden)?;
    let server = args
        .databases
        .contains(&Kind::Postgres)
        .then(|| Server::start(&mut warden))
        .transpose()?;
    let directory = place::directory(&mut warden)?;
    println!("    generating about {} traces", args.traces);
    let (campus, generated) = Campus::generate(&mut warden, directory.path(), args.traces)?;
    let mut table = Table::new(campus.traces);
    table.add(None, What::Generate, generated);
    for round in 1..=args.rounds {
        for kind in &args.databases {
            println!("    round {round}, {kind:?}");
            let place = Place::new(*kind, server.as_ref(), directory.path());
            measure(&mut warden, &campus, &place, &mut table)?;
        }
    }
    println!(
        "\n{} tickets, {} traces, {} MB\n",
        campus.tickets,
        campus.traces,
        campus.bytes / 1_000_000
    );
    table.print();
    Ok(())
}

fn measure(
    warden: &mut Warden,
    campus: &Campus,
    place: &Place<'_>,
    table: &mut Table,
) -> Result<()> {
    let kind = Some(place.kind);
    place.make(warden)?;
    let imported = seen(warden, place.wts("import").arg(&campus.file))?;
    table.add(kind, What::Import, imported);
    let exported = campus.file.with_extension("exported");
    let out = seen(warden, place.wts("export").arg("--output").arg(&exported))?;
    table.add(kind, What::Export, out);
    ensure!(
        files::end_of(&exported)? == campus.end,
        "what came out is not what went in"
    );
    table.add(kind, What::Verify, seen(warden, &mut place.wts("verify"))?);
    if let Some(server) = place.server() {
        let dump = campus.file.with_extension("dump");
        table.add(kind, What::Dump, seen(warden, &mut server.dump(&dump))?);
        table.add(kind, What::Copy, seen(warden, &mut server.copy_out())?);
        place.make(warden)?;
        table.add(
            kind,
            What::Restore,
            seen(warden, &mut server.restore(&dump))?,
        );
    }
    place.remove(warden)
}

/// `wts` or another program, which is to end well.
fn succeed(warden: &mut Warden, command: &mut std::process::Command) -> Result<()> {
    let output = warden.output(command)?;
    ensure!(
        output.status.success(),
        "{} ended with {}:\n{}",
        command.get_program().display(),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
