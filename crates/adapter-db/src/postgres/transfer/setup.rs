//! Prepares PostgreSQL for an import: locks the tables, and drops foreign keys so that they are checked once at the end
//! instead of row by row.

use tokio::runtime::Handle;
use tokio_postgres::{Client, Error};

use super::sink::PostgresSink;
use crate::{
    error::OpenError,
    postgres::{connection::client, migrate::IS_FOREIGN},
    transfer::ImportState,
    url::PostgresConfig,
};

/// The settings of an import. Statements have no timeout, but waiting for locks has one. Sequential scans are disabled
/// because PostgreSQL would plan them for the initially empty tables, and keep these plans while the tables grow.
const SETTINGS: [(&str, &str); 4] = [
    ("statement_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("lock_timeout", "10s"),
    ("enable_seqscan", "off"),
];

/// Blocks other writers, so that existing records do not change after they were compared. Readers are not blocked.
const LOCK: &str = "lock table data.students, wts.operators, wts.tickets, wts.ticket_traces \
    in share row exclusive mode";

const HAS_ROWS: &str =
    "select exists (select from wts.tickets) or exists (select from wts.ticket_traces)";

/// Selects the statements that drop the foreign keys of the imported tables, and the statements that add them again.
/// The result is empty if another role owns one of the tables, since only the owner may alter a table.
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

/// Implements [`crate::sink`] for PostgreSQL.
pub(crate) async fn sink(config: &PostgresConfig) -> Result<PostgresSink, OpenError> {
    let client = client(
        config,
        &SETTINGS.map(|(name, value)| (name, value.to_owned())),
    )
    .await?;
    let is_foreign = client
        .query_one(&format!("select {IS_FOREIGN}"), &[])
        .await
        .and_then(|row| row.try_get(0))
        .map_err(|error| OpenError::Unwritable(error.into()))?;
    if is_foreign {
        return Err(OpenError::UnmanagedSchema);
    }
    prepare(client)
        .await
        .map_err(|error| OpenError::Unwritable(error.into()))
}

async fn prepare(client: Client) -> Result<PostgresSink, Error> {
    client.batch_execute("begin").await?;
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

/// Drops the foreign keys of empty tables within the transaction, and returns the statements that add them again.
/// Checking foreign keys row by row would take most of the time of an import; checking all rows at once takes almost
/// none. Readers are blocked until the transaction ends, but before the import the tables are empty, so there is
/// nothing to read.
async fn drop_constraints(client: &Client) -> Result<String, Error> {
    let (mut drop, mut restore) = (Vec::new(), Vec::new());
    for row in client.query(FOREIGN_KEYS, &[]).await? {
        drop.push(row.try_get::<_, String>(0)?);
        restore.push(row.try_get::<_, String>(1)?);
    }
    client.batch_execute(&drop.join(";")).await?;
    Ok(restore.join(";"))
}
