//! Throw-away databases and what stands in them, for the tests.
//!
//! A [`Proxy`] stands between the service and a database and does to the connection what networks do. A
//! [`PostgresServer`] of the test's own can be killed, or followed by a standby.
//!
//! A [`Database`] is of one of three kinds, is made for one test and is deleted with it. The PostgreSQL server
//! is at `WTS_TEST_POSTGRES_URL`, which `cargo xtask test` sets.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::needless_pass_by_value,
    clippy::panic,
    reason = "a test that cannot get its database has failed and should say so where it stands"
)]

mod database;
mod fixture;
mod proxy;
mod records;
mod server;

pub use database::{Database, Kind, write_sqlite};
pub use fixture::{ALICE, BOB, TraceOf, campus, day, find, query_with_rank, ticket, ticket_of};
pub use proxy::{Fault, Proxy};
pub use records::{Operator, Records, Student};
pub use server::server_with;
pub use wts_test_postgres::PostgresServer;
