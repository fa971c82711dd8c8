//! Where settings come from: the environment before the settings file.

use std::{collections::BTreeMap, ffi::OsString, fs, path::Path};

use anyhow::{Context, bail};
use secrecy::SecretString;

use super::NAMES;

/// Every setting is `WTS_` and its name in capitals in the environment.
const PREFIX: &str = "WTS_";
/// Names the settings file. Only in the environment: a settings file does not name another.
const CONFIG: &str = "WTS_CONFIG";

/// What was given for every setting that was given.
pub(super) struct Sources(BTreeMap<&'static str, Given>);

/// What was given for a setting. Any of them could be a secret, so all are held as such.
pub(super) struct Given {
    pub(super) value: SecretString,
    /// What to call it in an error: `WTS_LISTEN`, or `listen in /etc/wts.toml`.
    pub(super) origin: String,
}

impl Sources {
    /// Collects the variables of an environment, and the file that `file` or else `WTS_CONFIG` names.
    pub(super) fn read(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        file: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let mut config = file.map(Path::to_owned);
        let mut sources = Self(BTreeMap::new());
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
        self.0.get(name)
    }

    fn add_variable(&mut self, variable: &str, value: String) -> anyhow::Result<()> {
        let name = variable.trim_start_matches(PREFIX).to_lowercase();
        if let Some(name) = known(&name) {
            // Container tools pass on what is not set as an empty text.
            if !value.is_empty() {
                let origin = variable.to_owned();
                self.0.insert(
                    name,
                    Given {
                        value: value.into(),
                        origin,
                    },
                );
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
        for (name, value) in table {
            let Some(name) = known(&name) else {
                bail!(
                    "{name} in {shown} is no setting: expected one of {}",
                    all(ToOwned::to_owned)
                );
            };
            let origin = format!("{name} in {shown}");
            let toml::Value::String(value) = value else {
                bail!("{origin}: expected a text in quotes");
            };
            let value = value.into();
            self.0.entry(name).or_insert(Given { value, origin });
        }
        Ok(())
    }
}

fn known(name: &str) -> Option<&'static str> {
    NAMES.into_iter().find(|known| *known == name)
}

fn variable_of(name: &str) -> String {
    format!("{PREFIX}{}", name.to_uppercase())
}

fn all(spelled: impl Fn(&str) -> String) -> String {
    NAMES.map(spelled).join(", ")
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
