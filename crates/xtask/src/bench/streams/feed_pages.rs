//! Measures pages of the feed: the first page, one from the middle, and one with a filter that no trace meets.

use std::time::Duration;

use anyhow::Result;
use wts_test_postgres::PostgresServer;

use super::super::{
    database::client,
    samples::{Samples, cell},
    service::Service,
    wrk,
};
use crate::command::output;

const DURATION: Duration = Duration::from_secs(4);
/// SQL that returns the number of traces and the cursor of the one in the middle. The base64 alphabet differs in two
/// characters.
const MIDDLE: &str = "\
select count(*) || ' ' || translate(encode('\\x0100' || int8send(max(opid) / 2), 'base64'), '+/=', '-_') \
from wts.ticket_traces";

/// Measures pages of 100 traces over one connection in turn, and prints the medians.
pub(super) fn measure(service: &Service<'_>, server: &PostgresServer, rounds: u32) -> Result<()> {
    let mut psql = client(server, "psql");
    let printed = output(psql.args(["--tuples-only", "--no-align", "--command", MIDDLE]))?;
    let (count, cursor) = printed.trim().split_once(' ').unwrap_or_default();
    let pages = [
        ("first", String::new()),
        ("middle", format!("cursor={cursor}&")),
        ("no trace meets `op`", "op=NOBODY&".to_owned()),
    ];
    let mut table = Samples::new();
    for _ in 0..rounds {
        for (name, parameters) in &pages {
            // The service ignores the parameter `n`.
            let target = wrk::Target::new(format!("/api/v3/traces?{parameters}n="), (1, 9));
            let responses = wrk::run(service, &target, 1, DURATION)?;
            table.add(*name, responses);
            service.empty_log()?;
        }
    }
    println!("\n{count} traces\n");
    table.print(
        "| page | requests/s | p50 µs | of the first |\n| --- | --: | --: | --: |",
        |name| {
            let median = |name| table.median(name, |responses| Some(responses.p50));
            let ratio = median(name).and_then(|page| Some(page / median(&"first")?));
            [
                (*name).to_owned(),
                cell(table.median(name, |responses| Some(responses.rate)), 0),
                cell(median(name), 0),
                cell(ratio, 2),
            ]
        },
    );
    Ok(())
}
