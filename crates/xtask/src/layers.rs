//! Which of our crates use which, and whether they may.

mod rules;

use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use rules::{Edge, Purpose};

/// Checks every dependency that a manifest of ours declares against the rules.
///
/// # Errors
///
/// If one is against them; every such edge is named. Also if `cargo metadata` fails.
pub(crate) fn check() -> Result<()> {
    let metadata = MetadataCommand::new()
        .no_deps()
        .exec()
        .context("could not read the manifests")?;
    let edges = edges(&metadata);
    let wrongs = rules::violations(&members(&metadata), &edges);
    if !wrongs.is_empty() {
        bail!("{}", wrongs.join("\n  "));
    }
    println!("    {} dependencies, all allowed", edges.len());
    Ok(())
}

fn members(metadata: &Metadata) -> Vec<&str> {
    metadata
        .workspace_packages()
        .into_iter()
        .map(|package| package.name.as_str())
        .collect()
}

fn edges(metadata: &Metadata) -> Vec<Edge<'_>> {
    metadata
        .workspace_packages()
        .into_iter()
        .flat_map(|package| {
            package.dependencies.iter().map(|dependency| Edge {
                from: package.name.as_str(),
                to: dependency.name.as_str(),
                purpose: match dependency.kind {
                    DependencyKind::Development => Purpose::Tests,
                    _ => Purpose::Product,
                },
                optional: dependency.optional,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_keeps_the_rules() {
        check().unwrap();
    }
}
