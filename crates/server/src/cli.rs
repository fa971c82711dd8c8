//! The command line arguments of `wts`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};
use wts_domain::Access;

use crate::{
    config::FIXED,
    settings::Flags,
    show::{self, Show},
    tail::{self, Tail},
    transfer::{Export, Generate, Import, Verify},
};

/// Serves the history of repair tickets over HTTP.
///
/// Settings are read from flags, the environment and a settings file, in this order of precedence. Secrets are read from the environment or from files, never from arguments.
#[derive(Debug, Parser)]
#[command(name = "wts", version)]
pub(crate) struct Arguments {
    #[arg(
        long,
        help = "Settings file [env: WTS_CONFIG]",
        value_name = "FILE",
        global = true
    )]
    pub(crate) config: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the histories of the configured database
    Serve(Flags),
    /// Print the settings in effect and their origins, with secrets redacted; fail if one is invalid
    #[command(after_help = FIXED)]
    Config(Flags),
    /// Check the settings, the machine and the database, and print a remedy for each problem
    Doctor(Flags),
    /// Migrate the schema of the configured database to the current version
    Migrate,
    /// Print the history of a ticket in the configured database
    #[command(after_help = show::EXIT_CODES)]
    Show(Show),
    /// Print the newest traces of all tickets in the configured database, and every new one
    #[command(after_help = tail::EXIT_CODES)]
    Tail(Tail),
    /// Export a snapshot of the histories in the configured database, as JSON Lines
    Export(Export),
    /// Import the histories of a file into the configured database, all or none
    Import(Import),
    /// Generate sample data
    Generate(Generate),
    /// List the rule violations of histories in the configured database or in a file
    Verify(Verify),
    /// Serve sample data on this machine, without configuration
    Demo {
        /// Port to listen on [default: 8080, or a free port if 8080 is in use]
        #[arg(long)]
        port: Option<u16>,
    },
    /// Print the OpenAPI 3.1 description of the API
    Openapi,
    /// Print a token signed with the configured secret
    Token(Subject),
}

/// The person whom a token identifies.
#[derive(Debug, Args)]
pub(crate) struct Subject {
    /// Student number; can be empty for an operator, such as a program with the rank api
    #[arg(long)]
    pub(crate) sid: String,
    /// Rank: unregistered, user, pre-member, informal-member, formal-member, group-leader, chief, api or dev
    #[arg(long)]
    pub(crate) access: Access,
    /// Id of the person in the sign-in service
    #[arg(long, default_value = "")]
    pub(crate) openid: String,
    /// Name
    #[arg(long, default_value = "")]
    pub(crate) name: String,
    /// User name
    #[arg(long, default_value = "")]
    pub(crate) username: String,
    /// URL of the avatar
    #[arg(long, default_value = "")]
    pub(crate) avatar: String,
    /// Validity period, such as 90s, 30m, 12h or 7d
    #[arg(long, default_value = "1h", value_parser = humantime::parse_duration)]
    pub(crate) ttl: Duration,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_definition_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn no_argument_accepts_a_secret() {
        fn names(command: &clap::Command) -> Vec<String> {
            let own = command
                .get_arguments()
                .map(|argument| argument.get_id().to_string());
            let below = command.get_subcommands().flat_map(names);
            own.chain(below).collect()
        }
        for name in names(&Arguments::command()) {
            // The storage key is the name under which a browser stores a token.
            let is_public = name.ends_with("_file") || name == "token_storage_key";
            for secret in ["secret", "password", "database_url", "key"] {
                assert!(is_public || !name.contains(secret), "--{name}");
            }
        }
    }
}
