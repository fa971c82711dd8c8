//! Sample data: generated ticket histories of a campus, for the demo, benchmarks and tests.
//!
//! The output is deterministic: equal [`SampleData`] values give identical histories. The number of tickets is not limited by
//! memory, because each history is generated from these parameters and the index of its ticket alone.

#[cfg(feature = "arbitrary")]
pub mod arbitrary;

mod calendar;
mod history;
mod phrases;
mod sample_data;
mod source;

pub use sample_data::SampleData;
pub use source::SampleDataSource;

#[cfg(test)]
mod tests;
