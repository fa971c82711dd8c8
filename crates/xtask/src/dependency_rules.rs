//! Which crate may depend on which: the layers, written once.

use anyhow::{Context, Result, ensure};
use cargo_metadata::{DependencyKind, MetadataCommand};

/// A crate of the workspace; the crates of the workspace that it may use; further ones that its tests may use; and the
/// groups of libraries that neither may use.
type Rule = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

const DATABASE: &str = "diesel diesel-async diesel_migrations libsqlite3-sys";
const HTTP: &str = "actix-web jsonwebtoken";
/// Errors without a type are for programs, which only print them.
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
    // Its tests do without the testkit, which uses the other adapter.
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

/// One dependency that a manifest declares.
#[derive(Clone, Copy)]
struct Edge<'a> {
    from: &'a str,
    to: &'a str,
    /// Whether it is one of `[dev-dependencies]`.
    is_for_tests: bool,
    is_optional: bool,
}

/// Checks every dependency that a manifest of the workspace declares.
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

/// A sentence for each of `edges` that breaks a rule, and for each of `members` that has none.
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
        return (!is_allowed).then_some("the layers do not go that way");
    }
    if forbidden.iter().any(|names| includes_target(names)) {
        return Some("it belongs to another layer");
    }
    let is_library_of_domain = *name == DOMAIN && !edge.is_for_tests && !edge.is_optional;
    is_library_of_domain.then_some("it uses no libraries")
}

#[cfg(test)]
mod tests;
