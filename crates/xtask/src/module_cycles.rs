//! Finds import cycles between the top-level modules of a crate.
//!
//! Without cycles, the modules can be ordered so that each one imports only earlier ones. An import is a path such as
//! `crate::error::ApiError` or `super::settings` in code that is not test code. A name that the crate root re-exports
//! counts as an import of the module that defines it.

mod references;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use cargo_metadata::MetadataCommand;

use self::references::{Reference, references};
use crate::command::workspace;

/// Returns an error if a crate of the workspace has import cycles.
pub(crate) fn check() -> Result<()> {
    let metadata = MetadataCommand::new().no_deps().exec()?;
    let mut lines = Vec::new();
    for package in metadata.workspace_packages() {
        for target in &package.targets {
            if target.is_lib() || target.is_bin() && target.src_path.ends_with("src/main.rs") {
                let references = references(target.src_path.as_std_path())?;
                let edges = cyclic_edges(&references);
                let edges = edges.into_iter().map(describe);
                lines.extend(edges.map(|edge| format!("  {}: {edge}", package.name)));
            }
        }
    }
    let lines = lines.join("\n");
    ensure!(
        lines.is_empty(),
        "modules depend on each other in a cycle:\n{lines}"
    );
    println!("    no import cycles between the modules of a crate");
    Ok(())
}

/// Returns one reference for each pair of modules whose import is part of a cycle.
fn cyclic_edges(references: &[Reference]) -> Vec<&Reference> {
    let mut edges = BTreeMap::new();
    for edge in references {
        edges.entry((&edge.from, &edge.to)).or_insert(edge);
    }
    let edges: Vec<_> = edges.into_values().collect();
    let is_cyclic =
        |edge: &&Reference| imports_lead_to(&edge.to, &edge.from, &edges, &mut BTreeSet::new());
    edges.iter().copied().filter(is_cyclic).collect()
}

/// Returns whether imports lead from one module to another, without the modules in `visited`.
fn imports_lead_to<'a>(
    from: &'a str,
    to: &str,
    edges: &[&'a Reference],
    visited: &mut BTreeSet<&'a str>,
) -> bool {
    let mut next = edges.iter().filter(|edge| edge.from == from);
    from == to
        || visited.insert(from) && next.any(|edge| imports_lead_to(&edge.to, to, edges, visited))
}

fn describe(edge: &Reference) -> String {
    let file = edge.file.strip_prefix(workspace()).unwrap_or(&edge.file);
    let (from, to, file, path) = (&edge.from, &edge.to, file.display(), &edge.path);
    format!("{from} -> {to}: {file} uses {path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_imports_in_cycles_are_found() {
        let edges = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "b"), ("d", "e")];
        let references = edges.map(|(from, to)| Reference {
            from: from.to_owned(),
            to: to.to_owned(),
            file: format!("{from}.rs").into(),
            path: format!("crate::{to}"),
        });
        let found: Vec<_> = cyclic_edges(&references)
            .into_iter()
            .map(describe)
            .collect();
        assert_eq!(
            found,
            [
                "b -> c: b.rs uses crate::c",
                "c -> d: c.rs uses crate::d",
                "d -> b: d.rs uses crate::b",
            ]
        );
        assert!(cyclic_edges(&references[..3]).is_empty());
    }
}
