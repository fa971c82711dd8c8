//! The head of a page: the state of the ticket, the time in each status, and the findings.

use anstyle::Style;
use wts_domain::{Status, TicketField, TicketState};

use super::{Entry, Page};
use crate::{
    show::timeline::{self, TimeInStatus, Timeline},
    terminal::{BOLD, DIM, PLAIN, Text, columns_of, flow, status_style, visible},
};

impl Page<'_> {
    /// Returns the title and the state.
    pub(super) fn head(&self, state: &TicketState, entries: &[Entry<'_>]) -> Vec<Text> {
        let words = self.words;
        let mut title = Text::new(BOLD, format!("{} {}", words.ticket, self.ticket));
        if let Some(as_of) = self.as_of {
            title.push(PLAIN, &format!("   {} {}", words.as_of, self.time(as_of)));
        }
        let mut rows = Vec::new();
        if state.created_at.is_some() {
            for field in TicketField::ALL {
                let label = field.label(words.language);
                rows.push((label, self.current_value(state, *field)));
            }
        }
        rows.push((words.issuer, visible(self.history.issuer.as_str(), PLAIN)));
        let first_and_last = [
            (words.first_trace, state.created_at),
            (words.last_trace, state.last_updated_at),
        ];
        for (label, timestamp) in first_and_last {
            if let Some(timestamp) = timestamp {
                rows.push((label, Text::unstyled(self.time(timestamp))));
            }
        }
        rows.push((
            words.time_zone,
            Text::unstyled(self.offsets(entries).join(", ")),
        ));
        let mut lines = title.wrap(self.width);
        lines.push(Text::default());
        lines.extend(self.table(rows));
        lines
    }

    fn current_value(&self, state: &TicketState, field: TicketField) -> Text {
        let words = self.words;
        let Some(value) = state.fields.get(field) else {
            return Text::new(DIM, words.not_set);
        };
        let mut text = words.value(value);
        if let (TicketField::Status, Some(period)) = (field, state.time_in_status.last()) {
            let so_far = match period.status {
                Status::Solved | Status::Canceled => None,
                _ => timeline::length(period, self.now),
            };
            let since = words.since(&self.time(period.from), so_far);
            text.push(PLAIN, &format!("  {since}"));
        }
        text
    }

    /// Returns lines with a column of labels and a column of values.
    fn table(&self, rows: Vec<(&str, Text)>) -> Vec<Text> {
        let widest = rows.iter().map(|(label, _)| columns_of(label)).max();
        let indent = widest.unwrap_or_default() + 2;
        let mut lines = Vec::new();
        for (label, value) in rows {
            let mut label = Text::new(DIM, label).padded(indent);
            for line in value.wrap(self.remaining(indent)) {
                lines.push(label.with(line));
                label = Text::default().padded(indent);
            }
        }
        lines
    }

    /// Returns the bar of the time in each status, and its legend.
    pub(super) fn time_in_status(&self, state: &TicketState) -> Vec<Text> {
        let words = self.words;
        let timeline = Timeline::new(state, self.now);
        let times = timeline.by_status();
        if times.is_empty() {
            return Vec::new();
        }
        let total = timeline.total();
        let cells = timeline.cells(self.width);
        let mut lines = vec![Text::default()];
        if !cells.is_empty() {
            lines.push(cells.into_iter().map(|status| self.cell(status)).collect());
        }
        let legend = times.iter().map(|time| self.legend_item(*time));
        let sum = format!("{} {}", words.total, words.duration(total));
        let sum = (times.len() > 1 && total > 0).then(|| Text::new(DIM, sum));
        lines.extend(flow(legend.chain(sum), self.width));
        lines
    }

    /// Returns a cell of the bar.
    fn cell(&self, status: Status) -> (Style, char) {
        let pattern = match status {
            Status::Fresh => '░',
            Status::Scheduled => '▒',
            Status::Delay => '▓',
            Status::Escalated => '█',
            Status::Solved => '=',
            _ => '-',
        };
        (
            status_style(status),
            if self.has_color { '█' } else { pattern },
        )
    }

    fn legend_item(&self, time: TimeInStatus) -> Text {
        let words = self.words;
        let (style, cell) = self.cell(time.status);
        let mut item = Text::new(style, if self.has_color { '●' } else { cell });
        let length = match time.seconds {
            Some(seconds) => words.duration(seconds),
            None => words.unknown_length.to_owned(),
        };
        item.push(
            PLAIN,
            &format!(" {} {length}", time.status.label(words.language)),
        );
        if time.periods > 1 {
            item.push(DIM, &format!(" ({})", words.times(time.periods)));
        }
        item
    }

    /// Returns the rules that the history violates.
    pub(super) fn findings(&self, state: &TicketState, entries: &[Entry<'_>]) -> Vec<Text> {
        let mut lines = Vec::new();
        for finding in &state.findings {
            let broken = entries
                .iter()
                .filter(|entry| entry.findings.contains(finding));
            let mut line = self.finding(*finding);
            let count = broken.count();
            if count > 1 {
                line.push(DIM, &format!(" ({})", self.words.times(count)));
            }
            lines.extend(line.wrap(self.width));
        }
        if !lines.is_empty() {
            lines.insert(0, Text::default());
        }
        lines
    }
}
