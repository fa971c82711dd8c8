//! The settings as they hold, to be shown.

use secrecy::ExposeSecret;

use super::{
    Settings,
    catalogue::ALL,
    setting::{Default, Described, Secrecy},
};

/// One setting as it holds.
pub(crate) struct Effective {
    /// As a line of a settings file, secrets masked, with a comment on where it comes from.
    pub(crate) line: String,
    /// What is wrong with it, if anything is.
    pub(crate) complaint: Option<String>,
}

impl Settings {
    /// Every setting as it holds, in the order of the README.
    pub(crate) fn effective(&self) -> impl Iterator<Item = Effective> {
        ALL.iter().map(|setting| self.one(*setting))
    }

    fn one(&self, setting: &dyn Described) -> Effective {
        let name = setting.name();
        let given = match self.given(setting) {
            Ok(given) => given,
            Err(error) => return wrong(name, format!("{error:#}")),
        };
        let (value, origin) = match (given, setting.default()) {
            (Some((value, origin)), _) => (value, origin),
            (None, Default::Is(default)) => {
                (default.as_bytes().to_vec().into(), "default".to_owned())
            }
            (None, Default::Words(words)) => {
                return Effective {
                    line: format!("# {name} is not set: {words}"),
                    complaint: None,
                };
            }
        };
        let value = value.expose_secret();
        if let Err(reason) = setting.check(value) {
            return wrong(name, format!("{origin}: {reason}"));
        }
        let shown = match setting.secrecy() {
            Secrecy::Open => String::from_utf8_lossy(value).into_owned(),
            Secrecy::Secret(show) | Secrecy::Partly(show) => show(value),
        };
        Effective {
            line: format!("{name} = {} # {origin}", toml::Value::String(shown)),
            complaint: None,
        }
    }
}

fn wrong(name: &str, complaint: String) -> Effective {
    Effective {
        line: format!("# {name} is wrong"),
        complaint: Some(complaint),
    }
}
