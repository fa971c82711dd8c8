//! What PostgreSQL does by itself: the same read as one prepared statement, asked by `pgbench`.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::meter::{Answers, Meter, Seen};
use super::place::{FIRST_TICKET, Place};
use super::succeeded;
use crate::postgres::Cluster;
use crate::warden::Warden;

/// A ticket's issuer and its traces in order with the names of those who did them.
const STATEMENT: &str = "\
select t.issuer, x.opid, x.updated_at, x.op, s.name, x.new_status, x.new_priority, x.new_appointment, x.new_category, \
x.remark \
from wts.tickets t \
left join wts.ticket_traces x on x.tid = t.tid \
left join wts.operators o on o.wid = x.op \
left join data.students s on s.sid = o.sid \
where t.tid = :tid \
order by x.updated_at, x.opid;";

/// What others write meanwhile, and how often in a second: far more than a campus does.
const WRITE: &str = "\
insert into wts.ticket_traces (tid, op, updated_at, remark) values (:tid, 'W007', now(), '已联系同学');";
const WRITES: u32 = 100;

/// Asks over so many connections, on each again as soon as it has its answer.
///
/// # Errors
///
/// If pgbench is missing or fails.
pub(super) fn run(
    warden: &mut Warden,
    place: &Place<'_>,
    cluster: &Cluster,
    connections: u32,
    duration: Duration,
) -> Result<Seen> {
    // It writes a file a thread: every transaction and how long it took.
    let logs = tempfile::tempdir().context("could not create a temporary folder")?;
    let script = logs.path().join("read.sql");
    let text = format!(
        "\\set tid random({}, {})\n{STATEMENT}\n",
        FIRST_TICKET,
        place.last()
    );
    fs::write(&script, text).context("could not write pgbench's script")?;
    let mut pgbench = command(place, cluster);
    pgbench
        // To log every transaction would cost more than some of them.
        .args([
            "--no-vacuum",
            "--protocol=prepared",
            "--log",
            "--sampling-rate=0.1",
        ])
        .arg(format!(
            "--log-prefix={}",
            logs.path().join("log").display()
        ))
        .arg(format!("--client={connections}"))
        .arg(format!("--jobs={}", connections.min(2)))
        .arg(format!("--time={}", duration.as_secs()))
        .arg("--file")
        .arg(&script)
        .arg(place.database());
    let meter = Meter::start(None, Some(cluster.process))?;
    let output = warden.output(&mut pgbench)?;
    succeeded("pgbench", &output)?;
    let said = String::from_utf8_lossy(&output.stdout);
    let number = |after: &str| -> Result<f64> {
        said.lines()
            .find_map(|line| {
                line.strip_prefix(after)?
                    .split([' ', '/'])
                    .next()?
                    .parse()
                    .ok()
            })
            .with_context(|| format!("pgbench did not say {after:?}"))
    };
    let count = number("number of transactions actually processed: ")?;
    let rate = number("tps = ")?;
    let mut latencies = Vec::new();
    for log in fs::read_dir(logs.path()).context("pgbench's logs")? {
        let path = log.context("pgbench's logs")?.path();
        if path != script {
            let text = fs::read_to_string(path).context("pgbench's log")?;
            // The third field is the time a transaction took, in microseconds.
            latencies.extend(
                text.lines()
                    .filter_map(|line| line.split(' ').nth(2)?.parse::<u32>().ok()),
            );
        }
    }
    ensure!(!latencies.is_empty(), "pgbench logged no transaction");
    latencies.sort_unstable();
    let at = |percent: usize| {
        let index = (latencies.len() * percent / 100).min(latencies.len() - 1);
        latencies.get(index).copied().map_or(0.0, f64::from)
    };
    meter.read(&Answers {
        count,
        refused: 0.0,
        rate,
        p50: at(50),
        p99: at(99),
    })
}

/// Has others write traces until their process, which this returns, is ended.
///
/// # Errors
///
/// If pgbench does not start.
pub(super) fn start_writing(
    warden: &mut Warden,
    place: &Place<'_>,
    cluster: &Cluster,
) -> Result<u32> {
    let script = place.directory().join("write.sql");
    let text = format!(
        "\\set tid random({}, {})\n{WRITE}\n",
        FIRST_TICKET,
        place.last()
    );
    fs::write(&script, text).context("could not write pgbench's script")?;
    let mut pgbench = command(place, cluster);
    pgbench
        .args(["--no-vacuum", "--client=2", "--time=3600"])
        .arg(format!("--rate={WRITES}"))
        .arg("--file")
        .arg(&script)
        .arg(place.database())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    warden.serve(&mut pgbench)
}

fn command(place: &Place<'_>, cluster: &Cluster) -> Command {
    let mut pgbench = Command::new(place.program("pgbench"));
    pgbench
        .env("PGPASSWORD", &cluster.password)
        .args(["--host=127.0.0.1", "--username=postgres"])
        .arg(format!("--port={}", cluster.port));
    pgbench
}
