//! The command line options for the language, the time zone and the colours.

use std::io;

use anstream::{AutoStream, ColorChoice};
use clap::Args;
use wts_domain::Language;

use super::{
    words::{Words, locale_language},
    zone::Zone,
};

/// The options of a command that shows traces in a terminal.
#[derive(Debug, Args)]
pub(crate) struct DisplayOptions {
    /// Language: zh or en [default: that of the locale: `LC_ALL`, `LC_MESSAGES` or `LANG`]
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<Language>,

    /// Show times in UTC instead of the time zone of this machine
    #[arg(long)]
    utc: bool,

    /// Colours; auto uses them in a terminal unless `NO_COLOR` is set
    #[arg(long, value_name = "WHEN", default_value_t = clap::ColorChoice::Auto)]
    color: clap::ColorChoice,
}

impl DisplayOptions {
    pub(crate) fn words(&self) -> &'static Words {
        Words::new(self.lang.unwrap_or_else(locale_language))
    }

    pub(crate) fn zone(&self) -> Zone {
        if self.utc { Zone::utc() } else { Zone::local() }
    }

    /// Returns standard output, which removes styles unless colours are on.
    pub(crate) fn stdout(&self) -> AutoStream<io::Stdout> {
        let color = match self.color {
            clap::ColorChoice::Auto => ColorChoice::Auto,
            clap::ColorChoice::Always => ColorChoice::AlwaysAnsi,
            clap::ColorChoice::Never => ColorChoice::Never,
        };
        AutoStream::new(io::stdout(), color)
    }
}
