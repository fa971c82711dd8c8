//! The rules of a history, checked trace by trace.

mod finding;

pub use self::finding::{Finding, HistoryFinding};
use crate::{Status, Trace, TraceId};

/// Returns the rules that `trace` breaks if the history before it ended with the trace `last` and left `status`.
pub(crate) fn broken_rules(
    last: Option<TraceId>,
    status: Option<Status>,
    trace: &Trace,
) -> impl Iterator<Item = Finding> + use<> {
    let step = match (last, status, trace.new_status) {
        (None, _, Some(Status::Fresh)) | (Some(_), _, None) => None,
        (None, _, found) => Some(Finding::NotCreated {
            trace: trace.id,
            status: found,
        }),
        (Some(_), Some(from), Some(to)) if !from.may_become(to) => Some(Finding::StepNotAllowed {
            trace: trace.id,
            from,
            to,
        }),
        (Some(_), _, Some(_)) => None,
    };
    let order = last
        .filter(|last| *last >= trace.id)
        .map(|after| Finding::OutOfOrder {
            trace: trace.id,
            after,
        });
    step.into_iter().chain(order)
}
