//! Sample data: the ticket histories of a generated campus, for the demo, for benchmarks and for trying things out.
//!
//! The same [`Campus`] always has the same histories, down to the last byte. It may have any number of tickets: a history
//! depends on the campus and the number of its ticket only, so no other history has to be kept in memory.

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
