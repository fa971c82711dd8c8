//! Ticket histories from PostgreSQL and from embedded SQLite, behind the port of [`wts_app`].
//!
//! A [`Database`] of either kind is opened for reading, be it made by [`migrate`] or an existing WTS v3 database.
//! Both kinds are read in batches (see `batching`) over one set of tables and row types (see `history` and `columns`).

mod batching;
mod columns;
mod database;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod history;
mod inspection;
mod metrics;
mod migrations;
mod monitor;
mod postgres;
mod records;
mod replicas;
mod settings;
mod sqlite;
mod transfer;
mod url;

use std::sync::Arc;

pub use database::Database;
pub use error::{MigrateError, OpenError};
pub use inspection::{Inspection, Schema, inspect};
pub use metrics::DatabaseMetrics;
pub use migrations::{migrate, revert};
pub use records::{InsertError, Operator, Records, Student};
pub use settings::ReadSettings;
pub use transfer::{SinkError, sink, source};
pub use url::{DatabaseUrl, InvalidDatabaseUrl};
use wts_app::HistoryRepository;

use crate::{monitor::Pulse, url::Address};

/// Opens the database for reading and proves, with a real read, that histories can be read from it. Nobody looks after it
/// as after a [`Database`].
///
/// # Errors
///
/// [`OpenError`] if it is not there, cannot be reached or does not hold histories that this role may read.
pub async fn connect(url: &DatabaseUrl) -> Result<Arc<dyn HistoryRepository>, OpenError> {
    let (settings, metrics) = (
        ReadSettings::default(),
        DatabaseMetrics::default().of("primary"),
    );
    Ok(match url.address() {
        Address::Postgres(config) => {
            Arc::new(postgres::open(config, &settings, &metrics, &Pulse::new()).await?)
        }
        Address::Sqlite(file) => Arc::new(sqlite::open(file, &settings, &metrics).await?),
    })
}
