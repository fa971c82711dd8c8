//! The rules, spelled out.

use super::*;

fn product<'a>(from: &'a str, to: &'a str) -> Edge<'a> {
    Edge {
        from,
        to,
        is_for_tests: false,
        is_optional: false,
    }
}

fn tests<'a>(from: &'a str, to: &'a str) -> Edge<'a> {
    Edge {
        is_for_tests: true,
        ..product(from, to)
    }
}

fn is_allowed(edge: Edge<'_>) -> bool {
    let members: Vec<_> = RULES.iter().map(|rule| rule.0).collect();
    violations(&members, &[edge]).is_empty()
}

#[test]
fn code_depends_inwards_only() {
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
                is_allowed(product(from.0, to.0)),
                allowed.contains(&edge),
                "{edge:?}"
            );
        }
    }
}

#[test]
fn forbidden_dependency_is_named() {
    let edges = [
        product("wts-app", "wts-domain"),
        product("wts-app", "wts-adapter-db"),
    ];
    assert_eq!(
        violations(&["wts-app", "wts-domain", "wts-adapter-db"], &edges),
        ["wts-app must not depend on wts-adapter-db: the layers do not go that way"]
    );
}

#[test]
fn tests_use_the_testkit_only_where_it_brings_no_other_layer() {
    assert!(is_allowed(tests("wts-adapter-db", "wts-testkit")));
    assert!(is_allowed(tests("wts-server", "wts-testkit")));
    assert!(is_allowed(tests("wts-adapter-file", "wts-generator")));
    assert!(!is_allowed(tests("wts-adapter-file", "wts-testkit")));
    assert!(!is_allowed(product("wts-adapter-db", "wts-testkit")));
    assert!(!is_allowed(tests("wts-adapter-http", "wts-testkit")));
}

#[test]
fn adapters_do_not_use_each_other_in_tests_either() {
    assert!(!is_allowed(tests("wts-adapter-db", "wts-adapter-http")));
    assert!(!is_allowed(tests("wts-adapter-http", "wts-adapter-db")));
    assert!(!is_allowed(tests("wts-adapter-file", "wts-adapter-db")));
    assert!(!is_allowed(tests("wts-adapter-db", "wts-adapter-file")));
}

#[test]
fn libraries_of_other_layers_are_forbidden() {
    for library in [
        "diesel",
        "diesel-async",
        "actix-web",
        "jsonwebtoken",
        "anyhow",
    ] {
        assert!(!is_allowed(product("wts-domain", library)));
        assert!(!is_allowed(product("wts-app", library)));
    }
    for library in ["actix-web", "jsonwebtoken", "anyhow"] {
        assert!(!is_allowed(product("wts-adapter-db", library)));
    }
    for library in ["diesel", "diesel-async", "anyhow"] {
        assert!(!is_allowed(product("wts-adapter-http", library)));
    }
    for program in ["wts-server", "wts-testkit", "wts-xtask"] {
        assert!(is_allowed(product(program, "anyhow")));
    }
}

#[test]
fn domain_uses_no_libraries_but_its_tests_do() {
    assert!(!is_allowed(product("wts-domain", "serde")));
    assert!(is_allowed(Edge {
        is_optional: true,
        ..product("wts-domain", "serde")
    }));
    assert!(is_allowed(tests("wts-domain", "proptest")));
}

#[test]
fn crate_without_a_rule_is_named() {
    assert_eq!(
        violations(&["wts-newcomer"], &[]),
        ["wts-newcomer has no rule in dependency_rules.rs"]
    );
}
