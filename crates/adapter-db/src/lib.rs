//! Ticket histories from PostgreSQL and from embedded SQLite, behind the port of [`wts_app`].
//!
//! [`connect`] opens a database of either kind for reading, be it made by [`migrate`] or an existing WTS v3 database.
//! Both kinds are read in batches (see `coalesced`) over one set of tables and row types (see `history` and `columns`).

mod bulk;
mod coalesced;
mod columns;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod history;
mod migrations;
mod postgres;
mod records;
mod sqlite;
mod url;

use std::{sync::Arc, thread};

pub use bulk::{SinkError, sink, source};
pub use error::{MigrateError, OpenError};
pub use migrations::{migrate, revert};
pub use records::{InsertError, Operator, Records, Student};
pub use url::{DatabaseUrl, InvalidDatabaseUrl};
use wts_app::HistoryRepository;

use crate::url::Address;

/// How many connections a database is read over, and one more for long histories. What a read costs PostgreSQL grows
/// with their number.
const MOST_LANES: usize = 8;

/// Opens the database for reading and proves, with a real read, that histories can be read from it.
///
/// # Errors
///
/// [`OpenError`] if it is not there, cannot be reached or does not hold histories that this role may read.
pub async fn connect(url: &DatabaseUrl) -> Result<Arc<dyn HistoryRepository>, OpenError> {
    // One for each thread that is likely to ask.
    let lanes = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(MOST_LANES);
    match url.address() {
        Address::Postgres(config) => Ok(Arc::new(postgres::histories(config, lanes).await?)),
        Address::Sqlite(file) => Ok(Arc::new(sqlite::histories(file, lanes).await?)),
    }
}
