//! The traces of a slice in the order of the fold.

use std::ops::Range;

use super::{TraceChanges, changes_at};
use crate::{Trace, trace::position};

/// The traces of a slice by ascending (`updated_at`, `id`), whatever the order of the slice.
pub(crate) enum Chronology<'a> {
    /// The slice is in order.
    Slice(&'a [Trace]),
    /// The traces of a slice that is not in order.
    Sorted(Vec<&'a Trace>),
}

impl<'a> Chronology<'a> {
    pub(crate) fn new(traces: &'a [Trace]) -> Self {
        if traces.is_sorted_by_key(position) {
            Self::Slice(traces)
        } else {
            let mut sorted: Vec<_> = traces.iter().collect();
            sorted.sort_unstable_by_key(|trace| position(trace));
            Self::Sorted(sorted)
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Slice(traces) => traces.len(),
            Self::Sorted(traces) => traces.len(),
        }
    }

    fn get(&self, index: usize) -> Option<&'a Trace> {
        match self {
            Self::Slice(traces) => traces.get(index),
            Self::Sorted(traces) => traces.get(index).copied(),
        }
    }

    /// Iterates over the traces.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a Trace> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Iterates over the traces and their changes.
    pub(super) fn into_changes(self) -> ChangesIter<'a> {
        ChangesIter {
            indices: 0..self.len(),
            traces: self,
        }
    }
}

/// The iterator of [`trace_changes`](super::trace_changes).
pub(super) struct ChangesIter<'a> {
    indices: Range<usize>,
    traces: Chronology<'a>,
}

impl<'a> ChangesIter<'a> {
    fn get(&self, index: usize) -> Option<(&'a Trace, TraceChanges)> {
        let changes = match &self.traces {
            Chronology::Slice(traces) => changes_at(traces, index),
            Chronology::Sorted(traces) => changes_at(traces, index),
        };
        self.traces.get(index).zip(changes)
    }
}

impl<'a> Iterator for ChangesIter<'a> {
    type Item = (&'a Trace, TraceChanges);

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.indices.next()?;
        self.get(index)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.indices.size_hint()
    }
}

impl DoubleEndedIterator for ChangesIter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let index = self.indices.next_back()?;
        self.get(index)
    }
}

impl ExactSizeIterator for ChangesIter<'_> {}
