//! How far a command has come: a bar on a terminal, lines in a log.

use std::{
    io::{self, IsTerminal},
    ops::ControlFlow,
    time::{Duration, Instant},
};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use wts_app::{Counts, Observer, Share};
use wts_domain::{Finding, TicketId};

use super::stop::Stop;

/// The bar, where it is known how much there is, and what is shown where it is not.
const BAR: &str = "{prefix} [{bar:30}] {percent}% {msg}, {eta} left";
const SPINNER: &str = "{prefix} {spinner} {msg}";
/// How often a line is logged.
const LINES: Duration = Duration::from_secs(10);
/// How many findings are told of one by one where they are not what was asked for.
const MOST_FINDINGS: u64 = 20;

pub(super) struct Progress {
    /// What is being done: `exporting`.
    doing: &'static str,
    begun: Instant,
    last_line: Instant,
    /// None where nobody looks at a terminal.
    bar: Option<ProgressBar>,
    findings: Findings,
    found: u64,
    stop: Stop,
}

/// What is done with histories that break rules.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Findings {
    /// They are none of this command's business.
    Ignored,
    /// The first few are told of in the log.
    Warned,
    /// Each is printed.
    Listed,
}

impl Progress {
    /// From now on a signal ends what is being done, and does not kill it before it has cleared up.
    ///
    /// # Errors
    ///
    /// If signals cannot be listened for.
    pub(super) fn begin(doing: &'static str, findings: Findings) -> anyhow::Result<Self> {
        let now = Instant::now();
        Ok(Self {
            doing,
            begun: now,
            last_line: now,
            bar: io::stderr().is_terminal().then(ProgressBar::no_length),
            findings,
            found: 0,
            stop: Stop::on_signal()?,
        })
    }

    /// What ends it before its time.
    pub(super) fn stop(&self) -> &Stop {
        &self.stop
    }

    /// Nothing more will be drawn.
    pub(super) fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn draw(&self, bar: &ProgressBar, traces: u64, per_second: u64, completed: Option<Share>) {
        if let Some(Share { done, of }) = completed {
            if bar.length() != Some(of) {
                bar.set_length(of);
                bar.set_style(style(BAR));
            }
            bar.set_position(done);
        } else if bar.position() == 0 {
            bar.set_style(style(SPINNER));
            bar.inc(1);
        }
        bar.set_prefix(self.doing);
        let (traces, per_second) = (HumanCount(traces), HumanCount(per_second));
        bar.set_message(format!("{traces} traces, {per_second}/s"));
    }

    fn line(&self, counts: Counts, per_second: u64, completed: Option<Share>) {
        let Counts {
            tickets, traces, ..
        } = counts;
        let doing = self.doing;
        match completed {
            Some(Share { done, of }) if done > 0 => {
                let rest = u128::from(of.saturating_sub(done));
                let left = self.begun.elapsed().as_secs().into();
                let left = u128::saturating_mul(left, rest) / u128::from(done);
                let percent = u128::from(done) * 100 / u128::from(of.max(1));
                tracing::info!(
                    tickets,
                    traces,
                    per_second,
                    percent,
                    seconds_left = left,
                    "{doing}"
                );
            }
            _ => tracing::info!(tickets, traces, per_second, "{doing}"),
        }
    }

    #[expect(clippy::print_stdout, reason = "what the command was asked for")]
    fn print(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| println!("{text}")),
            None => println!("{text}"),
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Observer for Progress {
    fn carried(&mut self, counts: Counts, completed: Option<Share>) -> ControlFlow<()> {
        if self.stop.is_asked() {
            return ControlFlow::Break(());
        }
        let millis = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let per_second = counts.traces.saturating_mul(1_000) / millis.max(1);
        if let Some(bar) = &self.bar {
            self.draw(bar, counts.traces, per_second, completed);
        } else if self.last_line.elapsed() >= LINES {
            self.last_line = Instant::now();
            self.line(counts, per_second, completed);
        }
        ControlFlow::Continue(())
    }

    fn found(&mut self, at: Option<u64>, ticket: TicketId, finding: Finding) {
        self.found += 1;
        let line = at.map_or_else(String::new, |line| format!("line {line}: "));
        let trace = finding
            .trace()
            .map_or_else(String::new, |trace| format!("trace {trace}: "));
        match self.findings {
            Findings::Listed => self.print(&format!("{line}ticket {ticket}: {trace}{finding}")),
            Findings::Warned if self.found <= MOST_FINDINGS => {
                let warn = || tracing::warn!(ticket.id = ticket.get(), "{line}{trace}{finding}");
                match &self.bar {
                    Some(bar) => bar.suspend(warn),
                    None => warn(),
                }
            }
            Findings::Warned | Findings::Ignored => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use indicatif::{InMemoryTerm, ProgressDrawTarget};

    use super::*;

    /// What a terminal shows after so many traces, when a source has come so far.
    fn shown(traces: u64, completed: Option<Share>) -> String {
        let terminal = InMemoryTerm::new(5, 120);
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let mut progress = Progress {
            doing: "importing",
            begun: Instant::now()
                .checked_sub(Duration::from_secs(2))
                .expect("the machine has run for two seconds"),
            last_line: Instant::now(),
            bar: Some(ProgressBar::with_draw_target(None, target)),
            findings: Findings::Ignored,
            found: 0,
            stop: Stop::on_signal().expect("signals can be listened for"),
        };
        let counts = Counts {
            traces,
            ..Counts::default()
        };
        assert!(progress.carried(counts, completed).is_continue());
        if let Some(bar) = &progress.bar {
            bar.tick();
        }
        terminal.contents()
    }

    #[tokio::test]
    async fn a_terminal_shows_a_bar_the_rate_and_the_time_left() {
        let shown = shown(1_000_000, Some(Share { done: 40, of: 100 }));
        for part in ["importing [", "] 40% 1,000,000 traces, ", "/s, ", " left"] {
            assert!(shown.contains(part), "{shown}");
        }
    }

    #[tokio::test]
    async fn where_nobody_knows_how_much_there_is_the_rate_is_shown() {
        let shown = shown(2_000, None);
        assert!(
            shown.contains("2,000 traces, ") && shown.contains("/s"),
            "{shown}"
        );
        assert!(!shown.contains('%'), "{shown}");
    }
}
