//! Generates ticket histories of a university's help desk as sample data for the demo, benchmarks and tests.
//!
//! The output is deterministic: equal [`SampleData`] values give identical histories. Each history is generated from
//! these parameters and the index of its ticket alone, so memory does not limit the number of tickets.

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
