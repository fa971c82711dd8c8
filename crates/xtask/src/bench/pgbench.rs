//! Measures PostgreSQL without the service: `pgbench` sends the same query as one prepared statement.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use wts_test_postgres::PostgresServer;

use super::{
    Responses,
    database::{Database, client},
    meter::{Cost, Meter},
};
use crate::command::{Background, output};

/// The query for the issuer of a ticket and its traces in order, with the names of their operators.
const READ: &str = "\
select t.issuer, x.opid, x.updated_at, x.op, s.name, x.new_status, x.new_priority, x.new_appointment, x.new_category, \
x.remark \
from wts.tickets t \
left join wts.ticket_traces x on x.tid = t.tid \
left join wts.operators o on o.wid = x.op \
left join data.students s on s.sid = o.sid \
where t.tid = :tid \
order by x.updated_at, x.opid;";

/// The statement of the concurrent writers, and its rate per second, which is far higher than in production.
const WRITE: &str = "\
insert into wts.ticket_traces (tid, op, updated_at, remark) values (:tid, 'W007', now(), '已联系同学');";
const WRITES: u32 = 100;

/// The program `pgbench` for a PostgreSQL database.
pub(super) struct Pgbench<'a> {
    server: &'a PostgresServer,
    directory: &'a Path,
    /// The ids of the first and the last ticket.
    tickets: (u32, u32),
}

impl<'a> Pgbench<'a> {
    pub(super) fn new(database: &'a Database<'_>, tickets: (u32, u32)) -> Option<Self> {
        Some(Self {
            server: database.server?,
            directory: database.directory.path(),
            tickets,
        })
    }

    /// Measures reads over this number of connections. Each connection sends the next query after the previous result.
    pub(super) fn read(&self, connections: u32, duration: Duration) -> Result<(Responses, Cost)> {
        // Each thread of `pgbench` writes a log file with the latencies of its transactions.
        let logs = tempfile::tempdir().context("could not create a temporary directory")?;
        let mut pgbench = self.command(READ)?;
        pgbench
            // Only a sample is logged, because logging a transaction can cost more than the transaction.
            .args(["--protocol=prepared", "--log", "--sampling-rate=0.1"])
            .arg(format!("--log-prefix={}/log", logs.path().display()))
            .arg(format!("--client={connections}"))
            .arg(format!("--jobs={}", connections.min(2)))
            .arg(format!("--time={}", duration.as_secs()));
        let meter = Meter::start(None, self.server.process_id());
        let report = output(&mut pgbench)?;
        let number = |name: &str| -> Result<f64> {
            let line = report.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|rest| rest.split([' ', '/']).next()?.parse().ok());
            number.with_context(|| format!("pgbench did not report {name:?}"))
        };
        let count = number("number of transactions actually processed: ")?;
        let latencies = latencies(logs.path())?;
        let percentile = |percent| {
            let latency = latencies.get((latencies.len() - 1) * percent / 100);
            latency.copied().map_or(0.0, f64::from)
        };
        let responses = Responses {
            count,
            rejected: 0.0,
            rate: number("tps = ")?,
            p50: percentile(50),
            p99: percentile(99),
            bytes: 0.0,
        };
        Ok((responses, meter.stop(count)))
    }

    /// Starts concurrent writers, which write traces until the returned process is dropped.
    pub(super) fn start_writers(&self) -> Result<Background> {
        let mut pgbench = self.command(WRITE)?;
        pgbench.args(["--client=2", "--time=3600", &format!("--rate={WRITES}")]);
        Background::start(pgbench.stdout(Stdio::null()).stderr(Stdio::null()))
    }

    fn command(&self, statement: &str) -> Result<Command> {
        let script = self.directory.join("pgbench.sql");
        let (first, last) = self.tickets;
        let text = format!("\\set tid random({first}, {last})\n{statement}\n");
        fs::write(&script, text).context("could not write the pgbench script")?;
        let mut pgbench = client(self.server, "pgbench");
        pgbench.arg("--no-vacuum").arg("--file").arg(script);
        Ok(pgbench)
    }
}

/// Returns the latencies in all log files, in microseconds and in ascending order.
fn latencies(logs: &Path) -> Result<Vec<u32>> {
    let mut latencies = Vec::new();
    for log in fs::read_dir(logs).context("could not read the directory of the pgbench logs")? {
        let text = fs::read_to_string(log?.path()).context("could not read a pgbench log")?;
        let third_fields = text.lines().filter_map(|line| line.split(' ').nth(2));
        latencies.extend(third_fields.filter_map(|field| field.parse::<u32>().ok()));
    }
    ensure!(!latencies.is_empty(), "pgbench logged no transaction");
    latencies.sort_unstable();
    Ok(latencies)
}
