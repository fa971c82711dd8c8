//! What was seen, as a table in Markdown.

use std::collections::BTreeMap;

use super::{Kind, job::Seen};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
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

impl What {
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

    /// What of PostgreSQL's own it is compared with.
    fn rival(self) -> Option<Self> {
        match self {
            Self::Import => Some(Self::Restore),
            Self::Export => Some(Self::Dump),
            Self::Generate | Self::Verify | Self::Dump | Self::Restore | Self::Copy => None,
        }
    }
}

pub(super) struct Table {
    traces: u64,
    seen: BTreeMap<(Option<Kind>, What), Vec<Seen>>,
}

impl Table {
    /// Of what was done with so many traces.
    pub(super) fn new(traces: u64) -> Self {
        Self {
            traces,
            seen: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, kind: Option<Kind>, what: What, seen: Seen) {
        self.seen.entry((kind, what)).or_default().push(seen);
    }

    pub(super) fn print(&self) {
        println!("| database | what | seconds | traces/s | of PostgreSQL's own | peak MiB |");
        println!("| --- | --- | --: | --: | --: | --: |");
        for (kind, what) in self.seen.keys() {
            println!("{}", self.row(*kind, *what));
        }
    }

    fn row(&self, kind: Option<Kind>, what: What) -> String {
        let seconds = self.median(kind, what);
        let rival = what
            .rival()
            .and_then(|rival| self.median(Some(Kind::Postgres), rival));
        let peak = self
            .seen
            .get(&(kind, what))
            .and_then(|all| all.iter().filter_map(|seen| seen.peak_kib).max());
        let cells = [
            match kind {
                Some(Kind::Postgres) => "PostgreSQL".to_owned(),
                Some(Kind::Sqlite) => "SQLite".to_owned(),
                None => String::new(),
            },
            what.name().to_owned(),
            cell(seconds, 1),
            cell(seconds.map(|seconds| as_float(self.traces) / seconds), 0),
            cell(seconds.and_then(|ours| Some(rival? / ours)), 2),
            cell(peak.map(|kib| as_float(kib) / 1_024.0), 0),
        ];
        format!("| {} |", cells.join(" | "))
    }

    fn median(&self, kind: Option<Kind>, what: What) -> Option<f64> {
        let mut seconds: Vec<_> = self
            .seen
            .get(&(kind, what))?
            .iter()
            .map(|seen| seen.seconds)
            .collect();
        seconds.sort_by(f64::total_cmp);
        seconds.get(seconds.len().checked_sub(1)? / 2).copied()
    }
}

fn cell(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(String::new, |value| format!("{value:.decimals$}"))
}

#[expect(clippy::cast_precision_loss, reason = "nobody counts so many traces")]
fn as_float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_holds_medians_the_highest_peak_and_what_postgresqls_own_takes() {
        let mut table = Table::new(1_000);
        let seen = |seconds, peak_kib| Seen {
            seconds,
            peak_kib: Some(peak_kib),
        };
        for (seconds, peak) in [(9.0, 1_024), (2.0, 4_096), (4.0, 2_048)] {
            table.add(Some(Kind::Sqlite), What::Export, seen(seconds, peak));
        }
        table.add(Some(Kind::Postgres), What::Dump, seen(2.0, 0));

        assert_eq!(
            table.row(Some(Kind::Sqlite), What::Export),
            "| SQLite | `wts export` | 4.0 | 250 | 0.50 | 4 |"
        );
        assert_eq!(
            table.row(Some(Kind::Postgres), What::Dump),
            "| PostgreSQL | `pg_dump` | 2.0 | 500 |  | 0 |"
        );
    }
}
