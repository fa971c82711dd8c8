//! Reads a ticket's history from a JSON file, decides whether somebody may see it, and prints it in their language.
//!
//! ```sh
//! cargo run -p show-history -- --sid 2024310001 crates/show-history/history.json
//! ```
//!
//! It has nothing of the service but the crate `wts-domain`: what a trace is, who may read it and what people call the
//! values all come from there.
#![expect(
    clippy::print_stdout,
    reason = "what it prints is for the person who runs it"
)]

use std::{fs, path::PathBuf};

use anyhow::Context;
use clap::Parser;
use wts_domain::{
    Access, Caller, Day, Language, StudentId, TicketHistory, Trace, ensure_active,
    ensure_may_read_traces,
};

/// Prints a ticket's history to those who may see it.
#[derive(Parser)]
struct Arguments {
    /// A history in JSON: {"issuer": …, "traces": […]}
    history: PathBuf,
    /// The student number of who asks
    #[arg(long)]
    sid: String,
    /// The rank of who asks
    #[arg(long, default_value = "user")]
    access: Access,
    /// The language of what is printed: zh or en
    #[arg(long, default_value = "zh")]
    language: Language,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let file = arguments.history.display();
    let json =
        fs::read_to_string(&arguments.history).with_context(|| format!("cannot read {file}"))?;
    let history: TicketHistory =
        serde_json::from_str(&json).with_context(|| format!("{file} is no history"))?;

    let caller = Caller::new(StudentId::from(arguments.sid), arguments.access);
    let caller = ensure_active(caller)?;
    ensure_may_read_traces(&caller, &history.issuer)?;

    for trace in &history.traces {
        println!("{}", line(trace, arguments.language));
    }
    Ok(())
}

/// `2025-12-06T15:30:00Z  詹姆斯 (W007)  已解决  问题已解决`
fn line(trace: &Trace, language: Language) -> String {
    let who = match trace.op_name.as_str() {
        "" => trace.op.to_string(),
        name => format!("{name} ({})", trace.op),
    };
    let changes = [
        trace
            .new_status
            .map(|status| status.label(language).to_owned()),
        trace
            .new_priority
            .map(|priority| priority.label(language).to_owned()),
        trace
            .new_category
            .map(|category| category.label(language).to_owned()),
        trace.new_appointment.map(day),
    ];
    let changes: Vec<_> = changes.into_iter().flatten().collect();
    let parts = [
        trace.updated_at.to_string(),
        who,
        changes.join(", "),
        trace.remark.clone(),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    printable(&parts.join("  "))
}

/// `2025-12-08`, or the word for an endless day.
fn day(day: Day) -> String {
    match day.ymd() {
        Some((year, month, day)) => format!("{year:04}-{month:02}-{day:02}"),
        None => day.to_string(),
    }
}

/// The text on one line, and without what a terminal takes for a command: anyone may have written it.
fn printable(text: &str) -> String {
    let harmless = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(harmless).collect()
}
