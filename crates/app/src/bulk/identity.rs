//! Numbers that stand for one thing each.

use std::collections::HashSet;

use roaring::RoaringTreemap;
use wts_domain::StaffId;

use super::{BulkError, Entry, Place, Record};

/// Lets records through whose numbers no other record has, and which name only staff that is there: what a database
/// holds its tables to, and nobody a file.
#[derive(Default)]
pub(super) struct Identity {
    staff: HashSet<StaffId>,
    /// The ids of all traces. They are close together as a rule, so that ten million of them take a few MiB.
    traces: RoaringTreemap,
}

impl Identity {
    pub(super) fn admit(&mut self, entry: &Entry) -> Result<(), BulkError> {
        let wrong = match &entry.record {
            Record::Staff(staff) => {
                self.staff.insert(staff.id.clone());
                None
            }
            // They ascend.
            Record::Ticket(_) => None,
            Record::Trace(trace) if !self.traces.insert(trace.id.get().cast_unsigned()) => {
                Some(("opid", "the same number stands in a line before".to_owned()))
            }
            Record::Trace(trace) => {
                let op = trace.op.as_str();
                (!self.staff.contains(&trace.op)).then(|| {
                    let problem =
                        format!("expected the number of somebody of the staff, not {op:?}");
                    ("op", problem)
                })
            }
        };
        wrong.map_or(Ok(()), |(field, problem)| {
            let place = Place::of(entry).field(field);
            Err(BulkError::BadRecord(place.fault(problem)))
        })
    }
}
