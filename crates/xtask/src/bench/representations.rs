//! Measures the cost of responses with changes and state and of CSV responses, compared with plain responses: the CPU
//! time of the service and the size, for tickets with 5 and with 200 traces. Every trace of these tickets changes the
//! status.

use std::time::Duration;

use anyhow::Result;

use super::{
    Responses, load,
    meter::Cost,
    samples::{Samples, cell},
    service::Service,
    wrk::Target,
};

const CONNECTIONS: u32 = 16;
/// The ranges of tickets, which follow all other tickets: the first, the last, and the number of traces of each.
const TICKETS: [(u32, u32, &str); 2] = [(21, 28, "5"), (29, 36, "200")];
const PLAIN: &str = "/api/v3/get_traces?tid=";
const PATHS: [&str; 3] = [
    PLAIN,
    "/api/v3/get_traces?include=changes,state&tid=",
    "/api/v3/get_traces?include=changes&format=csv&tid=",
];

const HEADER: &str = "\
| traces | request | requests/s | service CPU µs | of plain | bytes | of plain | rejected |
| --: | --- | --: | --: | --: | --: | --: | --: |";

/// The measurements by number of traces and path.
type Table = Samples<(&'static str, &'static str), (Responses, Cost)>;

/// Measures every representation in turn, and prints the medians and their ratios to those of the plain response.
pub(super) fn measure(
    service: &Service<'_>,
    last_ticket: u32,
    rounds: u32,
    duration: Duration,
) -> Result<()> {
    let mut table = Table::new();
    for _ in 0..rounds {
        for (first, last, traces) in TICKETS {
            for path in PATHS {
                let target = Target::new(path, (last_ticket + first, last_ticket + last));
                let measured = load(service, &target, CONNECTIONS, duration)?;
                table.add((traces, path), measured);
            }
        }
    }
    table.print(HEADER, |&(traces, path)| cells(&table, traces, path));
    Ok(())
}

fn cells(table: &Table, traces: &'static str, path: &'static str) -> [String; 8] {
    type Value = fn(&(Responses, Cost)) -> Option<f64>;
    const CPU: Value = |(_, cost)| cost.service_cpu;
    const BYTES: Value = |(responses, _)| Some(responses.bytes);

    let median = |value: Value| table.median(&(traces, path), value);
    let of_plain = |value: Value| Some(median(value)? / table.median(&(traces, PLAIN), value)?);
    [
        traces.to_owned(),
        format!("`{path}…`"),
        cell(median(|(responses, _)| Some(responses.rate)), 0),
        cell(median(CPU), 1),
        cell(of_plain(CPU), 2),
        cell(median(BYTES), 0),
        cell(of_plain(BYTES), 2),
        cell(median(|(responses, _)| Some(responses.rejected)), 0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_has_medians_and_ratios_to_the_plain_response() {
        let mut table = Table::new();
        for (path, cpu, bytes) in [(PLAIN, 40.0, 1_000.0), (PATHS[1], 44.0, 1_500.0)] {
            let responses = Responses {
                count: 10.0,
                rejected: 0.0,
                rate: 20.0,
                p50: 1.0,
                p99: 2.0,
                bytes,
            };
            let cost = Cost {
                service_cpu: Some(cpu),
                postgres_cpu: None,
                peak_mib: None,
            };
            table.add(("5", path), (responses, cost));
        }
        assert_eq!(
            cells(&table, "5", PATHS[1]).join(" | "),
            "5 | `/api/v3/get_traces?include=changes,state&tid=…` | 20 | 44.0 | 1.10 | 1500 | 1.50 | 0"
        );
    }
}
