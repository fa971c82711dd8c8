//! What a database looks like to who is about to serve from it.

use std::time::{Duration, SystemTime};

use crate::{DatabaseUrl, OpenError, error::Cause, postgres, sqlite, url::Address};

/// What was found out about a database that can be read.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// What it calls itself.
    pub version: String,
    /// How long it takes to look for a ticket that is not there, at best.
    pub latency: Duration,
    /// Whose tables these are.
    pub schema: Schema,
    /// Whether there is an index to find a ticket's traces by.
    pub has_index: bool,
    /// What the role may do besides reading, in words: `update wts.tickets`; `None` where there are no roles.
    pub excess: Option<Vec<String>>,
    /// Its clock, and ours at the same moment; `None` where it has none of its own.
    pub clocks: Option<(SystemTime, SystemTime)>,
    /// Whether it is a streaming replica.
    pub replays: bool,
    /// Whether the connection is encrypted; `None` where there is none.
    pub encrypted: Option<bool>,
}

/// Whose tables they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    /// Made by these migrations, of which so many are yet to be run.
    Ours {
        /// How many.
        pending: usize,
    },
    /// Made by another, such as the WTS v3 service.
    Existing,
    /// It cannot be told: the role may not see which migrations were run.
    Unknown,
}

/// Looks at a database that can be read.
///
/// # Errors
///
/// [`OpenError`] if it cannot be read.
pub async fn inspect(url: &DatabaseUrl) -> Result<Inspection, OpenError> {
    crate::connect(url).await?;
    match url.address() {
        Address::Postgres(config) => postgres::inspect(config).await,
        Address::Sqlite(file) => {
            let file = file.clone();
            tokio::task::spawn_blocking(move || sqlite::inspect(&file))
                .await
                .unwrap_or_else(|panic| Err(panic.into()))
        }
    }
    .map_err(|cause: Cause| OpenError::Unreadable(cause))
}
