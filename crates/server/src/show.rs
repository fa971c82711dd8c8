//! `wts show`: the history of a ticket in a terminal.

mod page;
#[cfg(test)]
mod tests;
mod timeline;

use std::{
    io::{self, IsTerminal},
    time::SystemTime,
};

use anstream::ColorChoice;
use anyhow::Context;
use clap::Args;
use wts_adapter_http::TracesView;
use wts_app::GetTracesError;
use wts_domain::{TicketHistory, TicketId, Timestamp};

use self::page::Page;
use crate::{
    output, serve,
    settings::{Settings, catalogue::DATABASE_URL},
    terminal::{self, DisplayOptions, visible_line},
};

/// The exit code if the ticket does not exist.
pub(crate) const NO_SUCH_TICKET: u8 = 3;
/// The exit codes, for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes: 0 success, 1 error, 2 invalid arguments, 3 the ticket does not exist.
Long histories in a pager: wts show TID --color always | less -R";

/// The maximum width of the page. Longer lines are hard to read.
const MAX_WIDTH: usize = 100;
/// The first character of a CSV body, for spreadsheets.
const BYTE_ORDER_MARK: char = '\u{feff}';

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Ticket number
    #[arg(value_name = "TID")]
    ticket: TicketId,

    /// Show the history as of this time, in RFC 3339: 2025-12-06T18:00:00+08:00
    #[arg(long, value_name = "TIME", value_parser = Timestamp::from_rfc3339)]
    as_of: Option<Timestamp>,

    /// Print the JSON body of the API with `include=changes,state` instead of a page
    #[arg(long, conflicts_with = "csv")]
    json: bool,

    /// Print the CSV body of the API with `include=changes` instead of a page
    #[arg(long)]
    csv: bool,

    #[command(flatten)]
    display: DisplayOptions,
}

/// Prints the history of a ticket in the configured database.
///
/// # Errors
///
/// Returns [`GetTracesError::NoSuchTicket`] if the ticket does not exist.
pub(crate) async fn run(settings: &Settings, arguments: Show) -> anyhow::Result<()> {
    settings.start_logging()?;
    let database = settings.require(&DATABASE_URL)?;
    let histories = wts_adapter_db::connect(&database)
        .await
        .map_err(|error| serve::with_hint(&error))
        .with_context(|| settings.origin(&DATABASE_URL))?;
    let found = histories.find(&arguments.ticket.into()).await?;
    let history = found
        .history
        .ok_or(GetTracesError::NoSuchTicket(arguments.ticket))?;

    let view = TracesView {
        changes: true,
        state: arguments.json,
        as_of: arguments.as_of,
        ..TracesView::default()
    };
    let mut content = Vec::new();
    let stdout = arguments.display.stdout();
    if arguments.json {
        wts_adapter_http::write_traces_json(history, view, &mut content)?;
    } else if arguments.csv {
        wts_adapter_http::write_traces_csv(history, view, &mut content)?;
    } else {
        let has_color = stdout.current_choice() != ColorChoice::Never;
        let page = page(&arguments, &history, has_color)?;
        return Ok(output::write(stdout, page.as_bytes())?);
    }
    if io::stdout().is_terminal() {
        content = visible_lines(&content).into_bytes();
    }
    Ok(output::write(io::stdout(), &content)?)
}

/// Returns the page for a terminal.
fn page(arguments: &Show, history: &TicketHistory, has_color: bool) -> anyhow::Result<String> {
    let since_1970 = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .context("the system clock is before 1970")?;
    let now = Timestamp::from_unix_seconds(since_1970.as_secs().try_into()?)?;
    let page = Page {
        ticket: arguments.ticket,
        history,
        as_of: arguments.as_of,
        now: arguments.as_of.unwrap_or(now).min(now),
        zone: &arguments.display.zone(),
        words: arguments.display.words(),
        width: terminal::width().min(MAX_WIDTH),
        has_color,
    };
    Ok(page.render())
}

/// Returns the lines of a body in a form that is safe to print on a terminal.
fn visible_lines(body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body);
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&body);
    body.lines().map(|line| visible_line(line) + "\n").collect()
}
