//! A made-up campus, as a source of ticket histories: for the demo, for benchmarks, for whoever wants something to try.
//!
//! The same [`Campus`] always has the same histories, down to the last byte. It may have any number of tickets: a history
//! follows from the campus's seed and the ticket's place in the campus alone, so none of the others has to be remembered.

#[cfg(feature = "arbitrary")]
pub mod arbitrary;

mod calendar;
mod campus;
mod history;
mod numbering;
mod phrases;
mod source;

pub use campus::Campus;
pub use source::CampusSource;

#[cfg(test)]
mod tests;
