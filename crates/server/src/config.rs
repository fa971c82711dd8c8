//! `wts config`: the settings as they hold.

use anyhow::ensure;

use crate::settings::Settings;

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
