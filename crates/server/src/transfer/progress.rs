//! The progress of a transfer, displayed as a bar on a terminal and as log records elsewhere.

use std::{
    fmt::Display,
    io::{self, IsTerminal},
    ops::ControlFlow,
    time::{Duration, Instant},
};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use wts_app::{Counts, Observer, Progress, RecordError};
use wts_domain::{HistoryFinding, TicketId};

use super::cancel::CancelOnSignal;
use crate::output::{OutputError, write_line};

/// The template of the bar if the total is known, and of the display if the total is unknown.
const BAR: &str = "{prefix} [{bar:30}] {percent}% {msg}, {eta} left";
const SPINNER: &str = "{prefix} {spinner} {msg}";
const LOG_INTERVAL: Duration = Duration::from_secs(10);
/// The maximum number of findings that are logged individually.
const MAX_LOGGED_FINDINGS: u64 = 20;

/// An observer that displays the progress and the findings of a transfer, and cancels the transfer on a signal.
pub(super) struct ProgressReporter {
    /// The action of the command, such as `exporting`.
    action: &'static str,
    started: Instant,
    last_logged: Instant,
    /// The progress bar, `None` if standard error is not a terminal.
    bar: Option<ProgressBar>,
    findings: Findings,
    found: u64,
    cancel: CancelOnSignal,
    /// The first error of printing a line.
    output_error: Option<OutputError>,
}

/// The way in which rule violations are reported.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Findings {
    Ignored,
    /// The first findings are logged.
    Logged,
    /// All findings are printed.
    Printed,
}

impl ProgressReporter {
    /// Starts the progress report. From then on, a signal cancels the command.
    ///
    /// # Errors
    ///
    /// Returns an error if the signal handlers cannot be installed.
    pub(super) fn start(action: &'static str, findings: Findings) -> anyhow::Result<Self> {
        let now = Instant::now();
        Ok(Self {
            action,
            started: now,
            last_logged: now,
            bar: io::stderr().is_terminal().then(ProgressBar::no_length),
            findings,
            found: 0,
            cancel: CancelOnSignal::install()?,
            output_error: None,
        })
    }

    pub(super) fn cancel(&self) -> &CancelOnSignal {
        &self.cancel
    }

    /// Removes the progress bar.
    ///
    /// # Errors
    ///
    /// Returns the first error of printing a line.
    pub(super) fn finish(&mut self) -> Result<(), OutputError> {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        self.output_error.take().map_or(Ok(()), Err)
    }

    fn draw(&self, bar: &ProgressBar, traces: u64, per_second: u64, progress: Option<Progress>) {
        if let Some(Progress { done, total }) = progress {
            if bar.length() != Some(total) {
                bar.set_length(total);
                bar.set_style(style(BAR));
            }
            bar.set_position(done);
        } else if bar.position() == 0 {
            bar.set_style(style(SPINNER));
            bar.inc(1);
        }
        bar.set_prefix(self.action);
        let (traces, per_second) = (HumanCount(traces), HumanCount(per_second));
        bar.set_message(format!("{traces} traces, {per_second}/s"));
    }

    fn log(&self, counts: Counts, per_second: u64, progress: Option<Progress>) {
        let (tickets, traces, action) = (counts.tickets, counts.traces, self.action);
        match progress {
            Some(Progress { done, total }) if done > 0 => {
                let (done, total) = (u128::from(done), u128::from(total));
                let elapsed = u128::from(self.started.elapsed().as_secs());
                let seconds_left = elapsed * total.saturating_sub(done) / done;
                let percent = done * 100 / total.max(1);
                tracing::info!(
                    tickets,
                    traces,
                    per_second,
                    percent,
                    seconds_left,
                    "{action} histories"
                );
            }
            _ => tracing::info!(tickets, traces, per_second, "{action} histories"),
        }
    }

    /// Prints a line on standard output. If that fails, the transfer is cancelled.
    fn print(&mut self, line: impl Display) {
        let mut written = Ok(());
        self.show(|| written = write_line(line));
        if let Err(error) = written {
            self.output_error.get_or_insert(error);
        }
    }

    /// Prints or logs a line without overwriting the progress bar.
    fn show(&self, line: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(line),
            None => line(),
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Observer for ProgressReporter {
    fn on_progress(&mut self, counts: Counts, progress: Option<Progress>) -> ControlFlow<()> {
        if self.cancel.is_cancelled() || self.output_error.is_some() {
            return ControlFlow::Break(());
        }
        let millis = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let per_second = counts.traces.saturating_mul(1_000) / millis.max(1);
        if let Some(bar) = &self.bar {
            self.draw(bar, counts.traces, per_second, progress);
        } else if self.last_logged.elapsed() >= LOG_INTERVAL {
            self.last_logged = Instant::now();
            self.log(counts, per_second, progress);
        }
        ControlFlow::Continue(())
    }

    fn on_finding(&mut self, line: Option<u64>, ticket: TicketId, finding: HistoryFinding) {
        self.found += 1;
        let line = line.map_or_else(String::new, |line| format!("line {line}: "));
        let trace = finding
            .trace()
            .map_or_else(String::new, |trace| format!("trace {trace}: "));
        match self.findings {
            Findings::Printed => {
                self.print(format_args!("{line}ticket {ticket}: {trace}{finding}"));
            }
            Findings::Logged if self.found <= MAX_LOGGED_FINDINGS => {
                self.show(|| tracing::warn!(ticket.id = ticket.get(), "{line}{trace}{finding}"));
            }
            Findings::Logged | Findings::Ignored => {}
        }
    }

    fn on_invalid_record(&mut self, error: &RecordError) {
        // The error of any other command names the records.
        if self.findings == Findings::Printed {
            self.print(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use indicatif::{InMemoryTerm, ProgressDrawTarget};

    use super::*;

    /// Returns the text on the terminal after `traces` traces.
    fn shown(traces: u64, progress: Option<Progress>) -> String {
        let terminal = InMemoryTerm::new(5, 120);
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let mut reporter = ProgressReporter::start("importing", Findings::Ignored)
            .expect("handlers of signals can be installed");
        reporter.started = Instant::now()
            .checked_sub(Duration::from_secs(2))
            .expect("the machine has run for two seconds");
        let bar = ProgressBar::with_draw_target(None, target);
        reporter.bar = Some(bar.clone());
        let counts = Counts {
            traces,
            ..Counts::default()
        };
        assert!(reporter.on_progress(counts, progress).is_continue());
        bar.tick();
        terminal.contents()
    }

    #[tokio::test]
    async fn terminal_shows_a_bar_the_rate_and_the_time_left() {
        let (done, total) = (40, 100);
        let shown = shown(1_000_000, Some(Progress { done, total }));
        for part in ["importing [", "] 40% 1,000,000 traces, ", "/s, ", " left"] {
            assert!(shown.contains(part), "{shown}");
        }
    }

    #[tokio::test]
    async fn terminal_shows_the_rate_if_the_total_is_unknown() {
        let shown = shown(2_000, None);
        assert!(
            shown.contains("2,000 traces, ") && shown.contains("/s"),
            "{shown}"
        );
        assert!(!shown.contains('%'), "{shown}");
    }
}
