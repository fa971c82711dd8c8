//! Reads a ticket's history from a JSON file, checks whether a caller may read it, and prints it in Chinese or English.
//!
//! ```sh
//! cargo run -p wts-domain --features serde --example show_history -- crates/domain/examples/history.json 2024310001 user en
//! ```
//!
//! The arguments are the file, the caller's student number, the caller's rank and the language. The rank and the
//! language can be omitted.
#![expect(clippy::print_stdout, reason = "a program for a terminal")]

use std::{env, error::Error, fs};

use wts_domain::{
    Access, Caller, Language, StudentId, TicketHistory, Trace, ensure_active,
    ensure_may_read_traces,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    print!("{}", history_lines(&arguments)?);
    Ok(())
}

/// Returns the output of the program for these arguments: one line for each trace.
pub(crate) fn history_lines(arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let (file, sid, access, language) = match *arguments {
        [file, sid] => (file, sid, Access::User, Language::default()),
        [file, sid, access] => (file, sid, access.parse()?, Language::default()),
        [file, sid, access, language] => (file, sid, access.parse()?, language.parse()?),
        _ => return Err("expected FILE SID [ACCESS] [zh|en]".into()),
    };
    let json = fs::read_to_string(file).map_err(|error| format!("cannot read {file}: {error}"))?;
    let history: TicketHistory = serde_json::from_str(&json)
        .map_err(|error| format!("{file} is not a ticket history: {error}"))?;

    let caller = ensure_active(Caller::new(StudentId::from(sid), access))?;
    ensure_may_read_traces(&caller, &history.issuer)?;

    let lines = history
        .traces
        .iter()
        .map(|trace| trace_line(trace, language));
    Ok(lines.collect())
}

/// Returns the output line of a trace, such as `2025-12-06T15:30:00Z  詹姆斯 (W007)  已解决  问题已解决`.
fn trace_line(trace: &Trace, language: Language) -> String {
    let actor = match trace.op_name.as_str() {
        "" => trace.op.to_string(),
        name => format!("{name} ({})", trace.op),
    };
    let new_values = [
        trace
            .new_status
            .map(|status| status.label(language).to_owned()),
        trace
            .new_priority
            .map(|priority| priority.label(language).to_owned()),
        trace
            .new_category
            .map(|category| category.label(language).to_owned()),
        trace
            .new_appointment
            .map(|date| date.iso_date().to_string()),
    ];
    let new_values: Vec<_> = new_values.into_iter().flatten().collect();
    let parts = [
        trace.updated_at.to_string(),
        actor,
        new_values.join(", "),
        trace.remark.clone(),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    replace_control_characters(&parts.join("  ")) + "\n"
}

/// Replaces control characters, because a terminal can execute them as commands.
fn replace_control_characters(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}
