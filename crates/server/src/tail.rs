//! `wts tail`: the newest traces of all tickets, and every later one, in a terminal.

mod lines;

use std::{
    error::Error,
    io::{self, IsTerminal},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use tokio::{task::spawn_blocking, time::sleep};
use wts_adapter_db::{Database, DatabaseMetrics, ReadSettings};
use wts_app::{ErrorChain, FeedFilter, FeedRepository, FollowFeed, RepositoryError};
use wts_domain::{Category, Priority, StaffId, Status, TicketId, Timestamp, Trace, TraceId};

use self::lines::TraceLines;
use crate::{
    output, serve,
    settings::{Settings, catalogue::DATABASE_URL},
    signals::Signals,
    terminal::{self, DisplayOptions, visible_line},
};

/// The exit codes, for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes: 0 ended by SIGINT or SIGTERM, 1 error, 2 invalid arguments, 141 the reader closed the pipe.
To go on after the last line of an earlier run: wts tail --json --after OPID";

/// The interval between reads while there are no new traces.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The longest time between reads while they fail.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(16);
/// The interval between health checks, which are not needed: the feed is read more often.
const PROBE_INTERVAL: Duration = Duration::from_secs(86_400);

#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// Number of existing traces to print first
    #[arg(long, short = 'n', value_name = "NUMBER", default_value_t = 10)]
    lines: usize,

    /// Print all traces after this one instead, by its number: the `opid` of `--json`
    #[arg(long, value_name = "OPID", conflicts_with = "lines")]
    after: Option<i64>,

    /// Only these tickets, separated by commas
    #[arg(long, value_name = "TID,…", value_delimiter = ',')]
    tid: Vec<TicketId>,

    /// Only traces at or after this time, in RFC 3339: 2025-12-06T18:00:00+08:00
    #[arg(long, value_name = "TIME", value_parser = Timestamp::from_rfc3339)]
    since: Option<Timestamp>,

    /// Only traces before this time, in RFC 3339
    #[arg(long, value_name = "TIME", value_parser = Timestamp::from_rfc3339)]
    until: Option<Timestamp>,

    /// Only traces by this staff number; -1 is the system, -2 the user who filed the ticket
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    op: Option<StaffId>,

    /// Only traces that set one of these statuses, separated by commas
    #[arg(long, value_name = "STATUS,…", value_delimiter = ',', value_parser = labels(Status::ALL, Status::as_str))]
    status: Vec<Status>,

    /// Only traces that set one of these priorities, separated by commas
    #[arg(long, value_name = "PRIORITY,…", value_delimiter = ',', value_parser = labels(Priority::ALL, Priority::as_str))]
    priority: Vec<Priority>,

    /// Only traces that set one of these categories, separated by commas
    #[arg(long, value_name = "CATEGORY,…", value_delimiter = ',', value_parser = labels(Category::ALL, Category::as_str))]
    category: Vec<Category>,

    /// Print each trace as a JSON object on one line, with the members of the API
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    display: DisplayOptions,
}

/// Returns a parser of labels, whose help lists all labels.
fn labels<T>(all: &[T], name: fn(T) -> &'static str) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: Error + Send + Sync> + Copy + Send + Sync + 'static,
{
    let names = all.iter().map(|label| name(*label));
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

/// Prints the traces in the configured database until a signal arrives.
///
/// # Errors
///
/// Returns an error if the database cannot be read at the start, or if standard output cannot be written.
pub(crate) async fn run(settings: &Settings, arguments: Tail) -> anyhow::Result<()> {
    settings.start_logging()?;
    let mut signals = Signals::install().context("cannot install signal handlers")?;
    tokio::select! {
        outcome = follow(settings, &arguments) => outcome,
        _ = signals.next() => Ok(()),
    }
}

async fn follow(settings: &Settings, arguments: &Tail) -> anyhow::Result<()> {
    let database = settings.require(&DATABASE_URL)?;
    let reading = ReadSettings {
        probe_interval: PROBE_INTERVAL,
        ..ReadSettings::default()
    };
    let database = Database::open(&database, &reading, &DatabaseMetrics::default())
        .await
        .map_err(|error| serve::with_hint(&error))
        .with_context(|| settings.origin(&DATABASE_URL))?;
    let mut lines = TraceLines::new(arguments.display.words(), arguments.display.zone());
    let (mut follower, first) = begin(database.repositories().feed, arguments)
        .await
        .context("cannot read the feed")?;
    arguments.print(&first, &mut lines).await?;
    let mut failures = 0;
    loop {
        let delay = match follower.next_page().await {
            Ok(page) => {
                if failures > 0 {
                    tracing::info!("the feed can be read again");
                    failures = 0;
                }
                arguments.print(&page.traces, &mut lines).await?;
                if page.has_more {
                    continue;
                }
                POLL_INTERVAL
            }
            Err(error) => {
                if failures == 0 {
                    let cause = ErrorChain(&error).to_string();
                    tracing::warn!(cause, "the feed cannot be read, retrying");
                }
                failures += 1;
                retry_delay(failures)
            }
        };
        output::ensure_has_reader()?;
        sleep(delay).await;
    }
}

/// Returns the feed after the traces that are printed first, and these traces.
async fn begin(
    feed: Arc<dyn FeedRepository>,
    arguments: &Tail,
) -> Result<(FollowFeed, Vec<Trace>), RepositoryError> {
    if let Some(opid) = arguments.after {
        let mut follower = FollowFeed::after(feed, arguments.filter(), TraceId::new(opid));
        let page = follower.next_page().await?;
        return Ok((follower, page.traces));
    }
    let mut has_warned = false;
    loop {
        let begun = FollowFeed::from_end(Arc::clone(&feed), arguments.filter(), arguments.lines);
        match begun.await {
            Err(RepositoryError::Busy) if !has_warned => {
                tracing::warn!("waiting for open transactions that have written traces");
                has_warned = true;
            }
            Err(RepositoryError::Busy) => {}
            outcome => return outcome,
        }
        sleep(POLL_INTERVAL).await;
    }
}

/// Returns a random time until the next read after this number of failures.
fn retry_delay(failures: u32) -> Duration {
    let longest = POLL_INTERVAL
        .saturating_mul(2_u32.saturating_pow(failures - 1))
        .min(MAX_RETRY_DELAY);
    longest.mul_f64(0.5 + fastrand::f64() / 2.0)
}

impl Tail {
    fn filter(&self) -> FeedFilter {
        let mut tickets = self.tid.clone();
        tickets.sort_unstable();
        tickets.dedup();
        FeedFilter {
            tickets: (!tickets.is_empty()).then_some(tickets),
            since: self.since,
            until: self.until,
            op: self.op.clone(),
            statuses: self.status.clone(),
            priorities: self.priority.clone(),
            categories: self.category.clone(),
        }
    }

    /// Prints traces. A signal ends the command even if the reader of the output has stopped reading.
    async fn print(&self, traces: &[Trace], lines: &mut TraceLines) -> anyhow::Result<()> {
        let is_terminal = io::stdout().is_terminal();
        let mut content = String::new();
        if self.json {
            for trace in traces {
                let json = wts_adapter_http::trace_json(trace)?;
                content += &if is_terminal {
                    visible_line(&json)
                } else {
                    json
                };
                content.push('\n');
            }
        } else {
            let width = is_terminal.then(terminal::width);
            for line in traces.iter().flat_map(|trace| lines.of(trace, width)) {
                content += &line.to_string();
                content.push('\n');
            }
        }
        let is_json = self.json;
        let text_output = self.display.stdout();
        let written = spawn_blocking(move || {
            if is_json {
                output::write(io::stdout(), content.as_bytes())
            } else {
                output::write(text_output, content.as_bytes())
            }
        });
        Ok(written.await??)
    }
}
