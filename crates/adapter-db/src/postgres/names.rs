//! What operators are called, as long as that is certain.
//!
//! Few people act on many tickets, and their names are most of what a batch would cost. Names that were read may be used
//! again by a statement that saw the very rows that were seen when they were read: its own
//! [`Snapshot`](super::statements::Snapshot) says so. As soon as anybody has written anything, to whatever table, they
//! are read again.

use std::collections::HashMap;

use super::statements::{NameRow, Snapshot};

#[derive(Default)]
pub(super) struct Names {
    as_of: Snapshot,
    /// By staff number; empty for operators who have none.
    known: HashMap<String, String>,
}

impl Names {
    /// Forgets all names, unless they are those that a statement would have read which saw this.
    pub(super) fn forget_unless(&mut self, seen: Snapshot) {
        if !self.as_of.is_equal_to(seen) {
            self.known.clear();
            self.as_of = seen;
        }
    }

    /// Those of `operators` whose names are not known, each once.
    pub(super) fn unknown<'a>(&self, operators: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        let mut unknown: Vec<_> = operators
            .filter(|operator| !self.known.contains_key(*operator))
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }

    /// Takes note of the names that were read of these operators, after what was seen last. Should a later statement see
    /// the same again, then so did the one in between that read the names.
    pub(super) fn learn(&mut self, operators: &[&str], rows: Vec<NameRow>) {
        let unnamed = operators
            .iter()
            .map(|operator| ((*operator).to_owned(), String::new()));
        self.known.extend(unnamed);
        self.known.extend(rows);
    }

    /// The name of an operator, empty if there is none.
    pub(super) fn of(&self, operator: &str) -> &str {
        self.known.get(operator).map_or("", String::as_str)
    }
}
