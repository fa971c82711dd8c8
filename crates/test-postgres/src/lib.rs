//! Throw-away PostgreSQL servers for tests and benchmarks.
//!
//! A [`PostgresServer`] has a directory, a port and a password of its own. It stops, and its directory is removed, when it is
//! dropped and also when the process that started it is killed. The binary `test-postgres` starts one to try things with.

mod directory;
mod programs;
mod server;

pub use directory::TemporaryDirectory;
pub use programs::find_programs;
pub use server::{PostgresServer, random_hex};
