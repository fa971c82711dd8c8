//! Where settings come from: flags before the environment before the settings file.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use secrecy::SecretString;

use super::{
    catalogue::ALL,
    setting::{PREFIX, variable_of},
};

/// Names the settings file. Only in the environment: a settings file does not name another.
const CONFIG: &str = "WTS_CONFIG";

/// What was given for every setting that was given.
pub(super) struct Sources {
    given: BTreeMap<String, Given>,
    /// The settings file, and whether there is a secret in it.
    file: Option<(PathBuf, bool)>,
}

/// What was given for a setting. Any of them could be a secret, so all are held as such.
pub(super) struct Given {
    pub(super) value: SecretString,
    /// What to call it in an error: `--listen`, `WTS_LISTEN`, or `listen in /etc/wts.toml`.
    pub(super) origin: String,
}

impl Sources {
    /// Collects flags, the variables of an environment, and the file that `file` or else `WTS_CONFIG` names.
    pub(super) fn read(
        flags: &[(String, String)],
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        file: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let mut config = file.map(Path::to_owned);
        let mut sources = Self {
            given: BTreeMap::new(),
            file: None,
        };
        for (name, value) in flags {
            sources.add(name, value.clone(), format!("--{}", name.replace('_', "-")));
        }
        for (variable, value) in environment {
            let Some(variable) = variable
                .to_str()
                .filter(|variable| variable.starts_with(PREFIX))
            else {
                continue;
            };
            if variable == CONFIG {
                config = config.or_else(|| (!value.is_empty()).then(|| value.into()));
                continue;
            }
            let value = value
                .into_string()
                .map_err(|_| anyhow::anyhow!("{variable}: expected text in UTF-8"))?;
            sources.add_variable(variable, value)?;
        }
        if let Some(file) = config {
            sources.add_file(&file)?;
        }
        Ok(sources)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Given> {
        self.given.get(name)
    }

    /// The settings file, and whether there is a secret in it.
    pub(super) fn file(&self) -> Option<(&Path, bool)> {
        let (path, is_secret) = self.file.as_ref()?;
        Some((path, *is_secret))
    }

    /// Adds what was given, unless it was given before, by a source that goes before this one.
    fn add(&mut self, name: &str, value: String, origin: String) {
        let value = value.into();
        self.given
            .entry(name.to_owned())
            .or_insert(Given { value, origin });
    }

    fn add_variable(&mut self, variable: &str, value: String) -> anyhow::Result<()> {
        let name = variable.trim_start_matches(PREFIX).to_lowercase();
        if names().any(|known| known == name) && variable == variable_of(&name) {
            // Container tools pass on what is not set as an empty text.
            if !value.is_empty() {
                self.add(&name, value, variable.to_owned());
            }
        } else if !is_anothers(variable, &value) {
            bail!(
                "{variable} is no setting: expected one of {}",
                all(variable_of)
            );
        }
        Ok(())
    }

    fn add_file(&mut self, file: &Path) -> anyhow::Result<()> {
        let shown = file.display();
        let text = fs::read_to_string(file)
            .with_context(|| format!("cannot read the settings file {shown}"))?;
        // The parser's own message would quote the line, which may hold a secret.
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| text.bytes().take(span.start).filter(|b| *b == b'\n').count() + 1);
            anyhow::anyhow!("line {line} of the settings file {shown} is no TOML: expected lines like listen = \"…\"")
        })?;
        let is_secret = ALL
            .iter()
            .any(|setting| setting.is_secret() && table.contains_key(setting.name()));
        self.file = Some((file.to_owned(), is_secret));
        for (name, value) in table {
            if !names().any(|known| known == name) {
                bail!(
                    "{name} in {shown} is no setting: expected one of {}",
                    all(ToOwned::to_owned)
                );
            }
            let origin = format!("{name} in {shown}");
            let Some(value) = plain(value) else {
                bail!(
                    "{origin}: expected a text in quotes, a number, true, false or a list of texts"
                );
            };
            self.add(&name, value, origin);
        }
        Ok(())
    }
}

/// A value of a settings file as it would be given in the environment.
fn plain(value: toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        toml::Value::Array(texts) => {
            let texts: Option<Vec<_>> = texts
                .into_iter()
                .map(|text| text.as_str().map(ToOwned::to_owned))
                .collect();
            Some(texts?.join(" "))
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

/// Every name that a source may use: those of the settings, and for each secret that of the file that holds it.
fn names() -> impl Iterator<Item = String> {
    ALL.iter().flat_map(|setting| {
        let file = setting
            .is_secret()
            .then(|| format!("{}_file", setting.name()));
        [Some(setting.name().to_owned()), file]
            .into_iter()
            .flatten()
    })
}

fn all(spelled: impl Fn(&str) -> String) -> String {
    let names: Vec<_> = names().map(|name| spelled(&name)).collect();
    names.join(", ")
}

/// Variables under our prefix that are not meant for us: those of our tests, and those that Kubernetes sets for every
/// service whose name begins with `wts`.
fn is_anothers(variable: &str, value: &str) -> bool {
    variable.starts_with("WTS_TEST_")
        || variable.contains("_SERVICE_HOST")
        || variable.contains("_SERVICE_PORT")
        || variable.contains("_PORT_")
        || variable.ends_with("_PORT") && value.contains("://")
}
