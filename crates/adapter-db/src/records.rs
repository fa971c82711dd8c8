//! Filling a database that [`migrate`](crate::migrate) made.

use diesel::result::Error::{self as QueryError, QueryBuilderError};
use diesel_async::AsyncConnection;
use wts_domain::{Access, StaffId, StudentId, Ticket, Trace};

use crate::{
    DatabaseUrl,
    columns::{AnyWidth, Labelled, StoredDay, StoredMoment},
    error::Cause,
    postgres, sqlite,
    url::Address,
};

/// Rows to insert, all of them or none.
#[derive(Debug, Clone, Default)]
pub struct Records {
    /// Students, also those who are staff.
    pub students: Vec<Student>,
    /// Staff.
    pub operators: Vec<Operator>,
    /// Tickets as they stand after their traces.
    pub tickets: Vec<Ticket>,
    /// Traces. Their operators' names are not stored with them.
    pub traces: Vec<Trace>,
}

/// Somebody with a student number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Student {
    /// Their student number.
    pub sid: StudentId,
    /// Their name.
    pub name: String,
}

/// Somebody of the staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Their staff number.
    pub wid: StaffId,
    /// Their student number.
    pub sid: StudentId,
    /// Their rank.
    pub access: Access,
}

/// Why nothing was inserted.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// No connection could be made.
    #[error("cannot connect to the database")]
    Unreachable(#[source] Cause),
    /// The database refused a row: its id is taken, or it refers to what is not there.
    #[error("the database refused the records")]
    Refused(#[source] QueryError),
}

/// Inserts every row into `$tables` through `$connection`, awaiting each insertion where a connection is asynchronous.
macro_rules! insert_each {
    ($records:expr, $tables:path, $connection:expr $(, $await:tt)?) => {{
        use $tables::{operators, students, ticket_traces, tickets};

        for student in &$records.students {
            diesel::insert_into(students::table)
                .values((students::sid.eq(student.sid.as_str()), students::name.eq(&student.name)))
                .execute($connection)$(.$await)??;
        }
        for operator in &$records.operators {
            diesel::insert_into(operators::table)
                .values((
                    operators::wid.eq(operator.wid.as_str()),
                    operators::sid.eq(operator.sid.as_str()),
                    operators::access.eq(Labelled(operator.access)),
                ))
                .execute($connection)$(.$await)??;
        }
        for ticket in &$records.tickets {
            diesel::insert_into(tickets::table)
                .values((
                    tickets::tid.eq(AnyWidth(ticket.id.get())),
                    tickets::issuer.eq(ticket.issuer.as_str()),
                    tickets::submitted_at.eq(StoredMoment(ticket.submitted_at)),
                    tickets::category.eq(Labelled(ticket.category)),
                    tickets::description.eq(&ticket.description),
                    tickets::occur_at.eq(ticket.occur_at.map(StoredMoment)),
                    tickets::notes.eq(&ticket.notes),
                    tickets::appointed_at.eq(ticket.appointed_at.map(StoredDay)),
                    tickets::priority.eq(Labelled(ticket.priority)),
                    tickets::status.eq(Labelled(ticket.status)),
                    tickets::last_updated_at.eq(ticket.last_updated_at.map(StoredMoment)),
                ))
                .execute($connection)$(.$await)??;
        }
        for trace in &$records.traces {
            diesel::insert_into(ticket_traces::table)
                .values((
                    ticket_traces::opid.eq(AnyWidth(trace.id.get())),
                    ticket_traces::tid.eq(AnyWidth(trace.ticket.get())),
                    ticket_traces::updated_at.eq(StoredMoment(trace.updated_at)),
                    ticket_traces::op.eq(trace.op.as_str()),
                    ticket_traces::new_status.eq(trace.new_status.map(Labelled)),
                    ticket_traces::new_priority.eq(trace.new_priority.map(Labelled)),
                    ticket_traces::new_appointment.eq(trace.new_appointment.map(StoredDay)),
                    ticket_traces::new_category.eq(trace.new_category.map(Labelled)),
                    ticket_traces::remark.eq(&trace.remark),
                ))
                .execute($connection)$(.$await)??;
        }
        Ok::<(), QueryError>(())
    }};
}

impl Records {
    /// Inserts all rows in one transaction.
    ///
    /// # Errors
    ///
    /// [`InsertError`]; nothing was inserted then.
    pub async fn insert_into(self, url: &DatabaseUrl) -> Result<(), InsertError> {
        match url.address() {
            Address::Postgres(config) => self.insert_into_postgres(config).await,
            Address::Sqlite(file) => {
                let file = file.clone();
                tokio::task::spawn_blocking(move || self.insert_into_sqlite(&file))
                    .await
                    .map_err(|error| InsertError::Refused(QueryBuilderError(error.into())))?
            }
        }
    }

    async fn insert_into_postgres(&self, server: &postgres::Server) -> Result<(), InsertError> {
        use diesel::ExpressionMethods;
        use diesel_async::RunQueryDsl;

        let mut connection = postgres::connect(server, "")
            .await
            .map_err(|error| InsertError::Unreachable(error.into()))?;
        connection
            .transaction(async |connection| {
                insert_each!(self, postgres::tables, connection, await)?;
                for (table, id) in [("wts.tickets", "tid"), ("wts.ticket_traces", "opid")] {
                    // Identities know nothing of ids that were given.
                    diesel::sql_query(format!(
                        "select setval(pg_get_serial_sequence('{table}', '{id}'), max({id})) from {table}"
                    ))
                    .execute(connection)
                    .await?;
                }
                Ok(())
            })
            .await
            .map_err(InsertError::Refused)
    }

    fn insert_into_sqlite(&self, file: &std::path::Path) -> Result<(), InsertError> {
        use diesel::{ExpressionMethods, RunQueryDsl};

        sqlite::connect(file, sqlite::Mode::Write)
            .map_err(|error| InsertError::Unreachable(error.into()))?
            .immediate_transaction(|connection| insert_each!(self, sqlite::tables, connection))
            .map_err(InsertError::Refused)
    }
}
