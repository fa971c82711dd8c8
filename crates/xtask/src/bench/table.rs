//! What was seen, as a table in Markdown.

use std::collections::BTreeMap;

use super::meter::Seen;

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// The service, for random tickets.
    Service,
    /// The same, while others write to the database.
    ServiceBesideWriters,
    /// The service, for nothing.
    Floor,
    /// The database alone.
    Pgbench,
    /// The service, for one ticket with so many traces.
    History(u32),
}

/// Measurements, several of each.
pub(super) struct Table {
    seen: BTreeMap<(u32, What), Vec<Seen>>,
}

impl Table {
    pub(super) fn new() -> Self {
        Self {
            seen: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, what: What, connections: u32, seen: Seen) {
        self.seen.entry((connections, what)).or_default().push(seen);
    }

    pub(super) fn print(&self) {
        println!(
            "| connections | asked for | requests/s | of pgbench | of the floor | p50 µs | p99 µs | p99 of pgbench \
             | service CPU µs | PostgreSQL CPU µs | peak MiB | refused |"
        );
        println!("| --: | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |");
        for (connections, what) in self.seen.keys() {
            println!("{}", self.row(*connections, *what));
        }
    }

    fn row(&self, connections: u32, what: What) -> String {
        let of = |what, value: fn(&Seen) -> Option<f64>| self.median(connections, what, value);
        let ratio = |other, value: fn(&Seen) -> Option<f64>| {
            let ratio = of(what, value)? / of(other, value)?;
            matches!(what, What::Service | What::ServiceBesideWriters).then_some(ratio)
        };
        let rate = |seen: &Seen| Some(seen.rate);
        let p99 = |seen: &Seen| Some(seen.p99);
        let asked = match what {
            What::Service => "traces".to_owned(),
            What::ServiceBesideWriters => "traces, others write".to_owned(),
            What::Floor => "floor".to_owned(),
            What::Pgbench => "pgbench".to_owned(),
            What::History(traces) => format!("histories of {traces}"),
        };
        let cells = [
            connections.to_string(),
            asked,
            cell(of(what, rate), 0),
            cell(ratio(What::Pgbench, rate), 2),
            cell(ratio(What::Floor, rate), 2),
            cell(of(what, |seen| Some(seen.p50)), 0),
            cell(of(what, p99), 0),
            cell(ratio(What::Pgbench, p99), 2),
            cell(of(what, |seen| seen.service), 1),
            cell(of(what, |seen| seen.postgres), 1),
            cell(of(what, |seen| seen.peak), 1),
            cell(of(what, |seen| Some(100.0 * seen.refused)), 0) + " %",
        ];
        format!("| {} |", cells.join(" | "))
    }

    fn median(&self, connections: u32, what: What, value: fn(&Seen) -> Option<f64>) -> Option<f64> {
        let mut values: Vec<_> = self
            .seen
            .get(&(connections, what))?
            .iter()
            .filter_map(value)
            .collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len().checked_sub(1)? / 2).copied()
    }
}

fn cell(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(String::new, |value| format!("{value:.decimals$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(rate: f64, p99: f64) -> Seen {
        Seen {
            rate,
            refused: 0.0,
            p50: 10.0,
            p99,
            service: Some(12.34),
            postgres: None,
            peak: Some(20.0),
        }
    }

    #[test]
    fn a_row_holds_medians_and_what_they_are_of_the_others() {
        let mut table = Table::new();
        for rate in [900.0, 3_000.0, 1_000.0] {
            table.add(What::Service, 16, seen(rate, 30.0));
        }
        table.add(What::Pgbench, 16, seen(500.0, 60.0));
        table.add(What::Floor, 16, seen(2_000.0, 5.0));

        assert_eq!(
            table.row(16, What::Service),
            "| 16 | traces | 1000 | 2.00 | 0.50 | 10 | 30 | 0.50 | 12.3 |  | 20.0 | 0 % |"
        );
        assert_eq!(
            table.row(16, What::Floor),
            "| 16 | floor | 2000 |  |  | 10 | 5 |  | 12.3 |  | 20.0 | 0 % |"
        );
    }
}
