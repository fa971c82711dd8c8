//! Sample data: generated ticket histories of a campus, for the demo, benchmarks and tests.
//!
//! The output is deterministic: equal [`Campus`] values give identical histories. The number of tickets is not limited by
//! memory, because each history is generated from the campus and the index of its ticket alone.

#[cfg(feature = "arbitrary")]
pub mod arbitrary;

mod calendar;
mod campus;
mod history;
mod phrases;
mod source;

pub use campus::Campus;
pub use source::CampusSource;

#[cfg(test)]
mod tests;
