//! The settings that are given as command-line flags.

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::{
    catalogue::{ALL, RETIRED},
    setting::{Declaration, DefaultValue, variable_of},
};

/// The settings that were given as flags, by name and value. For a secret, the flag names a file, because every user of
/// the machine can read the arguments of a process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags(pub(super) Vec<(String, String)>);

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        let retired = RETIRED.iter().map(|name| flag(name).hide(true));
        command
            .args(ALL.iter().map(|setting| documented_flag(setting)))
            .args(retired)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let names = ALL.iter().map(|setting| name_of(setting));
        let names = names.chain(RETIRED.iter().map(ToString::to_string));
        let given = names.filter_map(|name| {
            let value = matches.get_one::<String>(&name)?.clone();
            Some((name, value))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn name_of(setting: &Declaration) -> String {
    let name = || setting.name.to_owned();
    setting.file_name().unwrap_or_else(name)
}

fn flag(name: &str) -> Arg {
    Arg::new(name.to_owned()).long(name.replace('_', "-"))
}

fn documented_flag(setting: &Declaration) -> Arg {
    let (name, help) = (name_of(setting), setting.help);
    let variable = variable_of(&name);
    let (value, help) = if setting.is_secret() {
        let help = format!("{help}; read from this file [env: {variable}]");
        ("FILE", help)
    } else {
        let (DefaultValue::Value(default) | DefaultValue::Unset(default)) = setting.default;
        let help = format!("{help} [env: {variable}] [default: {default}]");
        let value = if name.ends_with("_file") {
            "FILE"
        } else {
            "VALUE"
        };
        (value, help)
    };
    flag(&name)
        .value_name(value)
        .help(help)
        .help_heading(setting.group)
}
