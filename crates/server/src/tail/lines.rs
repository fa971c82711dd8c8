//! The lines of traces.

use wts_domain::{TicketField, TicketFields, Trace};

use crate::terminal::{BOLD, DIM, PLAIN, Text, Words, Zone, heading, visible};

/// The columns of the time of day, the ticket and the actor.
const TIME_COLUMNS: usize = 5;
const TICKET_COLUMNS: usize = 6;
const ACTOR_COLUMNS: usize = 16;
/// The text between two columns, and between two values.
const GAP: &str = "  ";

/// The format of the lines, and the day of the last line.
pub(super) struct TraceLines {
    words: &'static Words,
    zone: Zone,
    last_day: String,
}

impl TraceLines {
    pub(super) fn new(words: &'static Words, zone: Zone) -> Self {
        Self {
            words,
            zone,
            last_day: String::new(),
        }
    }

    /// Returns the line of a trace. In a terminal, which has a width, the line is shortened to fit, and follows the heading
    /// of its day. Otherwise the line is complete and has the date.
    pub(super) fn of(&mut self, trace: &Trace, width: Option<usize>) -> Vec<Text> {
        let Some(width) = width else {
            let time = self.words.date_and_time(trace.updated_at, &self.zone);
            let actor = self.words.actor(trace);
            return vec![self.line(&time, actor, trace)];
        };
        let converted = self.zone.convert(trace.updated_at);
        let (day, time) = match &converted {
            Some(time) => {
                let day = format!("{} {}", self.words.day(time), time.offset);
                (day, time.time.as_str())
            }
            None => (self.words.date_and_time(trace.updated_at, &self.zone), ""),
        };
        let actor = self.words.actor(trace).shortened(ACTOR_COLUMNS);
        let line = self.line(time, actor, trace).shortened(width);
        if day == self.last_day {
            return vec![line];
        }
        let mut lines = heading(&day, width);
        lines.push(line);
        self.last_day = day;
        lines
    }

    /// Returns the time, the ticket, the actor, the values that the trace sets, and the remark. The remark is last and marked,
    /// so that it cannot look like a value.
    fn line(&self, time: &str, actor: Text, trace: &Trace) -> Text {
        let ticket = format!("{:>TICKET_COLUMNS$}", trace.ticket.get());
        let mut line = Text::unstyled(time).padded(TIME_COLUMNS);
        line.push(PLAIN, GAP);
        line.push(BOLD, &ticket);
        line.push(PLAIN, GAP);
        let mut items = self.values(trace);
        items.extend(remark(&trace.remark));
        if items.is_empty() {
            return line.with(actor);
        }
        line.append(actor.padded(ACTOR_COLUMNS));
        for item in items {
            line.push(PLAIN, GAP);
            line.append(item);
        }
        line
    }

    fn values(&self, trace: &Trace) -> Vec<Text> {
        let mut set = TicketFields::default();
        set.apply(trace);
        let fields = TicketField::ALL.iter().copied();
        let values = fields.filter_map(|field| {
            let value = self.words.value(set.get(field)?);
            Some(match field {
                // The other values name their field.
                TicketField::Appointment => {
                    let label = field.label(self.words.language);
                    Text::new(DIM, format!("{label} ")).with(value)
                }
                _ => value,
            })
        });
        values.collect()
    }
}

/// Returns a remark on one line, `None` if it is empty.
fn remark(remark: &str) -> Option<Text> {
    let lines = remark.lines().filter(|line| !line.trim().is_empty());
    let lines = lines.map(|line| visible(line, PLAIN));
    let joined = lines.reduce(|before, line| before.with(Text::new(DIM, " ↵ ")).with(line))?;
    Some(Text::new(DIM, "┊ ").with(joined))
}

#[cfg(test)]
mod tests;
