//! The labels that the columns of a database allow, compared with those of the domain crate.

use std::collections::BTreeSet;

use wts_domain::{Access, Category, Priority, Status};

use crate::inspection::LabelDifference;

/// The columns that contain labels: their tables and names.
pub(crate) const COLUMNS: [(&str, &str); 7] = [
    ("operators", "access"),
    ("tickets", "category"),
    ("tickets", "priority"),
    ("tickets", "status"),
    ("ticket_traces", "new_category"),
    ("ticket_traces", "new_priority"),
    ("ticket_traces", "new_status"),
];

/// Returns the labels of the domain crate for a column.
fn known_labels(column: &str) -> BTreeSet<&'static str> {
    fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> BTreeSet<&'static str> {
        all.iter().map(|value| name(*value)).collect()
    }
    match column.trim_start_matches("new_") {
        "access" => names(Access::ALL, Access::as_str),
        "category" => names(Category::ALL, Category::as_str),
        "priority" => names(Priority::ALL, Priority::as_str),
        "status" => names(Status::ALL, Status::as_str),
        _ => BTreeSet::new(),
    }
}

/// Compares the labels that a database allows in a column. `name` is the name of the enum or of the column. Returns `None`
/// if the labels are equal, or if the database allows any label.
pub(crate) fn difference(name: &str, column: &str, allowed: &[String]) -> Option<LabelDifference> {
    let known = known_labels(column);
    let allowed: BTreeSet<_> = allowed.iter().map(String::as_str).collect();
    if allowed.is_empty() || allowed == known {
        return None;
    }
    let minus = |a: &BTreeSet<&str>, b: &BTreeSet<&str>| {
        a.difference(b).map(|label| (*label).to_owned()).collect()
    };
    Some(LabelDifference {
        name: name.to_owned(),
        unknown: minus(&allowed, &known),
        missing: minus(&known, &allowed),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(labels: &[&str]) -> Vec<String> {
        labels.iter().map(|label| (*label).to_owned()).collect()
    }

    #[test]
    fn unknown_and_missing_labels_are_found() {
        let labels = [
            "fresh",
            "waiting",
            "scheduled",
            "delay",
            "escalated",
            "solved",
        ];
        let found = difference("wts.status", "new_status", &allowed(&labels));
        let expected = LabelDifference {
            name: "wts.status".to_owned(),
            unknown: allowed(&["waiting"]),
            missing: allowed(&["canceled"]),
        };
        assert_eq!(found, Some(expected));
    }

    #[test]
    fn equal_labels_in_any_order_are_accepted() {
        for (_, column) in COLUMNS {
            let known: Vec<_> = known_labels(column).into_iter().rev().collect();
            assert!(known.len() > 4, "{column}");
            assert_eq!(difference("", column, &allowed(&known)), None);
            assert_eq!(difference("", column, &[]), None, "any label is allowed");
        }
    }
}
