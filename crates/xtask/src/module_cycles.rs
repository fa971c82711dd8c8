//! Import cycles between the top-level modules of a crate.
//!
//! Without cycles a reader can order the modules, leaves first. An edge is a path such as `crate::error::ApiError` or
//! `super::settings` in code that is not only for tests. A name that the crate root re-exports counts as the module that it
//! comes from.

mod references;
mod tokens;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Result, ensure};
use cargo_metadata::MetadataCommand;

use self::references::{Reference, references};
use crate::command::workspace;

/// Checks every crate of the workspace.
pub(crate) fn check() -> Result<()> {
    let metadata = MetadataCommand::new().no_deps().exec()?;
    let mut failures = Vec::new();
    for package in metadata.workspace_packages() {
        for target in &package.targets {
            if target.is_lib() || target.is_bin() && target.src_path.ends_with("src/main.rs") {
                let references = references(target.src_path.as_std_path())?;
                let cycles = cycles(&references);
                let texts = cycles
                    .iter()
                    .map(|cycle| format!("  {}:{}", package.name, describe(cycle)));
                failures.extend(texts);
            }
        }
    }
    let failures = failures.join("\n");
    ensure!(
        failures.is_empty(),
        "modules depend on each other in a cycle:\n{failures}"
    );
    println!("    no import cycles between the modules of a crate");
    Ok(())
}

type Cycle<'a> = Vec<&'a Reference>;

/// Cycles that have no edge in common, shortest first, without whose edges there are no others. The first reference stands
/// for all between the same two modules.
fn cycles(references: &[Reference]) -> Vec<Cycle<'_>> {
    let mut edges = BTreeMap::new();
    for edge in references {
        edges.entry((&edge.from, &edge.to)).or_insert(edge);
    }
    let mut cycles = Vec::new();
    loop {
        let remaining: Vec<_> = edges.values().copied().collect();
        let found = remaining
            .iter()
            .filter_map(|edge| shortest_cycle(edge, &remaining));
        let Some(cycle) = found.min_by_key(Vec::len) else {
            return cycles;
        };
        edges.retain(|_, edge| !cycle.iter().any(|other| std::ptr::eq(*other, *edge)));
        cycles.push(cycle);
    }
}

/// The shortest cycle that begins with this edge, by breadth-first search.
fn shortest_cycle<'a>(first: &'a Reference, edges: &[&'a Reference]) -> Option<Cycle<'a>> {
    let mut reached = BTreeSet::new();
    let mut paths = VecDeque::from([vec![first]]);
    while let Some(path) = paths.pop_front() {
        let end = &path.last()?.to;
        if *end == first.from {
            return Some(path);
        }
        if reached.insert(end) {
            let next = edges.iter().filter(|edge| edge.from == *end);
            paths.extend(next.map(|edge| [path.as_slice(), &[*edge]].concat()));
        }
    }
    None
}

/// A line for each edge.
fn describe(cycle: &Cycle<'_>) -> String {
    let lines = cycle.iter().map(|edge| {
        let file = edge.file.strip_prefix(workspace()).unwrap_or(&edge.file);
        let (from, to, path) = (&edge.from, &edge.to, &edge.path);
        format!("\n    {from} -> {to}: {} uses {path}", file.display())
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disjoint_cycles_are_found_shortest_first() {
        let edges = [
            ("a", "b"),
            ("b", "c"),
            ("c", "d"),
            ("d", "b"),
            ("c", "e"),
            ("e", "c"),
        ];
        let references = edges.map(|(from, to)| Reference {
            from: from.to_owned(),
            to: to.to_owned(),
            file: format!("{from}.rs").into(),
            path: format!("crate::{to}"),
        });
        let found: Vec<_> = cycles(&references).iter().map(describe).collect();
        assert_eq!(
            found,
            [
                "\n    c -> e: c.rs uses crate::e\n    e -> c: e.rs uses crate::c",
                "\n    b -> c: b.rs uses crate::c\n    c -> d: c.rs uses crate::d\n    d -> b: d.rs uses crate::b",
            ]
        );
        assert!(cycles(&references[..3]).is_empty());
    }
}
