//! Throw-away databases and what stands in them, for the tests.
//!
//! A [`Database`] is of one of three kinds, is made for one test and vanishes with it. PostgreSQL is whatever
//! `WTS_TEST_POSTGRES_URL` points at, which `cargo xtask test` sees to.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a test that cannot get its database has failed and should say so where it stands"
)]

mod bulk;
mod database;
mod fixture;
mod told;

pub use bulk::{Size, fill};
pub use database::{Database, Kind};
pub use fixture::{ALICE, BOB, TraceOf, campus, day, ticket, ticket_of};
pub use told::told;
pub use wts_adapter_db::{Operator, Records, Student};
