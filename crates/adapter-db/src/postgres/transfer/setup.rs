//! Preparing PostgreSQL for an import: locks, and foreign keys that are checked all at once instead of row by row.

use tokio::runtime::Handle;
use tokio_postgres::{Client, Error};

use super::sink::PostgresSink;
use crate::{
    error::OpenError,
    postgres::{connection::client, migrate::IS_FOREIGN},
    transfer::ImportState,
    url::PostgresConfig,
};

/// An import has no statement timeout, but waiting for its locks has a timeout. Sequential scans are disabled: if the
/// tables are empty at first, PostgreSQL would plan to scan them and keep that plan while they fill.
const BEGIN: &str = "set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; \
    set lock_timeout = '10s'; set enable_seqscan = off; begin";

/// Blocks other writers, so that the rows that were looked up stay unchanged, but does not block readers.
const LOCK: &str = "lock table data.students, wts.operators, wts.tickets, wts.ticket_traces \
    in share row exclusive mode";

const HAS_ROWS: &str =
    "select exists (select from wts.tickets) or exists (select from wts.ticket_traces)";

/// The statements that drop each foreign key of the tables that an import fills, and those that add it again; none if the
/// tables belong to another role, which alone may change them. The server composes both, so that no list has to be kept.
const FOREIGN_KEYS: &str = "
    select format('alter table %s drop constraint %I', conrelid::regclass, conname),
           format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    from pg_constraint
    where contype = 'f' and conrelid in ('wts.tickets'::regclass, 'wts.ticket_traces'::regclass)
      and not exists (
          select from pg_class
          where oid in ('data.students'::regclass, 'wts.operators'::regclass, 'wts.tickets'::regclass,
                        'wts.ticket_traces'::regclass)
            and not pg_has_role(relowner, 'usage'))";

/// See [`crate::sink`].
pub(crate) async fn sink(config: &PostgresConfig) -> Result<PostgresSink, OpenError> {
    let client = client(config, BEGIN).await?;
    let is_foreign = client
        .query_one(&format!("select {IS_FOREIGN}"), &[])
        .await
        .and_then(|row| row.try_get(0))
        .map_err(|error| OpenError::Unwritable(error.into()))?;
    if is_foreign {
        return Err(OpenError::NotOurs);
    }
    prepare(client)
        .await
        .map_err(|error| OpenError::Unwritable(error.into()))
}

async fn prepare(client: Client) -> Result<PostgresSink, Error> {
    client.batch_execute(LOCK).await?;
    let has_rows = client.query_one(HAS_ROWS, &[]).await?.try_get(0)?;
    let foreign_keys = if has_rows {
        String::new()
    } else {
        drop_constraints(&client).await?
    };
    let staff = client.query("select wid from wts.operators", &[]).await?;
    let staff = staff.iter().map(|row| row.try_get(0));
    Ok(PostgresSink {
        staff: staff.collect::<Result<_, _>>()?,
        runtime: Handle::current(),
        client,
        has_rows,
        foreign_keys,
        state: ImportState::default(),
    })
}

/// Drops the foreign keys of empty tables within the transaction, and returns the statements that add them again. Checking
/// each row takes most of the time of an import, checking all rows at once takes almost none. Readers have to wait until the
/// transaction ends, which for empty tables delays no response that could have had content.
async fn drop_constraints(client: &Client) -> Result<String, Error> {
    let (mut drop, mut restore) = (Vec::new(), Vec::new());
    for row in client.query(FOREIGN_KEYS, &[]).await? {
        drop.push(row.try_get::<_, String>(0)?);
        restore.push(row.try_get::<_, String>(1)?);
    }
    client.batch_execute(&drop.join(";")).await?;
    Ok(restore.join(";"))
}
