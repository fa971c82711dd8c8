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

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet_at(next: u8) -> Snapshot {
        let mut bytes = [0; 20];
        bytes[11] = next;
        bytes[19] = next;
        Snapshot::read(&bytes).unwrap()
    }

    fn known_at(next: u8) -> Names {
        let mut names = Names::default();
        names.forget_unless(quiet_at(next));
        names.learn(&["W007", "W008"], vec![("W007".into(), "詹姆斯".into())]);
        names
    }

    #[test]
    fn names_are_used_again_while_nobody_writes() {
        let mut names = known_at(7);
        names.forget_unless(quiet_at(7));

        assert_eq!(names.of("W007"), "詹姆斯");
        let asked = names.unknown(["W009", "W007", "W008", "W009"].into_iter());
        assert_eq!(asked, ["W009"], "also of who is known to have none");
    }

    #[test]
    fn names_are_read_again_as_soon_as_anybody_writes() {
        for seen in [quiet_at(8), Snapshot::default()] {
            let mut names = known_at(7);
            names.forget_unless(seen);

            assert_eq!(names.unknown(["W007"].into_iter()), ["W007"]);
        }
    }
}
