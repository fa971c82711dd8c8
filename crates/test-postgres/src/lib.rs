//! Temporary PostgreSQL servers for tests and benchmarks.
//!
//! A [`PostgresServer`] has a separate directory, port and password. The server is stopped and its directory is removed
//! when the value is dropped, and also when the process that started it is killed. The binary `test-postgres` starts a
//! server for manual tests.

mod directory;
mod pgbouncer;
mod programs;
mod server;

pub use directory::TemporaryDirectory;
pub use pgbouncer::{PgBouncer, PoolMode};
pub use programs::{find_pgbouncer, find_programs};
pub use server::{PostgresServer, random_hex};
