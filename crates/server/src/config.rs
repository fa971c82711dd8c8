//! The command `wts config`, which prints the settings in effect.

use anyhow::ensure;

use crate::{output::write_line, settings::Settings};

/// The limits that cannot be configured, for `--help` and SETTINGS.md.
pub(crate) const FIXED: &str = "\
Limits that no setting changes:
  One thread per core serves connections.
  A client has 5 s to send a request head, 1 min to read a complete response, and may stop reading it for up to 10 s.
  A client has 1 s to close its side of a connection that the service has closed.
  Connecting to each host of a database takes at most 1 s, unless its URL has connect_timeout=SECONDS.
  A read waits in a queue for at most 500 ms, or 2 s if it waits for long histories, and then gets 503; each connection has a queue of 1024 reads.
  A read that fails within 500 ms on a reused connection is retried once.
  If a replica does not respond within 300 ms, the read is also sent to the primary.
  The health check reads the database every second, and within 500 ms after a failure.
  PostgreSQL has 5 s to acknowledge sent data.
  SQLite waits for a lock for 1 s to read and for 10 s to write.
  The JWKS refresh runs every 5 min, and for an unknown key at most every 10 s; the key server has 3 s to respond.
  The graceful shutdown ends when no request has been in flight for 100 ms; the last log records have 1 s to be written.";

/// Prints every setting in the form of a settings file, with secrets redacted.
///
/// # Errors
///
/// Returns an error after all settings have been printed, if one of them is invalid.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<()> {
    let (mut group, mut errors) = ("", Vec::new());
    for (setting, line) in settings.effective() {
        if setting.group != group {
            group = setting.group;
            write_line(format_args!("\n# {group}"))?;
        }
        match line {
            Ok(line) => write_line(line)?,
            Err(error) => {
                write_line(format_args!("# {} is invalid", setting.name))?;
                errors.push(error);
            }
        }
    }
    for origin in settings.ignored() {
        write_line(format_args!(
            "\n# {origin} is ignored: it is a retired setting"
        ))?;
    }
    ensure!(errors.is_empty(), "{}", errors.join("; "));
    Ok(())
}
