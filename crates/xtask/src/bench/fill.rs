//! Fills a database with the sample data of `wts generate`.

use std::fs::{self, File};

use anyhow::{Context, Result};

use super::database::{Database, Kind, client};
use crate::{
    command::{on_path, output, program},
    install::debian_package,
};

/// The id of the first ticket of the sample data.
pub(super) const FIRST_TICKET: u32 = 123;

/// SQL that disables triggers and foreign keys.
const WITHOUT_TRIGGERS: &str = "set session_replication_role = replica;";
/// SQL that orders the traces by time, as in a database that has grown. An import stores the traces of a ticket next to
/// each other.
const IN_ORDER_OF_TIME: &str = include_str!("../../../testkit/src/database/in_order_of_time.sql");
/// SQL that moves imported rows to the tables of a WTS v3 database, because `wts import` cannot import into one.
const TO_WTS_V3: &str = include_str!("../../../testkit/src/database/to_wts_v3.sql");
const WTS_V3_SCHEMA: &str = include_str!("../../../testkit/src/database/wts_v3.sql");
/// SQL that inserts tickets after `{last}`: eight with 10 traces, eight with 1,000, four with 100,000, eight with 5 and
/// eight with 200.
const LONG_HISTORIES: &str = include_str!("long_histories.sql");
/// SQL that advances the sequence of trace ids past the inserted ids.
const ADVANCE_SEQUENCE: &str = "\
select setval(pg_get_serial_sequence('wts.ticket_traces', 'opid'), (select max(opid) from wts.ticket_traces));";

/// SQL that reads the tables and indexes into the shared buffers, as after a long time of operation.
const PREWARM: &str = "\
create extension pg_prewarm;
select pg_prewarm(oid) from pg_class where relnamespace = 'wts'::regnamespace and relkind in ('r', 'i');";

/// The placeholders of [`LONG_HISTORIES`], and their values for PostgreSQL, WTS v3 and SQLite.
const PLACEHOLDERS: [(&str, [&str; 3]); 6] = [
    ("{wts}", ["wts.", "wts.", ""]),
    ("{epoch}", [EPOCH, EPOCH, "788918400000000"]),
    ("{minute}", [MINUTE, MINUTE, "60000000"]),
    ("{category}", ["", "::wts.category", ""]),
    ("{status}", ["", "::wts.status", ""]),
    ("{override}", ["", "overriding system value", ""]),
];
const EPOCH: &str = "timestamptz '2025-01-01 00:00:00Z'";
const MINUTE: &str = "interval '1 minute'";

/// Fills an empty database with this number of tickets and, if `long` is set, with those of [`LONG_HISTORIES`]. If
/// `clustered` is set, the traces of a ticket are next to each other in PostgreSQL.
pub(super) fn fill(
    database: &Database<'_>,
    tickets: u32,
    long: bool,
    clustered: bool,
) -> Result<()> {
    let directory = database.directory.path();
    let histories = directory.join("histories.jsonl");
    let mut generate = database.wts("generate");
    generate.arg(format!("--tickets={tickets}"));
    output(generate.arg("--output").arg(&histories))?;
    output(database.wts("import").arg(&histories))?;
    fs::remove_file(&histories).context("could not remove the sample data")?;

    let mut long = if long { LONG_HISTORIES } else { "" }
        .replace("{last}", &(FIRST_TICKET + tickets - 1).to_string());
    for (name, [postgres, wts_v3, sqlite]) in PLACEHOLDERS {
        let value = match database.kind {
            Kind::Postgres => postgres,
            Kind::WtsV3 => wts_v3,
            Kind::Sqlite => sqlite,
        };
        long = long.replace(name, value);
    }
    let order = if clustered { "" } else { IN_ORDER_OF_TIME };
    let to_wts_v3 = TO_WTS_V3.replace("{schema}", WTS_V3_SCHEMA);
    let script = match database.kind {
        Kind::Postgres => [WITHOUT_TRIGGERS, order, &long, ADVANCE_SEQUENCE].join("\n"),
        Kind::WtsV3 => [WITHOUT_TRIGGERS, &to_wts_v3, &long, ADVANCE_SEQUENCE].join("\n"),
        Kind::Sqlite => format!(
            "pragma synchronous = off; begin; {long}; commit; pragma wal_checkpoint(truncate); analyze;"
        ),
    };
    let file = directory.join("fill.sql");
    fs::write(&file, script).context("could not write a script")?;
    if let Some(server) = database.server {
        let mut psql = client(server, "psql");
        psql.args(["--single-transaction", "--file"]);
        output(psql.arg(&file))?;
        output(client(server, "psql").args(["--command", "vacuum analyze"]))?;
        output(client(server, "psql").args(["--command", PREWARM]))?;
    } else {
        debian_package("sqlite3", || on_path("sqlite3").is_some(), "")?;
        let script = File::open(&file).context("could not read a script")?;
        let mut sqlite3 = program("sqlite3");
        output(sqlite3.arg("-bail").arg(database.file()).stdin(script))?;
    }
    Ok(())
}
