//! A cache of operator names that is never stale.
//!
//! A join for the names costs PostgreSQL as much as reading the tickets and their traces (37 µs compared with 19 µs per
//! ticket in a batch of 16), although few operators act on many tickets. Therefore names are cached. The cache is used
//! only if the [`Snapshot`] of the current statement equals that of the cached names;
//! after a write to any table, names are read again.

use std::collections::HashMap;

use super::statements::{NameRow, Snapshot};

#[derive(Default)]
pub(super) struct OperatorNameCache {
    as_of: Snapshot,
    /// The cached names by staff id. The name is empty if the operator has none.
    known: HashMap<String, String>,
}

impl OperatorNameCache {
    /// Removes all names unless they were read with an equal snapshot.
    pub(super) fn invalidate_unless(&mut self, snapshot: Snapshot) {
        if !self.as_of.is_equal_to(snapshot) {
            self.known.clear();
            self.as_of = snapshot;
        }
    }

    /// Returns the `operators` whose names are not cached, without duplicates.
    pub(super) fn unknown<'a>(&self, operators: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        let mut unknown: Vec<_> = operators
            .filter(|operator| !self.known.contains_key(*operator))
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }

    /// Adds the names that a statement has read after the last snapshot. A later statement uses them only if its
    /// snapshot equals the last one; then the statement that read the names had the same snapshot too.
    pub(super) fn insert(&mut self, operators: &[&str], rows: Vec<NameRow>) {
        let unnamed = operators
            .iter()
            .map(|operator| ((*operator).to_owned(), String::new()));
        self.known.extend(unnamed);
        self.known.extend(rows);
    }

    /// Returns the name of an operator; the name is empty if the operator has none.
    pub(super) fn get(&self, operator: &str) -> &str {
        self.known.get(operator).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot_at(next: u8) -> Snapshot {
        let mut bytes = [0; 20];
        bytes[11] = next;
        bytes[19] = next;
        Snapshot::parse(&bytes).unwrap()
    }

    fn cache_at(next: u8) -> OperatorNameCache {
        let mut names = OperatorNameCache::default();
        names.invalidate_unless(snapshot_at(next));
        names.insert(&["W007", "W008"], vec![("W007".into(), "詹姆斯".into())]);
        names
    }

    #[test]
    fn operator_names_are_cached_while_there_are_no_writes() {
        let mut names = cache_at(7);
        names.invalidate_unless(snapshot_at(7));

        assert_eq!(names.get("W007"), "詹姆斯");
        let unknown = names.unknown(["W009", "W007", "W008", "W009"].into_iter());
        assert_eq!(
            unknown,
            ["W009"],
            "an operator without a name is cached too"
        );
    }

    #[test]
    fn operator_names_are_read_again_after_a_write() {
        for snapshot in [snapshot_at(8), Snapshot::default()] {
            let mut names = cache_at(7);
            names.invalidate_unless(snapshot);

            assert_eq!(names.unknown(["W007"].into_iter()), ["W007"]);
        }
    }
}
