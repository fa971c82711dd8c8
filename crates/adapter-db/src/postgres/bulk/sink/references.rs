//! Foreign keys, checked all at once instead of row by row.

use tokio_postgres::{Client, Error};

/// What ends each of the foreign keys of the tables that an import fills, and what makes it again; none if the tables are
/// another role's, who alone may change them. The server writes both, from what it knows, so that no list has to be kept.
const REFERENCES: &str = "
    select format('alter table %s drop constraint %I', conrelid::regclass, conname),
           format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    from pg_constraint
    where contype = 'f' and conrelid in ('wts.tickets'::regclass, 'wts.ticket_traces'::regclass)
      and not exists (
          select from pg_class
          where oid in ('data.students'::regclass, 'wts.operators'::regclass, 'wts.tickets'::regclass,
                        'wts.ticket_traces'::regclass)
            and not pg_has_role(relowner, 'usage'))";

/// The foreign keys that a transaction has set aside; undone with the transaction.
#[derive(Debug, Default)]
pub(super) struct References {
    restore: String,
}

impl References {
    /// Sets them aside, for tables that are empty: to ask for each row whether what it refers to is there takes most of the
    /// time of an import, to ask for all rows at once takes none to speak of. Readers have to wait until the transaction
    /// ends, which for empty tables costs nobody an answer.
    ///
    /// # Errors
    ///
    /// If the server refuses, or a reader does not let go of a table in time.
    pub(super) async fn set_aside(client: &Client) -> Result<Self, Error> {
        let (mut drop, mut restore) = (Vec::new(), Vec::new());
        for row in client.query(REFERENCES, &[]).await? {
            drop.push(row.try_get::<_, String>(0)?);
            restore.push(row.try_get::<_, String>(1)?);
        }
        client.batch_execute(&drop.join(";")).await?;
        Ok(Self {
            restore: restore.join(";"),
        })
    }

    /// Has them again, and every row checked.
    ///
    /// # Errors
    ///
    /// If a row refers to what is not there.
    pub(super) async fn restore(&self, client: &Client) -> Result<(), Error> {
        // All rows are looked at, and not one after the other.
        client.batch_execute("reset enable_seqscan").await?;
        client.batch_execute(&self.restore).await
    }
}
