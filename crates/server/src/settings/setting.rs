//! What a setting is.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    str::FromStr,
    time::Duration,
};

/// What begins the name of every variable of ours.
pub(super) const PREFIX: &str = "WTS_";

/// One thing that an operator decides.
pub(crate) struct Setting<T> {
    /// As it is called in a settings file: `request_timeout`. The variable is `WTS_REQUEST_TIMEOUT`, the flag
    /// `--request-timeout`.
    pub(super) name: &'static str,
    /// What it decides, in one line, for `--help`, `wts config` and the README.
    pub(super) help: &'static str,
    /// What has to be given, for who gave something else.
    pub(super) expected: &'static str,
    /// What holds where nothing is given.
    pub(super) default: Default,
    /// Who may see it.
    pub(super) secrecy: Secrecy,
    /// Reads what was given.
    pub(super) read: fn(&[u8]) -> Result<T, Wrong>,
}

/// What holds where a setting is not given.
#[derive(Clone, Copy)]
pub(crate) enum Default {
    /// This, written as it would be given.
    Is(&'static str),
    /// What these words say: there is no value for it.
    Words(&'static str),
}

/// Who may see a setting.
#[derive(Clone, Copy)]
pub(crate) enum Secrecy {
    /// Everyone.
    Open,
    /// Everyone, as far as this shows it. It may be an argument.
    Partly(fn(&[u8]) -> String),
    /// Nobody. It is never an argument, may stand in a file that `…_file` names, and is shown as this makes it.
    Secret(fn(&[u8]) -> String),
}

/// Why a text is no value of a setting.
pub(crate) enum Wrong {
    /// It is something else than what is expected.
    Unexpected,
    /// As this says.
    Because(String),
}

/// A setting, whatever its type.
pub(crate) trait Described: Sync {
    fn name(&self) -> &'static str;
    fn help(&self) -> &'static str;
    fn default(&self) -> Default;
    fn secrecy(&self) -> Secrecy;
    /// # Errors
    ///
    /// What is wrong with a value, in words that do not repeat a secret.
    fn check(&self, value: &[u8]) -> Result<(), String>;

    fn is_secret(&self) -> bool {
        matches!(self.secrecy(), Secrecy::Secret(_))
    }

    /// The name of its variable.
    fn variable(&self) -> String {
        variable_of(self.name())
    }
}

pub(super) fn variable_of(name: &str) -> String {
    format!("{PREFIX}{}", name.to_uppercase())
}

impl<T> Setting<T> {
    /// # Errors
    ///
    /// What is wrong with a value, in words that do not repeat a secret.
    pub(super) fn parse(&self, value: &[u8]) -> Result<T, String> {
        (self.read)(value).map_err(|wrong| match (wrong, self.secrecy) {
            (Wrong::Because(reason), _) => reason,
            (Wrong::Unexpected, Secrecy::Secret(_) | Secrecy::Partly(_)) => {
                format!("expected {}", self.expected)
            }
            (Wrong::Unexpected, Secrecy::Open) => format!(
                "expected {}, not {:?}",
                self.expected,
                String::from_utf8_lossy(value)
            ),
        })
    }
}

impl<T> Described for Setting<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn help(&self) -> &'static str {
        self.help
    }

    fn default(&self) -> Default {
        self.default
    }

    fn secrecy(&self) -> Secrecy {
        self.secrecy
    }

    fn check(&self, value: &[u8]) -> Result<(), String> {
        self.parse(value).map(drop)
    }
}

/// Shows nothing of a secret.
pub(super) fn masked(_: &[u8]) -> String {
    "***".to_owned()
}

fn text(value: &[u8]) -> Result<&str, Wrong> {
    str::from_utf8(value).map_err(|_| Wrong::Unexpected)
}

/// Any text.
pub(super) fn any_text(value: &[u8]) -> Result<String, Wrong> {
    text(value).map(ToOwned::to_owned)
}

/// What its type can read; of the type's own reasons nothing is said.
pub(super) fn parsed<T: FromStr>(value: &[u8]) -> Result<T, Wrong> {
    text(value)?.parse().map_err(|_| Wrong::Unexpected)
}

/// What its type can read, or the type's reason, which must not repeat what it read.
pub(super) fn parsed_or_told<T>(value: &[u8]) -> Result<T, Wrong>
where
    T: FromStr<Err: ToString>,
{
    text(value)?
        .parse()
        .map_err(|error: T::Err| Wrong::Because(error.to_string()))
}

/// A duration as people write it, `500ms` or `1m 30s`, longer than none.
pub(super) fn duration(value: &[u8]) -> Result<Duration, Wrong> {
    match duration_or_none(value) {
        Ok(duration) if duration.is_zero() => Err(Wrong::Unexpected),
        outcome => outcome,
    }
}

/// A duration that may be none, `0s`.
pub(super) fn duration_or_none(value: &[u8]) -> Result<Duration, Wrong> {
    humantime::parse_duration(text(value)?).map_err(|_| Wrong::Unexpected)
}

/// `on` or `off`, and what a settings file calls them.
pub(super) fn switch(value: &[u8]) -> Result<bool, Wrong> {
    match value {
        b"on" | b"true" => Ok(true),
        b"off" | b"false" => Ok(false),
        _ => Err(Wrong::Unexpected),
    }
}

/// So many a second, or any number.
pub(super) fn rate(value: &[u8]) -> Result<Option<NonZeroU32>, Wrong> {
    match value {
        b"off" | b"false" => Ok(None),
        number => parsed(number).map(Some),
    }
}

/// A number of things, one at least.
pub(super) fn count(value: &[u8]) -> Result<NonZeroUsize, Wrong> {
    let count: NonZeroU32 = parsed(value)?;
    count.try_into().map_err(|_| Wrong::Unexpected)
}
