//! Which crate may depend on which: the layers, written once.

use anyhow::{Context, Result, ensure};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// The dependencies that a crate of the workspace may have.
struct Rule {
    name: &'static str,
    /// Crates of the workspace.
    uses: &'static str,
    /// Further crates of the workspace, for its tests.
    tests_use: &'static str,
    /// Libraries that neither its code nor its tests may use.
    forbidden: &'static [&'static str],
}

const DATABASE: &str = "diesel diesel-async diesel_migrations libsqlite3-sys";
const HTTP: &str = "actix-web jsonwebtoken";
/// Errors without a type are for programs, which only print them.
const UNTYPED_ERRORS: &str = "anyhow";

const RULES: &[Rule] = &[
    rule("wts-domain", "", "", &[DATABASE, HTTP, UNTYPED_ERRORS]),
    rule(
        "wts-app",
        "wts-domain",
        "",
        &[DATABASE, HTTP, UNTYPED_ERRORS],
    ),
    rule(
        "wts-adapter-db",
        "wts-domain wts-app",
        "wts-testkit wts-generator",
        &[HTTP, UNTYPED_ERRORS],
    ),
    rule(
        "wts-adapter-file",
        "wts-domain wts-app",
        "wts-generator",
        &[DATABASE, HTTP, UNTYPED_ERRORS],
    ),
    // Its tests do without the testkit, which uses the other adapter.
    rule(
        "wts-adapter-http",
        "wts-domain wts-app",
        "",
        &[DATABASE, UNTYPED_ERRORS],
    ),
    rule(
        "wts-generator",
        "wts-domain wts-app",
        "",
        &[DATABASE, HTTP, UNTYPED_ERRORS],
    ),
    rule(
        "wts-server",
        "wts-domain wts-app wts-adapter-db wts-adapter-file wts-adapter-http wts-generator",
        "wts-testkit",
        &[],
    ),
    rule("wts-test-postgres", "", "", &[DATABASE, HTTP]),
    rule(
        "wts-testkit",
        "wts-domain wts-app wts-adapter-db wts-test-postgres",
        "",
        &[],
    ),
    rule("wts-xtask", "wts-test-postgres", "", &[]),
];

/// The crate that uses no libraries but optional ones.
const STANDALONE: &str = "wts-domain";

const fn rule(
    name: &'static str,
    uses: &'static str,
    tests_use: &'static str,
    forbidden: &'static [&'static str],
) -> Rule {
    Rule {
        name,
        uses,
        tests_use,
        forbidden,
    }
}

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
///
/// # Errors
///
/// If one breaks a rule; every such dependency is named. Also if `cargo metadata` fails.
pub(crate) fn check() -> Result<()> {
    let metadata = MetadataCommand::new()
        .no_deps()
        .exec()
        .context("could not read the manifests")?;
    let members = metadata.workspace_packages();
    let members: Vec<_> = members
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let edges = edges(&metadata);
    let violations = violations(&members, &edges);
    ensure!(violations.is_empty(), "{}", violations.join("\n  "));
    println!("    {} dependencies, all allowed", edges.len());
    Ok(())
}

fn edges(metadata: &Metadata) -> Vec<Edge<'_>> {
    let packages = metadata.workspace_packages().into_iter();
    let edges = packages.flat_map(|package| {
        package.dependencies.iter().map(|dependency| Edge {
            from: package.name.as_str(),
            to: dependency.name.as_str(),
            is_for_tests: dependency.kind == DependencyKind::Development,
            is_optional: dependency.optional,
        })
    });
    edges.collect()
}

/// A sentence for each of `edges` that breaks a rule, and for each of `members` that has none.
fn violations(members: &[&str], edges: &[Edge<'_>]) -> Vec<String> {
    let rule_of = |name: &str| RULES.iter().find(|rule| rule.name == name);
    let without_rule = members
        .iter()
        .filter(|member| rule_of(member).is_none())
        .map(|member| format!("{member} has no rule in dependency_rules.rs"));
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
    let lists = |names: &str| names.split(' ').any(|name| name == edge.to);
    if is_member {
        let allowed = lists(rule.uses) || edge.is_for_tests && lists(rule.tests_use);
        return match (allowed, edge.is_for_tests) {
            (true, _) => None,
            (false, true) => Some("the layers do not go that way, not even for tests"),
            (false, false) => Some("the layers do not go that way"),
        };
    }
    if rule.forbidden.iter().any(|names| lists(names)) {
        return Some("it belongs to another layer");
    }
    let is_library_of_standalone =
        rule.name == STANDALONE && !edge.is_for_tests && !edge.is_optional;
    is_library_of_standalone.then_some("it uses no libraries")
}

#[cfg(test)]
mod tests;
