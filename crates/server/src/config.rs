//! `wts config`: the settings in effect.

use anyhow::ensure;

use crate::settings::Settings;

/// The limits that no setting changes, for `--help` and the reference.
pub(crate) const FIXED: &str = "\
Limits that no setting changes:
  One thread per core serves connections.
  A client has 5 s to send a request's head, 10 s to go on reading a response, and 1 min to read the whole of it.
  A client has 1 s to close a connection that is closed here.
  Each host of a database has 1 s to let us in, unless its URL has connect_timeout=SECONDS.
  A read waits 500 ms to be sent, behind long histories 2 s, before it gets 503; 1024 reads wait for each connection.
  A read that is refused within 500 ms on a connection that was used before is sent once more.
  A replica that is silent for 300 ms is not waited for alone: the primary is asked as well.
  Every second the database is asked whether it answers; one that does not is asked anew within half a second.
  PostgreSQL has 5 s to acknowledge what was sent.
  SQLite waits for a lock 1 s to read and 10 s to write.
  A key set is read every 5 min, and for a key that it does not have every 10 s at most; its server has 3 s.
  At the end, requests count as answered when none has come for 100 ms; the last log records have 1 s to be written.";

/// Prints every setting in the form of a settings file, secrets redacted.
///
/// # Errors
///
/// If any of them cannot be used. All are printed before.
#[expect(clippy::print_stdout, reason = "what the command has to say")]
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
                println!("# {} is wrong", setting.name);
                errors.push(error);
            }
        }
    }
    for origin in settings.ignored() {
        println!("\n# {origin} is ignored: it is not a setting any more");
    }
    ensure!(errors.is_empty(), "{}", errors.join("; "));
    Ok(())
}
