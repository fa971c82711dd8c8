//! Iteration over the traces of a slice in ascending order of `updated_at`, then of id.

use std::ops::Range;

use super::{TraceChanges, changes_at};
use crate::{Trace, trace::sort_key};

/// The traces of a slice in ascending order of `updated_at`, then of id.
pub(crate) enum OrderedTraces<'a> {
    /// A slice that is already sorted.
    Slice(&'a [Trace]),
    /// Sorted references to the traces of an unsorted slice.
    References(Vec<&'a Trace>),
}

impl<'a> OrderedTraces<'a> {
    pub(crate) fn new(traces: &'a [Trace]) -> Self {
        if traces.is_sorted_by_key(sort_key) {
            Self::Slice(traces)
        } else {
            let mut sorted: Vec<_> = traces.iter().collect();
            sorted.sort_unstable_by_key(|trace| sort_key(trace));
            Self::References(sorted)
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Slice(traces) => traces.len(),
            Self::References(traces) => traces.len(),
        }
    }

    fn get(&self, index: usize) -> Option<&'a Trace> {
        match self {
            Self::Slice(traces) => traces.get(index),
            Self::References(traces) => traces.get(index).copied(),
        }
    }

    /// Iterates over the traces in ascending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a Trace> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Returns an iterator over the traces and the changes that each of them made.
    pub(super) fn into_changes(self) -> ChangesIter<'a> {
        ChangesIter {
            indices: 0..self.len(),
            traces: self,
        }
    }
}

/// The iterator that [`trace_changes`](super::trace_changes) returns.
pub(super) struct ChangesIter<'a> {
    indices: Range<usize>,
    traces: OrderedTraces<'a>,
}

impl<'a> ChangesIter<'a> {
    fn get(&self, index: usize) -> Option<(&'a Trace, TraceChanges)> {
        let changes = match &self.traces {
            OrderedTraces::Slice(traces) => changes_at(traces, index),
            OrderedTraces::References(traces) => changes_at(traces, index),
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
