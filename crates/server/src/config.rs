//! `wts config`: the settings in effect.

use anyhow::ensure;

use crate::settings::Settings;

/// The limits that no setting changes, for `--help` and the reference.
pub(crate) const FIXED: &str = "\
Limits that no setting changes:
  One thread per core serves connections.
  A client has 5 s to send a request head, 10 s between two reads of a response, and 1 min to read the whole response.
  A client has 1 s to close its side of a connection that the service has closed.
  Connecting to each host of a database takes at most 1 s, unless its URL has connect_timeout=SECONDS.
  A read waits at most 500 ms to be sent, or 2 s behind long histories, before it gets 503; 1024 reads can wait for each connection.
  A read that is refused within 500 ms on a reused connection is sent once more.
  If a replica does not respond within 300 ms, the read is also sent to the primary.
  The health check reads the database every second, and after a failure again within 500 ms.
  PostgreSQL has 5 s to acknowledge sent data.
  SQLite waits for a lock for 1 s to read and for 10 s to write.
  The JWKS refresh runs every 5 min, and for an unknown key at most every 10 s; the key server has 3 s to respond.
  The graceful shutdown ends when no request has arrived for 100 ms; the last log records have 1 s to be written.";

/// Prints every setting in the form of a settings file, secrets redacted.
///
/// # Errors
///
/// Returns an error if a setting cannot be used, after all settings are printed.
#[expect(clippy::print_stdout, reason = "the output of the command")]
pub(crate) fn run(settings: &Settings) -> anyhow::Result<()> {
    let (mut group, mut errors) = ("", Vec::new());
    for (setting, line) in settings.effective() {
        if setting.group != group {
            group = setting.group;
            println!("\n# {group}");
        }
        match line {
            Ok(line) => println!("{line}"),
            Err(error) => {
                println!("# {} is invalid", setting.name);
                errors.push(error);
            }
        }
    }
    for origin in settings.ignored() {
        println!("\n# {origin} is ignored: it is a retired setting");
    }
    ensure!(errors.is_empty(), "{}", errors.join("; "));
    Ok(())
}
