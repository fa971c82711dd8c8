//! Reads and writes ticket histories in PostgreSQL and SQLite: implements the repository and transfer traits of
//! [`wts_app`].
//!
//! A [`Database`] is opened from a schema that [`migrate`] created or from an existing WTS v3 database. PostgreSQL and
//! SQLite implement the same trait (`backend`), are read in batches (`batching`), and share the column types
//! (`sql_types`) and row types (`rows`).

mod backend;
mod batching;
mod database;
mod error;
mod feed;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod health;
mod history;
mod inspection;
mod labels;
mod metrics;
mod migrations;
mod postgres;
mod replicas;
mod rows;
mod settings;
mod sql_types;
mod sqlite;
mod tables;
mod transfer;
mod url;

pub use database::{Database, connect, inspect, migrate, repositories, sink, source};
pub use error::{MigrateError, OpenError};
pub use inspection::{DatabaseSizes, Inspection, LabelDifference, Schema, TraceIds};
pub use metrics::DatabaseMetrics;
pub use settings::ReadSettings;
pub use url::{DatabaseUrl, InvalidDatabaseUrl};
