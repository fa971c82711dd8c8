//! Checks which crates depend on each other, by the layers that are defined here.

use anyhow::{Context, Result, ensure};
use cargo_metadata::{DependencyKind, MetadataCommand};

/// The rule of a crate: its name; the crates that it may use; further crates that its tests may use; and the groups of
/// libraries that it must not use.
type Rule = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

const DATABASE: &str = "diesel diesel-async diesel_migrations libsqlite3-sys";
const HTTP: &str = "actix-web jsonwebtoken";
/// Untyped errors are for programs, which only print them.
const UNTYPED_ERRORS: &str = "anyhow";

const RULES: &[Rule] = &[
    ("wts-domain", "", "", &[DATABASE, HTTP, UNTYPED_ERRORS]),
    ("wts-app", DOMAIN, "", &[DATABASE, HTTP, UNTYPED_ERRORS]),
    (
        "wts-adapter-db",
        APP,
        "wts-testkit wts-generator",
        &[HTTP, UNTYPED_ERRORS],
    ),
    (
        "wts-adapter-file",
        APP,
        "wts-generator",
        &[DATABASE, HTTP, UNTYPED_ERRORS],
    ),
    // The tests of this crate must not use the testkit, because the testkit depends on another adapter.
    ("wts-adapter-http", APP, "", &[DATABASE, UNTYPED_ERRORS]),
    ("wts-generator", APP, "", &[DATABASE, HTTP, UNTYPED_ERRORS]),
    ("wts-server", ADAPTERS, "wts-testkit", &[]),
    ("wts-test-postgres", "", "", &[DATABASE, HTTP]),
    (
        "wts-testkit",
        "wts-domain wts-app wts-adapter-db wts-test-postgres",
        "",
        &[],
    ),
    ("wts-xtask", "wts-test-postgres", "", &[]),
];
const DOMAIN: &str = "wts-domain";
const APP: &str = "wts-domain wts-app";
const ADAPTERS: &str =
    "wts-domain wts-app wts-adapter-db wts-adapter-file wts-adapter-http wts-generator";

/// A dependency that a manifest declares.
#[derive(Clone, Copy)]
struct Edge<'a> {
    from: &'a str,
    to: &'a str,
    /// Whether the dependency is in `[dev-dependencies]`.
    is_for_tests: bool,
    is_optional: bool,
}

/// Returns an error if a manifest in the workspace declares a forbidden dependency.
pub(crate) fn check() -> Result<()> {
    let metadata = MetadataCommand::new()
        .no_deps()
        .exec()
        .context("could not read the manifests")?;
    let packages = metadata.workspace_packages();
    let members: Vec<_> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let edges = packages.iter().flat_map(|package| {
        package.dependencies.iter().map(|dependency| Edge {
            from: package.name.as_str(),
            to: dependency.name.as_str(),
            is_for_tests: dependency.kind == DependencyKind::Development,
            is_optional: dependency.optional,
        })
    });
    let edges: Vec<_> = edges.collect();
    let violations = violations(&members, &edges);
    ensure!(violations.is_empty(), "{}", violations.join("\n  "));
    println!("    {} dependencies, all allowed", edges.len());
    Ok(())
}

/// Returns a message for each dependency that breaks a rule, and for each crate without a rule.
fn violations(members: &[&str], edges: &[Edge<'_>]) -> Vec<String> {
    let rule_of = |name: &str| RULES.iter().find(|rule| rule.0 == name);
    let without_rule = members.iter().filter(|member| rule_of(member).is_none());
    let without_rule =
        without_rule.map(|member| format!("{member} has no rule in dependency_rules.rs"));
    let forbidden = edges.iter().filter_map(|edge| {
        let reason = objection(rule_of(edge.from)?, edge, members.contains(&edge.to))?;
        Some(format!(
            "{} must not depend on {}: {reason}",
            edge.from, edge.to
        ))
    });
    without_rule.chain(forbidden).collect()
}

fn objection(rule: &Rule, edge: &Edge<'_>, is_member: bool) -> Option<&'static str> {
    let (name, uses, tests_use, forbidden) = rule;
    let includes_target = |names: &str| names.split(' ').any(|name| name == edge.to);
    if is_member {
        let is_allowed = includes_target(uses) || edge.is_for_tests && includes_target(tests_use);
        return (!is_allowed).then_some("the layers do not allow it");
    }
    if forbidden.iter().any(|names| includes_target(names)) {
        return Some("the library belongs to another layer");
    }
    let is_library_of_domain = *name == DOMAIN && !edge.is_for_tests && !edge.is_optional;
    is_library_of_domain.then_some("the domain must not use libraries")
}

#[cfg(test)]
mod tests;
