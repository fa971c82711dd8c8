//! A cache of operators' names that is never stale.
//!
//! A join for the name in the statement costs PostgreSQL as much as the ticket and its traces together (37 against 19 µs
//! per ticket in a batch of 16), although few people act on many tickets. So names that were read are used again by a
//! statement that saw the very same rows: its own [`Snapshot`](super::statements::Snapshot) proves that. After a
//! write to any table they are read again.

use std::collections::HashMap;

use super::statements::{NameRow, Snapshot};

#[derive(Default)]
pub(super) struct OperatorNameCache {
    as_of: Snapshot,
    /// By staff number; empty for operators who have none.
    known: HashMap<String, String>,
}

impl OperatorNameCache {
    /// Removes all names, unless they are as of this snapshot.
    pub(super) fn invalidate_unless(&mut self, snapshot: Snapshot) {
        if !self.as_of.is_equal_to(snapshot) {
            self.known.clear();
            self.as_of = snapshot;
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

    /// Adds the names that were read of these operators, after the last snapshot. If a later statement sees the same
    /// snapshot again, then so did the statement in between that read the names.
    pub(super) fn insert(&mut self, operators: &[&str], rows: Vec<NameRow>) {
        let unnamed = operators
            .iter()
            .map(|operator| ((*operator).to_owned(), String::new()));
        self.known.extend(unnamed);
        self.known.extend(rows);
    }

    /// The name of an operator, empty if there is none.
    pub(super) fn get(&self, operator: &str) -> &str {
        self.known.get(operator).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet_at(next: u8) -> Snapshot {
        let mut bytes = [0; 20];
        bytes[11] = next;
        bytes[19] = next;
        Snapshot::parse(&bytes).unwrap()
    }

    fn known_at(next: u8) -> OperatorNameCache {
        let mut names = OperatorNameCache::default();
        names.invalidate_unless(quiet_at(next));
        names.insert(&["W007", "W008"], vec![("W007".into(), "詹姆斯".into())]);
        names
    }

    #[test]
    fn names_are_reused_while_there_are_no_writes() {
        let mut names = known_at(7);
        names.invalidate_unless(quiet_at(7));

        assert_eq!(names.get("W007"), "詹姆斯");
        let asked = names.unknown(["W009", "W007", "W008", "W009"].into_iter());
        assert_eq!(asked, ["W009"], "also of who is known to have none");
    }

    #[test]
    fn names_are_read_again_after_a_write() {
        for seen in [quiet_at(8), Snapshot::default()] {
            let mut names = known_at(7);
            names.invalidate_unless(seen);

            assert_eq!(names.unknown(["W007"].into_iter()), ["W007"]);
        }
    }
}
