//! The rules of `deny.toml`, as far as they are read here.

use std::str::FromStr;

use anyhow::{Context, Result};
use serde::Deserialize;
use spdx::{Expression, LicenseReq, ParseMode};

#[derive(Deserialize)]
pub(super) struct Rules {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
    features: Vec<FeatureBan>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeatureBan {
    #[serde(rename = "crate")]
    name: String,
    deny: Vec<String>,
    reason: String,
}

/// A package that is built.
#[derive(Debug)]
pub(super) struct Package {
    name: String,
    /// Where it comes from, unless that is the registry; a path for our own.
    source: Option<String>,
    license: String,
    features: Vec<String>,
}

impl FromStr for Package {
    type Err = anyhow::Error;

    /// Reads `NAME VERSION (SOURCE)|LICENSE|FEATURE,FEATURE`, as `cargo tree` can be made to write it.
    fn from_str(line: &str) -> Result<Self> {
        let unreadable = || format!("cargo tree wrote {line:?}");
        let (package, rest) = line.split_once('|').with_context(unreadable)?;
        let (license, features) = rest.rsplit_once('|').with_context(unreadable)?;
        let name = package.split(' ').next().with_context(unreadable)?;
        let source = package
            .split(['(', ')'])
            .find(|part| part.contains('/'))
            .map(ToOwned::to_owned);
        // The last column has (*) where a package was written before.
        let features = features.trim_end_matches(" (*)").split(',');
        Ok(Self {
            name: name.to_owned(),
            source,
            license: license.to_owned(),
            features: features.map(ToOwned::to_owned).collect(),
        })
    }
}

impl Rules {
    pub(super) fn violations(&self, package: &Package) -> Vec<String> {
        let Package {
            name,
            source,
            license,
            features,
        } = package;
        let mut wrongs = Vec::new();
        match source {
            Some(path) if path.starts_with('/') => return wrongs, // our own
            Some(source) => wrongs.push(format!("{name} comes from {source}, not the registry")),
            None => {}
        }
        if !self.allows(license) {
            wrongs.push(format!(
                "{name} has a licence that is not allowed: {license:?}"
            ));
        }
        wrongs.extend(self.bans_of(name));
        for ban in self.bans.features.iter().filter(|ban| ban.name == *name) {
            for feature in features.iter().filter(|feature| ban.deny.contains(feature)) {
                let reason = &ban.reason;
                wrongs.push(format!(
                    "the feature {feature} of {name} is banned: {reason}"
                ));
            }
        }
        wrongs
    }

    /// Why a package of this name may not be there.
    pub(super) fn bans_of(&self, name: &str) -> Vec<String> {
        let bans = self.bans.deny.iter().filter(|ban| ban.name == name);
        bans.map(|ban| format!("{name} is banned: {}", ban.reason))
            .collect()
    }

    fn allows(&self, license: &str) -> bool {
        let Ok(expression) = Expression::parse_mode(license, ParseMode::LAX) else {
            return false;
        };
        let allowed = &self.licenses.allow;
        expression.evaluate(|offered: &LicenseReq| allowed.contains(&offered.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrongs(line: &str) -> String {
        let rules: Rules = toml::from_str(
            r#"
            [licenses]
            allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"]
            [bans]
            deny = [{ crate = "h2", reason = "an advisory" }]
            [[bans.features]]
            crate = "actix-web"
            deny = ["http2"]
            reason = "it brings h2"
            "#,
        )
        .unwrap();
        rules.violations(&line.parse().unwrap()).join("; ")
    }

    #[test]
    fn what_is_allowed_passes() {
        for line in [
            "serde v1.0.0|MIT OR Apache-2.0|default,derive",
            "serde_derive v1.0.0 (proc-macro)|MIT/Apache-2.0|",
            "wts-domain v0.1.0 (/home/wts/crates/domain)||",
            "target-lexicon v0.13.0|Apache-2.0 WITH LLVM-exception|default (*)",
            "actix-web v4.18.1|MIT OR Apache-2.0|macros",
        ] {
            assert_eq!(wrongs(line), "", "{line}");
        }
    }

    #[test]
    fn what_is_not_is_named_with_the_reason() {
        for (line, expected) in [
            (
                "a v1.0.0|GPL-3.0|",
                "a has a licence that is not allowed: \"GPL-3.0\"",
            ),
            (
                "a v1.0.0|MIT AND GPL-3.0|",
                "a has a licence that is not allowed: \"MIT AND GPL-3.0\"",
            ),
            ("a v1.0.0||", "a has a licence that is not allowed: \"\""),
            ("h2 v0.3.27|MIT|", "h2 is banned: an advisory"),
            (
                "actix-web v4.18.1|MIT|http2,macros",
                "the feature http2 of actix-web is banned: it brings h2",
            ),
            (
                "a v1.0.0 (https://example.org/a.git#0123)|MIT|",
                "a comes from https://example.org/a.git#0123, not the registry",
            ),
        ] {
            assert_eq!(wrongs(line), expected, "{line}");
        }
    }
}
