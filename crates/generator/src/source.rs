//! The [`HistorySource`] of the sample data.

use wts_app::{BatchSender, HistorySource, Record, TransferError};
use wts_domain::{Trace, TraceId};

use crate::{
    calendar::{Calendar, MINUTE, midnight},
    history::{History, generate_history},
    sample_data::SampleData,
};

/// The length of the time periods for which trace ids are assigned.
const NUMBERING_PERIOD: i64 = 10 * MINUTE;

/// A source that generates the histories of the sample data.
pub struct SampleDataSource(SampleData);

impl SampleDataSource {
    /// Creates a source with these parameters.
    pub fn new(data: SampleData) -> Self {
        Self(data)
    }
}

impl HistorySource for SampleDataSource {
    fn read(self: Box<Self>, output: &mut BatchSender<'_>) -> Result<(), TransferError> {
        let data = self.0;
        for member in data.staff() {
            output.send(Record::Staff(member))?;
        }
        let calendar = Calendar::new(data.days);
        let histories = || {
            (0..data.tickets)
                .map_while(|index| Some((index, SampleData::ticket_id(index)?)))
                .map(|(index, id)| generate_history(&data, &calendar, index, id))
        };
        let traces = histories().flat_map(|history| history.traces);
        let mut numbering = TraceNumbering::new(&calendar, traces);
        for (done, History { ticket, traces }) in (1..).zip(histories()) {
            output.set_progress(done, data.tickets);
            output.send(Record::Ticket(ticket))?;
            for mut trace in traces {
                numbering.assign_id(&mut trace);
                output.send(Record::Trace(trace))?;
            }
        }
        Ok(())
    }
}

/// Assigns trace ids that ascend with time over all tickets, like the ids that a database assigns.
///
/// A source returns the histories ticket by ticket. Therefore all histories are generated twice: first to count the
/// traces of each period, which determines the first id of each period, and then to assign the ids. Within a period, a
/// trace may have a lower id than an earlier trace of another ticket, but not of the same ticket.
struct TraceNumbering {
    /// The next id of each period.
    next_ids: Vec<i64>,
}

impl TraceNumbering {
    /// Counts `traces` and reserves ids for them, starting with 1.
    fn new(calendar: &Calendar, traces: impl Iterator<Item = Trace>) -> Self {
        let mut counts = vec![0_i64; period_index(calendar.end()) + 1];
        for trace in traces {
            if let Some(count) = counts.get_mut(period_index(trace.updated_at.micros_since_2000()))
            {
                *count += 1;
            }
        }
        let mut next_id = 1;
        let next_ids = counts.into_iter().map(|count| {
            let first_id = next_id;
            next_id += count;
            first_id
        });
        Self {
            next_ids: next_ids.collect(),
        }
    }

    /// Sets the id of a trace that [`new`](Self::new) has counted.
    fn assign_id(&mut self, trace: &mut Trace) {
        let period = period_index(trace.updated_at.micros_since_2000());
        if let Some(next_id) = self.next_ids.get_mut(period) {
            trace.id = TraceId::new(*next_id);
            *next_id += 1;
        }
    }
}

fn period_index(micros: i64) -> usize {
    usize::try_from((micros - midnight(0)) / NUMBERING_PERIOD).unwrap_or_default()
}
