//! Getting ready to write.

use std::collections::HashSet;

use tokio::runtime::Handle;
use tokio_postgres::{Client, Error};
use wts_app::Stored;

use super::{PostgresSink, references::References};
use crate::{
    bulk::SinkError,
    postgres::{Server, connection::client},
};

/// Neither a patient administrator's limits nor an impatient one's: an import takes as long as it takes, but does not
/// wait for ever to begin. What is looked up row by row is looked up in an index: where PostgreSQL knows the tables as
/// empty it would plan to read them through, and go on so while they fill.
const BEGIN: &str = "set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; \
                     set lock_timeout = '10s'; set enable_seqscan = off; begin";

/// Keeps others from writing, so that what was looked up stays true, but nobody from reading what is there.
const LOCK: &str = "lock table data.students, wts.operators, wts.tickets, wts.ticket_traces \
                    in share row exclusive mode";

/// See [`crate::sink`].
pub(crate) async fn sink(server: &Server) -> Result<PostgresSink, SinkError> {
    let client = client(server, BEGIN)
        .await
        .map_err(|error| SinkError::Unreachable(error.into()))?;
    let unwritable = |error: Error| SinkError::Unwritable(error.into());
    if is_foreign(&client).await.map_err(unwritable)? {
        return Err(SinkError::NotOurs);
    }
    client.batch_execute(LOCK).await.map_err(unwritable)?;
    let occupied = is_occupied(&client).await.map_err(unwritable)?;
    let references = if occupied {
        References::default()
    } else {
        References::set_aside(&client).await.map_err(unwritable)?
    };
    Ok(PostgresSink {
        occupied,
        references,
        runtime: Handle::current(),
        client,
        staff: HashSet::new(),
        known: Vec::new(),
        stored: Stored::default(),
        faults: Vec::new(),
    })
}

/// Whether the tables were there before any migration of ours.
async fn is_foreign(client: &Client) -> Result<bool, Error> {
    client
        .query_one(crate::postgres::migrate::IS_FOREIGN, &[])
        .await?
        .try_get(0)
}

async fn is_occupied(client: &Client) -> Result<bool, Error> {
    client
        .query_one(
            "select exists (select from wts.tickets) or exists (select from wts.ticket_traces)",
            &[],
        )
        .await?
        .try_get(0)
}
