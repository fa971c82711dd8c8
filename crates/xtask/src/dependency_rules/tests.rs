//! Tests of the dependency rules, which list the allowed dependencies explicitly.

use super::*;

fn normal<'a>(from: &'a str, to: &'a str) -> Edge<'a> {
    Edge {
        from,
        to,
        is_for_tests: false,
        is_optional: false,
    }
}

fn dev<'a>(from: &'a str, to: &'a str) -> Edge<'a> {
    Edge {
        is_for_tests: true,
        ..normal(from, to)
    }
}

fn is_allowed(edge: Edge<'_>) -> bool {
    let members: Vec<_> = RULES.iter().map(|rule| rule.0).collect();
    violations(&members, &[edge]).is_empty()
}

#[test]
fn crates_depend_on_inner_layers_only() {
    let allowed = [
        ("wts-app", "wts-domain"),
        ("wts-adapter-db", "wts-domain"),
        ("wts-adapter-db", "wts-app"),
        ("wts-adapter-file", "wts-domain"),
        ("wts-adapter-file", "wts-app"),
        ("wts-adapter-http", "wts-domain"),
        ("wts-adapter-http", "wts-app"),
        ("wts-generator", "wts-domain"),
        ("wts-generator", "wts-app"),
        ("wts-server", "wts-domain"),
        ("wts-server", "wts-app"),
        ("wts-server", "wts-adapter-db"),
        ("wts-server", "wts-adapter-file"),
        ("wts-server", "wts-adapter-http"),
        ("wts-server", "wts-generator"),
        ("wts-testkit", "wts-domain"),
        ("wts-testkit", "wts-app"),
        ("wts-testkit", "wts-adapter-db"),
        ("wts-testkit", "wts-test-postgres"),
        ("wts-xtask", "wts-test-postgres"),
    ];
    for from in RULES {
        for to in RULES {
            let edge = (from.0, to.0);
            assert_eq!(
                is_allowed(normal(from.0, to.0)),
                allowed.contains(&edge),
                "{edge:?}"
            );
        }
    }
}

#[test]
fn error_names_the_forbidden_dependency() {
    let edges = [
        normal("wts-app", "wts-domain"),
        normal("wts-app", "wts-adapter-db"),
    ];
    assert_eq!(
        violations(&["wts-app", "wts-domain", "wts-adapter-db"], &edges),
        ["wts-app must not depend on wts-adapter-db: the layers do not allow it"]
    );
}

#[test]
fn testkit_is_allowed_in_database_and_server_tests_only() {
    assert!(is_allowed(dev("wts-adapter-db", "wts-testkit")));
    assert!(is_allowed(dev("wts-server", "wts-testkit")));
    assert!(is_allowed(dev("wts-adapter-file", "wts-generator")));
    assert!(!is_allowed(dev("wts-adapter-file", "wts-testkit")));
    assert!(!is_allowed(normal("wts-adapter-db", "wts-testkit")));
    assert!(!is_allowed(dev("wts-adapter-http", "wts-testkit")));
}

#[test]
fn adapters_must_not_use_each_other_in_tests() {
    assert!(!is_allowed(dev("wts-adapter-db", "wts-adapter-http")));
    assert!(!is_allowed(dev("wts-adapter-http", "wts-adapter-db")));
    assert!(!is_allowed(dev("wts-adapter-file", "wts-adapter-db")));
    assert!(!is_allowed(dev("wts-adapter-db", "wts-adapter-file")));
}

#[test]
fn libraries_of_other_layers_are_rejected() {
    for library in [
        "diesel",
        "diesel-async",
        "actix-web",
        "jsonwebtoken",
        "anyhow",
    ] {
        assert!(!is_allowed(normal("wts-domain", library)));
        assert!(!is_allowed(normal("wts-app", library)));
    }
    for library in ["actix-web", "jsonwebtoken", "anyhow"] {
        assert!(!is_allowed(normal("wts-adapter-db", library)));
    }
    for library in ["diesel", "diesel-async", "anyhow"] {
        assert!(!is_allowed(normal("wts-adapter-http", library)));
    }
    for program in ["wts-server", "wts-testkit", "wts-xtask"] {
        assert!(is_allowed(normal(program, "anyhow")));
    }
}

#[test]
fn domain_may_use_libraries_in_tests_only() {
    assert!(!is_allowed(normal("wts-domain", "serde")));
    assert!(is_allowed(Edge {
        is_optional: true,
        ..normal("wts-domain", "serde")
    }));
    assert!(is_allowed(dev("wts-domain", "proptest")));
}

#[test]
fn error_names_a_crate_without_a_rule() {
    assert_eq!(
        violations(&["wts-newcomer"], &[]),
        ["wts-newcomer has no rule in dependency_rules.rs"]
    );
}
