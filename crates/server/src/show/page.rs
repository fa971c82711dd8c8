//! The page of a ticket: its state, the time in each status, and the traces by day.

mod days;
mod head;

use std::{collections::BTreeSet, fmt::Write};

use wts_domain::{
    HistoryFindingKind, Status, TicketHistory, TicketId, TicketState, Timestamp, Trace,
    TraceChanges,
};

use crate::terminal::{LocalTime, Text, WARNING, Words, Zone};

/// The content of a page.
pub(super) struct Page<'a> {
    pub(super) ticket: TicketId,
    pub(super) history: &'a TicketHistory,
    /// The time after which traces are omitted.
    pub(super) as_of: Option<Timestamp>,
    /// The time up to which the length of the current status is counted.
    pub(super) now: Timestamp,
    pub(super) zone: &'a Zone,
    pub(super) words: &'a Words,
    /// The width of the terminal in columns.
    pub(super) width: usize,
    /// Whether colours distinguish the statuses. If not, fill characters do.
    pub(super) has_color: bool,
}

/// A trace, its changes and the status after it.
struct Entry<'a> {
    trace: &'a Trace,
    time: Option<LocalTime>,
    changes: TraceChanges,
    /// The status after the trace.
    status: Option<Status>,
    findings: Vec<HistoryFindingKind>,
}

impl Page<'_> {
    /// Returns the page with ANSI escape sequences for styles.
    pub(super) fn render(&self) -> String {
        let as_of = self.as_of.unwrap_or(Timestamp::INFINITY);
        let traces = self.history.traces_as_of(as_of);
        let state = if traces.len() == self.history.traces.len() {
            TicketState::from_traces(traces)
        } else {
            TicketState::from_traces_as_of(&self.history.traces, as_of)
        };
        let entries = self.entries(traces);
        let mut lines = self.head(&state, &entries);
        lines.extend(self.time_in_status(&state));
        lines.extend(self.findings(&state, &entries));
        lines.extend(self.days(&entries));
        lines.iter().fold(String::new(), |mut page, line| {
            let _ = writeln!(page, "{line}");
            page
        })
    }

    /// Applies the traces one by one.
    fn entries<'t>(&self, traces: &'t [Trace]) -> Vec<Entry<'t>> {
        let mut state = TicketState::default();
        let entries = traces.iter().map(|trace| {
            state.findings.clear();
            let changes = state.apply(trace);
            Entry {
                trace,
                time: self.zone.convert(trace.updated_at),
                changes,
                status: state.fields.status,
                findings: state.findings.iter().copied().collect(),
            }
        });
        entries.collect()
    }

    fn finding(&self, finding: HistoryFindingKind) -> Text {
        Text::new(WARNING, format!("! {}", finding.label(self.words.language)))
    }

    fn time(&self, timestamp: Timestamp) -> String {
        self.words.date_and_time(timestamp, self.zone)
    }

    /// Returns the offsets of the times on the page, at least one.
    fn offsets(&self, entries: &[Entry<'_>]) -> Vec<String> {
        let times = entries.iter().filter_map(|entry| entry.time.as_ref());
        let mut offsets: BTreeSet<_> = times.map(|time| time.offset.clone()).collect();
        if offsets.is_empty() {
            offsets.extend(self.zone.convert(self.now).map(|time| time.offset));
        }
        offsets.into_iter().collect()
    }

    fn remaining(&self, indent: usize) -> usize {
        self.width.saturating_sub(indent).max(1)
    }
}
