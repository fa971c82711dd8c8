//! The sources of settings. Flags take precedence over the environment, which takes precedence over the settings file.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use secrecy::SecretString;
use toml::de::{DeTable, DeValue};

use super::{
    catalogue::{ALL, RETIRED},
    setting::{PREFIX, variable_of},
};

/// The environment variable that contains the path of the settings file. A settings file cannot name another one.
const CONFIG: &str = "WTS_CONFIG";

/// The values that were given, by the names of their settings.
#[derive(Default)]
pub(super) struct Sources {
    given: BTreeMap<String, Given>,
    /// The origins of retired settings that were given.
    pub(super) ignored: Vec<String>,
    /// The path of the settings file, with a flag that is `true` if the file contains a secret.
    pub(super) file: Option<(PathBuf, bool)>,
}

/// A given value. All values are stored as secrets, because any value could be one.
pub(super) struct Given {
    pub(super) value: SecretString,
    /// The origin of the value in error messages: `--listen`, `WTS_LISTEN`, or `listen in /etc/wts.toml`.
    pub(super) origin: String,
}

impl Sources {
    /// Collects the values of flags, of environment variables and of a settings file. `file` takes precedence over
    /// `WTS_CONFIG`.
    pub(super) fn read(
        flags: &[(String, String)],
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        file: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let mut config = file.map(Path::to_owned);
        let mut sources = Self::default();
        for (name, value) in flags {
            let origin = format!("--{}", name.replace('_', "-"));
            sources.add(name, value.clone(), origin, ToOwned::to_owned)?;
        }
        for (variable, value) in environment {
            let Some(variable) = variable.to_str() else {
                continue;
            };
            if variable == CONFIG {
                config = config.or_else(|| (!value.is_empty()).then(|| value.into()));
                continue;
            }
            let Some(name) = variable.strip_prefix(PREFIX) else {
                continue;
            };
            let value = value
                .into_string()
                .map_err(|_| anyhow::anyhow!("{variable}: expected UTF-8 text"))?;
            let lower_case = name.to_lowercase();
            let is_upper_case = variable == variable_of(&lower_case);
            let name = if is_upper_case { &lower_case } else { name };
            // Container tools pass a variable that is not set as an empty string.
            let is_unset = value.is_empty() && (is_known(name) || RETIRED.contains(&name));
            if !is_unset && !is_foreign_variable(variable, &value) {
                sources.add(name, value, variable.to_owned(), variable_of)?;
            }
        }
        if let Some(file) = config {
            if let Some(found) = invisible_edge(file.as_os_str().as_encoded_bytes()) {
                bail!("{CONFIG}: expected no white space around the path, found {found}");
            }
            let text = fs::read_to_string(&file)
                .with_context(|| format!("cannot read the settings file {}", file.display()))?;
            sources.add_file(&file, &text)?;
        }
        Ok(sources)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Given> {
        self.given.get(name)
    }

    /// Adds a value, unless a source with higher precedence has given one.
    fn add(
        &mut self,
        name: &str,
        value: String,
        origin: String,
        spelled: fn(&str) -> String,
    ) -> anyhow::Result<()> {
        if RETIRED.contains(&name) {
            self.ignored.push(origin);
        } else if is_known(name) {
            if let Some(found) = invisible_edge(value.as_bytes()) {
                bail!("{origin}: expected no white space around the value, found {found}");
            }
            let value = value.into();
            self.given
                .entry(name.to_owned())
                .or_insert(Given { value, origin });
        } else {
            let known: Vec<_> = names().map(|name| spelled(&name)).collect();
            bail!(
                "{origin} is not a setting: expected one of {}",
                known.join(", ")
            );
        }
        Ok(())
    }

    /// Adds the values of a settings file with this text.
    pub(super) fn add_file(&mut self, file: &Path, text: &str) -> anyhow::Result<()> {
        let shown = file.display();
        let line_of = |offset| text.get(..offset).unwrap_or_default().matches('\n').count() + 1;
        // The parser's error message is not used, because it quotes the line, which can contain a secret.
        let table = DeTable::parse(text).map_err(|error| {
            let span = error.span().unwrap_or_default();
            let line = line_of(span.start);
            match text.get(span) {
                Some(key) if error.message().contains("duplicate key") => {
                    anyhow::anyhow!("{key} in {shown}, line {line}: given twice, expected once")
                }
                _ => anyhow::anyhow!("line {line} of the settings file {shown} is not TOML: expected lines like listen = \"…\""),
            }
        })?;
        let table = table.into_inner();
        let is_secret = ALL
            .iter()
            .any(|setting| setting.is_secret() && table.contains_key(setting.name));
        self.file = Some((file.to_owned(), is_secret));
        for (name, value) in table {
            let line = line_of(name.span().start);
            let name = name.into_inner().into_owned();
            let origin = format!("{name} in {shown}, line {line}");
            let value = plain(value.into_inner()).ok_or_else(|| {
                anyhow::anyhow!(
                    "{origin}: expected a quoted string, a number, true, false or a list of strings"
                )
            })?;
            self.add(&name, value, origin, ToOwned::to_owned)?;
        }
        Ok(())
    }
}

/// Returns a value of a settings file in the form in which it would be given in the environment.
fn plain(value: DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(|number| number.to_string()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Array(texts) => {
            // Every list of values is separated by commas, and no item contains one.
            let texts = texts.iter().map(|text| text.get_ref().as_str());
            let texts: Option<Vec<_>> = texts.collect();
            texts
                .filter(|texts| !texts.concat().contains([',', ' ']))
                .map(|texts| texts.join(","))
        }
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

/// Returns a description of the first invisible character at either end of a value: white space, a control character or a
/// byte order mark. Editors and other systems add them, and none is meant as a part of the value.
pub(super) fn invisible_edge(value: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(value);
    let describe = |character: char, position: &str| {
        let is_invisible = character.is_whitespace()
            || character.is_control()
            || "\u{feff}\u{200b}".contains(character);
        let name = match character {
            ' ' => "a space".to_owned(),
            '\t' => "a tab".to_owned(),
            '\n' => "a line feed".to_owned(),
            '\r' => "a carriage return".to_owned(),
            '\u{feff}' => "a byte order mark".to_owned(),
            other => format!("U+{:04X}", u32::from(other)),
        };
        is_invisible.then(|| format!("{name} at the {position}"))
    };
    let first = text
        .chars()
        .next()
        .and_then(|first| describe(first, "beginning"));
    first.or_else(|| {
        text.chars()
            .next_back()
            .and_then(|last| describe(last, "end"))
    })
}

/// Returns every name that a source can contain: the names of the settings, and `…_file` for each secret.
fn names() -> impl Iterator<Item = String> {
    ALL.iter()
        .flat_map(|setting| [Some(setting.name.to_owned()), setting.file_name()])
        .flatten()
}

fn is_known(name: &str) -> bool {
    names().any(|known| known == name)
}

/// Returns whether a variable with the prefix `WTS_` does not belong to the service: the tests use such variables, and
/// Kubernetes sets some for every service whose name begins with `wts`.
fn is_foreign_variable(variable: &str, value: &str) -> bool {
    variable.starts_with("WTS_TEST_")
        || variable.contains("_SERVICE_HOST")
        || variable.contains("_SERVICE_PORT")
        || variable.contains("_PORT_")
        || variable.ends_with("_PORT") && value.contains("://")
}
