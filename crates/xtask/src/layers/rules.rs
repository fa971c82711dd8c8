//! The layering, written once.

const DOMAIN: &str = "wts-domain";
const APP: &str = "wts-app";
const ADAPTER_DB: &str = "wts-adapter-db";
const ADAPTER_FILE: &str = "wts-adapter-file";
const ADAPTER_HTTP: &str = "wts-adapter-http";
const SERVER: &str = "wts-server";
const GENERATOR: &str = "wts-generator";
const TESTKIT: &str = "wts-testkit";
const TEST_POSTGRES: &str = "wts-test-postgres";
const XTASK: &str = "wts-xtask";

/// A crate of ours and what it may depend on.
struct Layer {
    name: &'static str,
    /// Crates of ours that its code may use.
    uses: &'static [&'static str],
    /// Crates of ours that its tests may use besides.
    tests_with: &'static [&'static str],
    /// Crates of others that neither may use.
    shuns: &'static [&'static [&'static str]],
    /// Whether it does without any crate of others, optional ones aside.
    alone: bool,
}

const DATABASES: &[&str] = &[
    "diesel",
    "diesel-async",
    "diesel_migrations",
    "libsqlite3-sys",
];
const HTTP: &[&str] = &["actix-web", "jsonwebtoken"];
/// An error without a type is for who only prints it.
const UNTYPED_ERRORS: &[&str] = &["anyhow"];

const LAYERS: &[Layer] = &[
    Layer {
        name: DOMAIN,
        uses: &[],
        tests_with: &[],
        shuns: &[DATABASES, HTTP, UNTYPED_ERRORS],
        alone: true,
    },
    Layer {
        name: APP,
        uses: &[DOMAIN],
        tests_with: &[],
        shuns: &[DATABASES, HTTP, UNTYPED_ERRORS],
        alone: false,
    },
    Layer {
        name: ADAPTER_DB,
        uses: &[DOMAIN, APP],
        tests_with: &[TESTKIT, GENERATOR],
        shuns: &[HTTP, UNTYPED_ERRORS],
        alone: false,
    },
    Layer {
        name: ADAPTER_FILE,
        uses: &[DOMAIN, APP],
        tests_with: &[GENERATOR],
        shuns: &[DATABASES, HTTP, UNTYPED_ERRORS],
        alone: false,
    },
    Layer {
        name: ADAPTER_HTTP,
        uses: &[DOMAIN, APP],
        // Not the testkit: it uses the other adapter.
        tests_with: &[],
        shuns: &[DATABASES, UNTYPED_ERRORS],
        alone: false,
    },
    Layer {
        name: GENERATOR,
        uses: &[DOMAIN, APP],
        tests_with: &[],
        shuns: &[DATABASES, HTTP, UNTYPED_ERRORS],
        alone: false,
    },
    Layer {
        name: SERVER,
        uses: &[
            DOMAIN,
            APP,
            ADAPTER_DB,
            ADAPTER_FILE,
            ADAPTER_HTTP,
            GENERATOR,
        ],
        tests_with: &[TESTKIT],
        shuns: &[],
        alone: false,
    },
    Layer {
        name: TESTKIT,
        uses: &[DOMAIN, APP, ADAPTER_DB, GENERATOR, TEST_POSTGRES],
        tests_with: &[],
        shuns: &[],
        alone: false,
    },
    Layer {
        name: TEST_POSTGRES,
        uses: &[],
        tests_with: &[],
        shuns: &[DATABASES, HTTP],
        alone: false,
    },
    Layer {
        name: XTASK,
        uses: &[TEST_POSTGRES],
        tests_with: &[],
        shuns: &[],
        alone: false,
    },
];

/// What a dependency is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// `[dependencies]` and `[build-dependencies]`.
    Product,
    /// `[dev-dependencies]`.
    Tests,
}

/// One dependency that a manifest declares.
pub(super) struct Edge<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) purpose: Purpose,
    pub(super) optional: bool,
}

/// A sentence for each of `edges` that is against the rules, and for each of `members` that has none.
pub(super) fn violations(members: &[&str], edges: &[Edge<'_>]) -> Vec<String> {
    let layer_of = |name: &str| LAYERS.iter().find(|layer| layer.name == name);
    let lawless = members
        .iter()
        .filter(|member| layer_of(member).is_none())
        .map(|member| {
            format!("{member} has no place among the layers: give it one in layers/rules.rs")
        });
    let wrong = edges.iter().filter_map(|edge| {
        let reason = objection(layer_of(edge.from)?, edge, members.contains(&edge.to))?;
        Some(format!(
            "{} must not depend on {}: {reason}",
            edge.from, edge.to
        ))
    });
    lawless.chain(wrong).collect()
}

fn objection(layer: &Layer, edge: &Edge<'_>, ours: bool) -> Option<&'static str> {
    let tests = edge.purpose == Purpose::Tests;
    if ours {
        let allowed = layer.uses.contains(&edge.to) || tests && layer.tests_with.contains(&edge.to);
        return match (allowed, tests) {
            (true, _) => None,
            (false, true) => Some("the layers do not go that way, not even for tests"),
            (false, false) => Some("the layers do not go that way"),
        };
    }
    if layer.shuns.concat().contains(&edge.to) {
        return Some("it belongs to another layer");
    }
    (layer.alone && !tests && !edge.optional).then_some("it does without the crates of others")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBERS: &[&str] = &[
        DOMAIN,
        APP,
        ADAPTER_DB,
        ADAPTER_FILE,
        ADAPTER_HTTP,
        GENERATOR,
        SERVER,
        TESTKIT,
        TEST_POSTGRES,
        XTASK,
    ];

    fn product<'a>(from: &'a str, to: &'a str) -> Edge<'a> {
        Edge {
            from,
            to,
            purpose: Purpose::Product,
            optional: false,
        }
    }

    fn tests<'a>(from: &'a str, to: &'a str) -> Edge<'a> {
        Edge {
            purpose: Purpose::Tests,
            ..product(from, to)
        }
    }

    fn is_allowed(edge: Edge<'_>) -> bool {
        violations(MEMBERS, &[edge]).is_empty()
    }

    #[test]
    fn code_depends_inwards_only() {
        let allowed = [
            (APP, DOMAIN),
            (ADAPTER_DB, DOMAIN),
            (ADAPTER_DB, APP),
            (ADAPTER_FILE, DOMAIN),
            (ADAPTER_FILE, APP),
            (ADAPTER_HTTP, DOMAIN),
            (ADAPTER_HTTP, APP),
            (GENERATOR, DOMAIN),
            (GENERATOR, APP),
            (SERVER, DOMAIN),
            (SERVER, APP),
            (SERVER, ADAPTER_DB),
            (SERVER, ADAPTER_FILE),
            (SERVER, ADAPTER_HTTP),
            (SERVER, GENERATOR),
            (TESTKIT, DOMAIN),
            (TESTKIT, APP),
            (TESTKIT, ADAPTER_DB),
            (TESTKIT, GENERATOR),
            (TESTKIT, TEST_POSTGRES),
            (XTASK, TEST_POSTGRES),
        ];

        for from in MEMBERS {
            for to in MEMBERS {
                assert_eq!(
                    is_allowed(product(from, to)),
                    allowed.contains(&(from, to)),
                    "{from} -> {to}"
                );
            }
        }
    }

    #[test]
    fn a_wrong_edge_is_named() {
        let wrongs = violations(MEMBERS, &[product(APP, DOMAIN), product(APP, ADAPTER_DB)]);

        assert_eq!(
            wrongs,
            ["wts-app must not depend on wts-adapter-db: the layers do not go that way"]
        );
    }

    #[test]
    fn tests_may_use_the_testkit_where_it_brings_no_other_layer() {
        assert!(is_allowed(tests(ADAPTER_DB, TESTKIT)));
        assert!(is_allowed(tests(SERVER, TESTKIT)));
        assert!(is_allowed(tests(ADAPTER_FILE, GENERATOR)));
        assert!(!is_allowed(tests(ADAPTER_FILE, TESTKIT)));
        assert!(!is_allowed(product(ADAPTER_DB, TESTKIT)));
        assert!(!is_allowed(tests(ADAPTER_HTTP, TESTKIT)));
    }

    #[test]
    fn adapters_do_not_see_each_other_in_tests_either() {
        assert!(!is_allowed(tests(ADAPTER_DB, ADAPTER_HTTP)));
        assert!(!is_allowed(tests(ADAPTER_HTTP, ADAPTER_DB)));
        assert!(!is_allowed(tests(ADAPTER_FILE, ADAPTER_DB)));
        assert!(!is_allowed(tests(ADAPTER_DB, ADAPTER_FILE)));
    }

    #[test]
    fn a_layer_does_not_use_what_belongs_to_another() {
        for crate_of_others in [
            "diesel",
            "diesel-async",
            "actix-web",
            "jsonwebtoken",
            "anyhow",
        ] {
            assert!(!is_allowed(product(DOMAIN, crate_of_others)));
            assert!(!is_allowed(product(APP, crate_of_others)));
        }
        for crate_of_others in ["actix-web", "jsonwebtoken", "anyhow"] {
            assert!(!is_allowed(product(ADAPTER_DB, crate_of_others)));
        }
        for crate_of_others in ["diesel", "diesel-async", "anyhow"] {
            assert!(!is_allowed(product(ADAPTER_HTTP, crate_of_others)));
        }
        for prints_errors in [SERVER, TESTKIT, XTASK] {
            assert!(is_allowed(product(prints_errors, "anyhow")));
        }
    }

    #[test]
    fn the_domain_does_without_crates_of_others_but_its_tests_do_not() {
        assert!(!is_allowed(product(DOMAIN, "serde")));
        assert!(is_allowed(Edge {
            optional: true,
            ..product(DOMAIN, "serde")
        }));
        assert!(is_allowed(tests(DOMAIN, "proptest")));
    }

    #[test]
    fn a_crate_without_rules_is_named() {
        let wrongs = violations(&["wts-newcomer"], &[]);

        assert_eq!(wrongs.len(), 1);
        assert!(wrongs[0].starts_with("wts-newcomer has no place"));
    }
}
