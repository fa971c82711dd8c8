//! Ticket histories from PostgreSQL and from embedded SQLite, behind the port of [`wts_app`].
//!
//! [`connect`] opens a database of either kind for reading, be it made by [`migrate`] or an existing WTS v3 database.
//! Both kinds are read by one statement, written once, over one set of row types: see `history` and `columns`.

mod columns;
mod error;
mod history;
mod migrations;
mod postgres;
mod records;
mod sqlite;
mod url;

use std::sync::Arc;

pub use error::{MigrateError, OpenError};
pub use migrations::{migrate, revert};
pub use records::{InsertError, Operator, Records, Student};
pub use url::{DatabaseUrl, InvalidDatabaseUrl};
use wts_app::HistoryRepository;

use crate::url::Address;

/// Opens the database for reading and proves, with a real read, that histories can be read from it.
///
/// # Errors
///
/// [`OpenError`] if it is not there, cannot be reached or does not hold histories that this role may read.
pub async fn connect(url: &DatabaseUrl) -> Result<Arc<dyn HistoryRepository>, OpenError> {
    match url.address() {
        Address::Postgres(config) => Ok(Arc::new(postgres::Histories::open(config).await?)),
        Address::Sqlite(file) => Ok(Arc::new(sqlite::Histories::open(file).await?)),
    }
}
