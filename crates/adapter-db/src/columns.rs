//! SQL types that mean the same in PostgreSQL and in SQLite, and the values that stand in them.
//!
//! They are what lets one set of row types read our PostgreSQL schema, the WTS v3 database with its 32-bit ids and enums,
//! and SQLite.

mod day;
mod id;
mod label;
mod moment;
mod text;

pub(crate) use day::{CalendarDay, StoredDay};
pub(crate) use id::{AnyWidth, Id};
pub(crate) use label::{Label, Labelled, ReadLabel};
pub(crate) use moment::{Moment, StoredMoment};
pub(crate) use text::ExactText;
