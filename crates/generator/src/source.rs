//! The sample data as a source of histories.

use wts_app::{BatchSender, HistorySource, Record, TransferError};

use crate::{
    Campus,
    calendar::Calendar,
    history::{History, history},
    numbering::Numbering,
};

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
