//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};
use wts_domain::Access;

use crate::{
    config::FIXED,
    settings::Flags,
    transfer::{Export, Generate, Import, Verify},
};

/// Serves the history of repair tickets over HTTP.
///
/// Settings come from flags, from the environment and from a settings file, in this order. A secret is never an argument.
#[derive(Debug, Parser)]
#[command(name = "wts", version)]
pub(crate) struct Arguments {
    #[arg(
        long,
        help = "The settings file, instead of WTS_CONFIG",
        value_name = "FILE",
        global = true
    )]
    pub(crate) config: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the histories in the configured database
    Serve(Flags),
    /// Print the settings in effect with their origins, secrets redacted; fail if one is invalid
    #[command(after_help = FIXED)]
    Config(Flags),
    /// Check the settings, the machine and the database, and print what to do about each problem
    Doctor(Flags),
    /// Bring the configured database's schema up to date
    Migrate,
    /// Write the histories in the configured database to a file of JSON Lines, as they are at this moment
    Export(Export),
    /// Bring the histories in a file into the configured database, all of them or none
    Import(Import),
    /// Write a made-up campus to a file
    Generate(Generate),
    /// List what breaks the rules of a history, in the configured database or in a file
    Verify(Verify),
    /// Serve a made-up campus on this machine, with nothing to configure
    Demo {
        /// The port to listen on; by default 8080 or, where that is taken, a free one
        #[arg(long)]
        port: Option<u16>,
    },
    /// Print the description of the API, in OpenAPI 3.1
    Openapi,
    /// Print a token that is signed with the configured secret
    Token(Subject),
}

/// Whom a token is about.
#[derive(Debug, Args)]
pub(crate) struct Subject {
    /// Student number
    #[arg(long)]
    pub(crate) sid: String,
    /// Rank: unregistered, user, pre-member, informal-member, formal-member, group-leader, chief, api or dev
    #[arg(long)]
    pub(crate) access: Access,
    /// The sign-in service's id for the person
    #[arg(long, default_value = "")]
    pub(crate) openid: String,
    /// Name
    #[arg(long, default_value = "")]
    pub(crate) name: String,
    /// User name
    #[arg(long, default_value = "")]
    pub(crate) username: String,
    /// Address of a picture
    #[arg(long, default_value = "")]
    pub(crate) avatar: String,
    /// How long the token is valid: 90s, 30m, 12h, 7d
    #[arg(long, default_value = "1h", value_parser = humantime::parse_duration)]
    pub(crate) ttl: Duration,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn no_argument_takes_a_secret() {
        fn names(command: &clap::Command) -> Vec<String> {
            let own = command
                .get_arguments()
                .map(|argument| argument.get_id().to_string());
            let below = command.get_subcommands().flat_map(names);
            own.chain(below).collect()
        }
        for name in names(&Arguments::command()) {
            let is_a_path = name.ends_with("_file");
            for secret in ["secret", "password", "database_url", "key"] {
                assert!(is_a_path || !name.contains(secret), "--{name}");
            }
        }
    }
}
