//! The rules for histories that can be checked trace by trace.

mod finding;

pub use self::finding::{HistoryFinding, HistoryFindingKind};
use crate::{Status, Trace, TraceId};

/// Returns the rules that `trace` breaks. `last` is the id of the preceding trace, and `status` is the status that
/// results from all preceding traces.
pub(crate) fn broken_rules(
    last: Option<TraceId>,
    status: Option<Status>,
    trace: &Trace,
) -> impl Iterator<Item = HistoryFinding> + use<> {
    let status_change = match (last, status, trace.new_status) {
        (None, _, Some(Status::Fresh)) | (Some(_), _, None) => None,
        (None, _, found) => Some(HistoryFinding::NotCreated {
            trace: trace.id,
            status: found,
        }),
        (Some(_), Some(from), Some(to)) if !from.can_become(to) => {
            Some(HistoryFinding::StepNotAllowed {
                trace: trace.id,
                from,
                to,
            })
        }
        (Some(_), _, Some(_)) => None,
    };
    let order = last
        .filter(|last| *last >= trace.id)
        .map(|after| HistoryFinding::OutOfOrder {
            trace: trace.id,
            after,
        });
    status_change.into_iter().chain(order)
}
