//! The campus, history by history.

use wts_app::{Batch, BulkError, Entry, HistorySource, Record, Share};
use wts_domain::TicketId;

use crate::{
    Campus,
    calendar::Calendar,
    history::{History, history},
    numbering::Numbering,
};

/// Gives the histories of a [`Campus`].
pub struct CampusSource {
    campus: Campus,
    calendar: Calendar,
    numbering: Option<Numbering>,
    nth: u64,
}

impl CampusSource {
    /// The histories of this campus from the first on.
    pub fn new(campus: Campus) -> Self {
        Self {
            calendar: Calendar::new(campus.days),
            campus,
            numbering: None,
            nth: 0,
        }
    }

    fn histories(&self) -> impl Iterator<Item = History> {
        (0..self.campus.tickets)
            .map_while(|nth| Some((nth, Campus::ticket(nth)?)))
            .map(|(nth, id)| history(&self.campus, &self.calendar, nth, id))
    }

    /// The next ticket's place and number.
    fn next_ticket(&mut self) -> Option<(u64, TicketId)> {
        let nth = self.nth;
        let id = Campus::ticket(nth).filter(|_| nth < self.campus.tickets)?;
        self.nth += 1;
        Some((nth, id))
    }
}

impl HistorySource for CampusSource {
    fn next_batch(&mut self) -> Result<Option<Batch>, BulkError> {
        let entry = |record| Entry { line: None, record };
        let Some(mut numbering) = self.numbering.take() else {
            let traces = self.histories().flat_map(|history| history.traces);
            self.numbering = Some(Numbering::of(&self.calendar, traces));
            let staff = self.campus.staff().into_iter().map(Record::Staff);
            return Ok(Some(staff.map(entry).collect()));
        };
        let mut batch = Batch::default();
        while !batch.is_full()
            && let Some((nth, id)) = self.next_ticket()
        {
            let History { ticket, traces } = history(&self.campus, &self.calendar, nth, id);
            batch.push(entry(Record::Ticket(ticket)));
            for mut trace in traces {
                numbering.number(&mut trace);
                batch.push(entry(Record::Trace(trace)));
            }
        }
        self.numbering = Some(numbering);
        batch.completed = Some(Share {
            done: self.nth,
            of: self.campus.tickets,
        });
        Ok((!batch.is_empty()).then_some(batch))
    }
}
