//! Temporary databases and sample records for tests.
//!
//! A [`Proxy`] forwards connections to a database and injects network faults. A [`PostgresServer`] is a separate
//! server, which a test can kill or replicate.
//!
//! A [`Database`] of one of three kinds is created for one test and deleted after it. The PostgreSQL databases are on
//! the server at `WTS_TEST_POSTGRES_URL`, which `cargo xtask test` sets.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::needless_pass_by_value,
    clippy::panic,
    reason = "a panic fails the test that cannot create its database"
)]

mod database;
mod fixture;
mod proxy;
mod records;
mod server;
mod writers;

pub use database::{Database, Kind, write_sqlite};
pub use fixture::{
    ALICE, BOB, day, find, query_with_rank, sample_records, ticket, ticket_of, trace_of,
};
pub use proxy::{Fault, Proxy};
pub use records::{Operator, Records, Student};
pub use server::{server_with, server_with_settings};
pub use writers::{Endings, TraceWriters};
pub use wts_test_postgres::{PgBouncer, PoolMode, PostgresServer};
