//! Import cycles between the top-level modules of a crate.
//!
//! Without cycles a reader can order the modules, leaves first. An edge is a path such as `crate::error::ApiError` or
//! `super::settings` in code that is not only for tests. A name that the crate root re-exports counts as the module that it
//! comes from.

mod graph;
mod references;
mod tokens;

use std::path::Path;

use anyhow::{Context, Result, ensure};
use cargo_metadata::{Metadata, MetadataCommand, Package};

use self::{graph::cycles, references::references};

/// Crates whose cycles are reported without failing the check. A crate leaves the list as soon as it has none.
const STILL_CYCLIC: &[&str] = &["wts-adapter-db"];

/// Checks every crate of the workspace.
///
/// # Errors
///
/// If a crate outside [`STILL_CYCLIC`] has a cycle, or a source file cannot be read.
pub(crate) fn check() -> Result<()> {
    let metadata = MetadataCommand::new()
        .no_deps()
        .exec()
        .context("could not read the manifests")?;
    let mut failures = Vec::new();
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        let cycles = cycles_of(&metadata, package)?;
        if STILL_CYCLIC.contains(&name) {
            match cycles.len() {
                0 => println!("    {name} is free of cycles: remove it from STILL_CYCLIC"),
                _ => println!("    allowed for now:\n{}", cycles.join("\n")),
            }
        } else {
            failures.extend(cycles);
        }
    }
    ensure!(
        failures.is_empty(),
        "modules depend on each other in a cycle:\n{}",
        failures.join("\n")
    );
    println!("    no import cycles between the modules of other crates");
    Ok(())
}

/// A paragraph for each cycle: its modules, and for each edge a file and the name that it uses.
fn cycles_of(metadata: &Metadata, package: &Package) -> Result<Vec<String>> {
    let mut paragraphs = Vec::new();
    let roots = package.targets.iter().filter(|target| {
        target.is_lib() || target.is_bin() && target.src_path.ends_with("src/main.rs")
    });
    for root in roots {
        let references = references(root.src_path.as_std_path())?;
        for cycle in cycles(&references) {
            let modules: Vec<_> = cycle.iter().map(|edge| edge.from.as_str()).collect();
            let edges: Vec<_> = cycle
                .iter()
                .map(|edge| {
                    let file = relative(&edge.file, metadata.workspace_root.as_std_path());
                    format!("    {file} uses {}", edge.path)
                })
                .collect();
            paragraphs.push(format!(
                "  {}: {} -> {}\n{}",
                package.name,
                modules.join(" -> "),
                modules.first().unwrap_or(&""),
                edges.join("\n")
            ));
        }
    }
    Ok(paragraphs)
}

fn relative(file: &Path, directory: &Path) -> String {
    let file = file.strip_prefix(directory).unwrap_or(file);
    file.display().to_string()
}
