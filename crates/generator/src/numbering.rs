//! The numbers of traces: given in the order of time, all over the campus.
//!
//! That is the order in which a database would have given them, but a stream of histories goes ticket by ticket. So all
//! histories are made twice: first to count how many traces fall into each stretch of time, and then, knowing what number
//! each stretch begins with, to be numbered. A trace may have a smaller number than another ticket's within the same
//! stretch before it; those of one ticket never do.

use wts_domain::{Trace, TraceId};

use crate::calendar::{Calendar, MINUTE, midnight};

const STRETCH: i64 = 10 * MINUTE;

pub(crate) struct Numbering {
    /// The next number in each stretch.
    next: Vec<i64>,
}

impl Numbering {
    /// Numbers from 1 on for all of these.
    pub(crate) fn new(calendar: &Calendar, traces: impl Iterator<Item = Trace>) -> Self {
        let mut next = vec![0_i64; stretch(calendar.end()) + 1];
        for trace in traces {
            if let Some(count) = next.get_mut(stretch(trace.updated_at.micros_since_2000())) {
                *count += 1;
            }
        }
        let mut first = 1;
        for count in &mut next {
            (*count, first) = (first, first + *count);
        }
        Self { next }
    }

    /// Gives a trace its number. It must be one of those that were counted.
    pub(crate) fn number(&mut self, trace: &mut Trace) {
        let stretch = stretch(trace.updated_at.micros_since_2000());
        if let Some(next) = self.next.get_mut(stretch) {
            trace.id = TraceId::new(*next);
            *next += 1;
        }
    }
}

fn stretch(micros: i64) -> usize {
    usize::try_from((micros - midnight(0)) / STRETCH).unwrap_or_default()
}
