//! Settings as flags of the command line.

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::{
    catalogue::ALL,
    setting::{Default, Described},
};

/// Every setting but the secrets, which an argument would show to everyone on the machine. Of these, the file that holds
/// one may be named.
#[derive(Debug, Clone, std::default::Default)]
pub(crate) struct Flags(Vec<(String, String)>);

impl Flags {
    /// Names, as in a settings file, and values of those that were given.
    pub(super) fn given(&self) -> &[(String, String)] {
        &self.0
    }
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        command.args(ALL.iter().map(|setting| arg(*setting)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = ALL.iter().filter_map(|setting| {
            let name = flag_of(*setting);
            let value = matches.get_one::<String>(&name)?;
            Some((name.clone(), value.clone()))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// What the setting is called as a flag, but for the hyphens.
fn flag_of(setting: &dyn Described) -> String {
    let name = setting.name();
    if setting.is_secret() {
        format!("{name}_file")
    } else {
        name.to_owned()
    }
}

fn arg(setting: &dyn Described) -> Arg {
    let name = flag_of(setting);
    let variable = super::setting::variable_of(&name);
    let help = if setting.is_secret() {
        format!("a file that holds {} [env: {variable}]", setting.help())
    } else {
        let default = match setting.default() {
            Default::Is(value) => value,
            Default::Words(words) => words,
        };
        format!("{} [env: {variable}] [default: {default}]", setting.help())
    };
    Arg::new(name.clone())
        .long(name.replace('_', "-"))
        .value_name(if setting.is_secret() { "FILE" } else { "VALUE" })
        .help(help)
        .help_heading("Settings")
}
