//! Whole histories in and out of a database, behind the transfer ports of [`wts_app`]: what both databases have in common.

mod conflicts;
mod rows;

use std::path::PathBuf;

use wts_app::{HistorySink, HistorySource, Selection};

pub(crate) use self::{
    conflicts::{ImportState, duplicate_id, unknown_staff},
    rows::{StaffRow, TicketRow, TraceRow},
};
use crate::{DatabaseUrl, OpenError, error::Cause, postgres, sqlite, url::Address};

/// Why histories cannot be written to a database.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The SQLite file does not exist.
    #[error("there is no database file at {}", .0.display())]
    NoSuchFile(PathBuf),
    /// No connection could be made.
    #[error("cannot connect to the database")]
    Unreachable(#[source] Cause),
    /// The tables are there, but our migrations did not make them.
    #[error("this is an existing WTS database, which is only read and never written to")]
    NotOurs,
    /// The tables are missing, this role may not write to them, or somebody else does not stop writing to them.
    #[error("cannot write to the database")]
    Unwritable(#[source] Cause),
}

/// The histories in a database, our own or an existing WTS v3 database, as they are when this returns. What is written
/// later is not among them, however long they take to be read.
///
/// Must be called within a tokio runtime, which the source goes on to use from whatever thread it is asked on; but not
/// on a thread that the runtime needs.
///
/// # Errors
///
/// [`OpenError`] if the database is not there, cannot be reached or does not hold histories that this role may read.
pub async fn source(
    url: &DatabaseUrl,
    selection: Selection,
) -> Result<Box<dyn HistorySource>, OpenError> {
    Ok(match url.address() {
        Address::Postgres(server) => Box::new(postgres::source(server, selection).await?),
        Address::Sqlite(file) => {
            let file = file.clone();
            let opened = tokio::task::spawn_blocking(move || sqlite::source(&file, selection));
            Box::new(
                opened
                    .await
                    .map_err(|error| OpenError::Unreachable(error.into()))??,
            )
        }
    })
}

/// Brings histories into a database that [`migrate`](crate::migrate) made, in one transaction. A ticket is either new, or
/// there already exactly as it comes, history and all; everything else is a contradiction. Who writes besides has to wait
/// until the sink is finished or dropped. Who reads does not, but for a PostgreSQL with no tickets in it that this role owns:
/// its foreign keys are set aside meanwhile, which makes it several times as fast.
///
/// As for [`source`], within a runtime.
///
/// # Errors
///
/// [`SinkError`] if the database is not there, cannot be reached or is not one that can be written to.
pub async fn sink(url: &DatabaseUrl) -> Result<Box<dyn HistorySink>, SinkError> {
    Ok(match url.address() {
        Address::Postgres(server) => Box::new(postgres::sink(server).await?),
        Address::Sqlite(file) => {
            let file = file.clone();
            let opened = tokio::task::spawn_blocking(move || sqlite::sink(&file));
            Box::new(
                opened
                    .await
                    .map_err(|error| SinkError::Unreachable(error.into()))??,
            )
        }
    })
}
