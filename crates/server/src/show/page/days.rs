//! The traces of a page, grouped by day.

use std::iter;

use wts_domain::{TicketField, TicketFields};

use super::{Entry, Page};
use crate::terminal::{DIM, PLAIN, Text, flow, heading, status_style, visible};

/// The width of the time of day, which precedes the mark of an entry.
const TIME_WIDTH: usize = 8;
/// The width of the mark and of the line below it.
const MARK_WIDTH: usize = 2;

impl Page<'_> {
    /// Returns the traces grouped by day.
    pub(super) fn days(&self, entries: &[Entry<'_>]) -> Vec<Text> {
        let mut lines = Vec::new();
        let has_one_offset = self.offsets(entries).len() == 1;
        let mut last_day = None;
        for entry in entries {
            let day = self.day(entry, !has_one_offset);
            if last_day.as_ref() != Some(&day) {
                lines.push(Text::default());
                lines.extend(heading(&day, self.width));
                last_day = Some(day);
            }
            lines.extend(self.entry(entry));
        }
        if entries.is_empty() && !self.history.traces.is_empty() {
            lines.push(Text::default());
            lines.push(Text::unstyled(self.words.no_traces_yet));
        }
        let later = self.history.traces.len() - entries.len();
        lines.push(Text::default());
        let count = Text::new(DIM, self.words.trace_count(entries.len(), later));
        lines.extend(count.wrap(self.width));
        lines
    }

    fn day(&self, entry: &Entry<'_>, has_offset: bool) -> String {
        let Some(time) = &entry.time else {
            return self.time(entry.trace.updated_at);
        };
        let day = self.words.day(time);
        if has_offset {
            format!("{day} {}", time.offset)
        } else {
            day
        }
    }

    /// Returns a trace: its time, actor and id, the changes and the remark. The line beside the remark is dotted, so that a
    /// remark cannot look like a change.
    fn entry(&self, entry: &Entry<'_>) -> Vec<Text> {
        let width = self.remaining(TIME_WIDTH + MARK_WIDTH);
        let time = entry.time.as_ref().map_or("", |time| &time.time);
        let style = entry.status.map_or(DIM, status_style);
        let prefix = |time: &str, mark| {
            Text::unstyled(format!("  {time}"))
                .padded(TIME_WIDTH)
                .with(Text::new(style, mark))
        };

        let id = Text::new(DIM, format!("#{}", entry.trace.id));
        let mut facts = self.words.actor(entry.trace).wrap(width);
        match facts.last_mut() {
            Some(line) if line.width() + 2 + id.width() <= width => {
                *line = line.clone().padded(width - id.width()).with(id);
            }
            _ => facts.extend(id.wrap(width)),
        }
        facts.extend(flow(self.changes(entry), width));
        let findings = entry.findings.iter();
        facts.extend(findings.flat_map(|finding| self.finding(*finding).wrap(width)));
        let remark = entry.trace.remark.lines();
        let remark = remark.flat_map(|line| visible(line, PLAIN).wrap(width));

        let prefixes = iter::once(prefix(time, "● ")).chain(iter::repeat(prefix("", "│ ")));
        let facts = prefixes.zip(facts).map(|(prefix, line)| prefix.with(line));
        let remark = remark.map(|line| prefix("", "┊ ").with(line));
        facts.chain(remark).collect()
    }

    /// Returns the changes of a trace, with the values before and after.
    fn changes(&self, entry: &Entry<'_>) -> Vec<Text> {
        let mut set = TicketFields::default();
        set.apply(entry.trace);
        let fields = TicketField::ALL.iter().copied();
        let items = fields.filter_map(|field| {
            let mut item = Text::new(DIM, format!("{} ", field.label(self.words.language)));
            let value = set.get(field)?;
            match entry.changes.get(field).map(|change| change.from) {
                Some(Some(from)) => {
                    item.append(self.words.value(from));
                    item.push(DIM, " → ");
                    item.append(self.words.value(value));
                }
                Some(None) => item.append(self.words.value(value)),
                None => {
                    item.append(self.words.value(value));
                    item.push(DIM, &format!(" ({})", self.words.unchanged));
                }
            }
            Some(item)
        });
        items.collect()
    }
}
