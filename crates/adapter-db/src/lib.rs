//! Ticket histories from PostgreSQL and from embedded SQLite, behind the ports of [`wts_app`].
//!
//! A [`Database`] of either kind is opened for reading, be it made by [`migrate`] or an existing WTS v3 database.
//! Both kinds implement one trait (`backend`), are read in batches (`batching`) and share the column and row types
//! (`sql_types`, `rows`).

mod backend;
mod batching;
mod database;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod health;
mod history;
mod inspection;
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

pub use database::{Database, connect, inspect, migrate, sink, source};
pub use error::{MigrateError, OpenError};
pub use inspection::{Inspection, Schema};
pub use metrics::DatabaseMetrics;
pub use settings::ReadSettings;
pub use url::{DatabaseUrl, InvalidDatabaseUrl};
