//! Repeated measurements and their medians.

use std::collections::BTreeMap;

/// The samples of each row of a table.
pub(super) struct Samples<Row, Sample>(BTreeMap<Row, Vec<Sample>>);

impl<Row: Ord + Copy, Sample> Default for Samples<Row, Sample> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<Row: Ord + Copy, Sample> Samples<Row, Sample> {
    pub(super) fn add(&mut self, row: Row, sample: Sample) {
        self.0.entry(row).or_default().push(sample);
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row> {
        self.0.keys().copied()
    }

    pub(super) fn median(&self, row: Row, value: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        let values = self.sorted(row, value);
        values.get(values.len().checked_sub(1)? / 2).copied()
    }

    pub(super) fn max(&self, row: Row, value: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        self.sorted(row, value).last().copied()
    }

    fn sorted(&self, row: Row, value: impl Fn(&Sample) -> Option<f64>) -> Vec<f64> {
        let samples = self.0.get(&row).into_iter().flatten();
        let mut values: Vec<_> = samples.filter_map(value).collect();
        values.sort_by(f64::total_cmp);
        values
    }
}

/// A number in a table, or an empty cell.
pub(super) fn cell(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(String::new, |value| format!("{value:.decimals$}"))
}
