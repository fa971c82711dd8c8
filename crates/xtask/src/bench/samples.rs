//! Collects repeated measurements, and prints a Markdown table of their medians.

/// The samples of each row. Rows are in the order of their first measurement.
pub(super) struct Samples<Row, Sample>(Vec<(Row, Vec<Sample>)>);

impl<Row: PartialEq, Sample> Samples<Row, Sample> {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn add(&mut self, row: Row, sample: Sample) {
        match self.0.iter_mut().find(|(known, _)| *known == row) {
            Some((_, samples)) => samples.push(sample),
            None => self.0.push((row, vec![sample])),
        }
    }

    /// Prints the header and all rows. `cells` returns the cells of a row.
    pub(super) fn print<const N: usize>(&self, header: &str, cells: impl Fn(&Row) -> [String; N]) {
        println!("{header}");
        for (row, _) in &self.0 {
            println!("| {} |", cells(row).join(" | "));
        }
    }

    pub(super) fn median(&self, row: &Row, value: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        let values = self.sorted(row, value);
        values.get(values.len().checked_sub(1)? / 2).copied()
    }

    pub(super) fn max(&self, row: &Row, value: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        self.sorted(row, value).last().copied()
    }

    fn sorted(&self, row: &Row, value: impl Fn(&Sample) -> Option<f64>) -> Vec<f64> {
        let samples = self.0.iter().filter(|(known, _)| known == row);
        let samples = samples.flat_map(|(_, samples)| samples);
        let mut values: Vec<_> = samples.filter_map(value).collect();
        values.sort_by(f64::total_cmp);
        values
    }
}

/// Formats a number for a table; `None` gives an empty cell.
pub(super) fn cell(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(String::new, |value| format!("{value:.decimals$}"))
}
