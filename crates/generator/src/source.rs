//! The sample data as a source of histories.

use wts_app::{BatchSender, HistorySource, Record, TransferError};
use wts_domain::{Trace, TraceId};

use crate::{
    calendar::{Calendar, MINUTE, midnight},
    campus::Campus,
    history::{History, history},
};

const PERIOD: i64 = 10 * MINUTE;

/// Generates the histories of a [`Campus`].
pub struct CampusSource(Campus);

impl CampusSource {
    /// The histories of this campus.
    pub fn new(campus: Campus) -> Self {
        Self(campus)
    }
}

impl HistorySource for CampusSource {
    fn read(self: Box<Self>, output: &mut BatchSender<'_>) -> Result<(), TransferError> {
        let campus = self.0;
        for member in campus.staff() {
            output.send(Record::Staff(member))?;
        }
        let calendar = Calendar::new(campus.days);
        let histories = || {
            (0..campus.tickets)
                .map_while(|nth| Some((nth, Campus::ticket(nth)?)))
                .map(|(nth, id)| history(&campus, &calendar, nth, id))
        };
        let traces = histories().flat_map(|history| history.traces);
        let mut numbering = Numbering::new(&calendar, traces);
        for (done, History { ticket, traces }) in (1..).zip(histories()) {
            output.set_progress(done, campus.tickets);
            output.send(Record::Ticket(ticket))?;
            for mut trace in traces {
                numbering.number(&mut trace);
                output.send(Record::Trace(trace))?;
            }
        }
        Ok(())
    }
}

/// The ids of traces, which ascend with time over the whole campus.
///
/// A database would give ids in that order, but a source goes ticket by ticket. So all histories are generated twice: first
/// to count the traces in each period, and then, knowing the first id of each period, to be numbered. Within a period a
/// trace may have a smaller id than an earlier trace of another ticket, but never of its own.
struct Numbering {
    /// The next id in each period.
    next: Vec<i64>,
}

impl Numbering {
    /// Ids from 1 on for these traces.
    fn new(calendar: &Calendar, traces: impl Iterator<Item = Trace>) -> Self {
        let mut next = vec![0_i64; period(calendar.end()) + 1];
        for trace in traces {
            if let Some(count) = next.get_mut(period(trace.updated_at.micros_since_2000())) {
                *count += 1;
            }
        }
        let mut first = 1;
        for count in &mut next {
            (*count, first) = (first, first + *count);
        }
        Self { next }
    }

    /// Sets the id of a trace that was counted.
    fn number(&mut self, trace: &mut Trace) {
        let period = period(trace.updated_at.micros_since_2000());
        if let Some(next) = self.next.get_mut(period) {
            trace.id = TraceId::new(*next);
            *next += 1;
        }
    }
}

fn period(micros: i64) -> usize {
    usize::try_from((micros - midnight(0)) / PERIOD).unwrap_or_default()
}
