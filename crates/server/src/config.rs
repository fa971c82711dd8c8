//! `wts config`: the settings as they hold.

use anyhow::ensure;

use crate::settings::Settings;

/// The waits that no setting changes, for `--help`.
pub(crate) const FIXED: &str = "\
Waits that are no settings, because nobody gains by another:
  A database that does not answer is asked anew within half a second.
  A read that is refused within 500 ms on a connection that was used before is sent once more.
  PostgreSQL has 5 s to acknowledge what was sent; for commands other than serve, each host 1 s to let us in.
  SQLite waits for a lock 1 s to read and 10 s to write.
  A key server has 3 s for its answer, and is asked for a key that it does not have every 10 s at most.
  A client has 1 s to close a connection that is closed here.
  At the end, requests count as answered when none has come for 100 ms; the last log records have 1 s to be written.";

/// Prints every setting in the form of a settings file, secrets masked.
///
/// # Errors
///
/// If any of them cannot be read. All are printed before.
#[expect(clippy::print_stdout, reason = "what the command has to say")]
pub(crate) fn run(settings: &Settings) -> anyhow::Result<()> {
    let mut complaints = Vec::new();
    for setting in settings.effective() {
        println!("{}", setting.line);
        complaints.extend(setting.complaint);
    }
    ensure!(complaints.is_empty(), "{}", complaints.join("; "));
    Ok(())
}
