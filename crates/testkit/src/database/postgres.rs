//! A separate PostgreSQL database for each test, and a read-only role for it.

use std::{env, thread};

use anyhow::Context;
use tokio_postgres::{
    Client, Config, NoTls,
    types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
};

use super::{Kind, wait_for};
use crate::records::{Records, Value};

/// The environment variable with the URL of a superuser on the PostgreSQL server of the tests.
const SERVER: &str = "WTS_TEST_POSTGRES_URL";

pub(super) struct PostgresDatabase {
    server: Config,
    /// The name of the database and of its read-only role, and the password of that role.
    name: String,
}

impl PostgresDatabase {
    pub(super) fn new() -> Self {
        let url = env::var(SERVER).unwrap_or_else(|_| {
            panic!(
                "{SERVER} is not set: run `cargo xtask test`, or set it to the URL of a superuser"
            )
        });
        let server = url
            .parse()
            .unwrap_or_else(|_| panic!("{SERVER} is not a PostgreSQL URL"));
        let name = format!("wts_test_{:016x}", fastrand::u64(..));
        let database = Self { server, name };
        database.administer(&[
            format!("create database {}", database.name),
            format!("create role {0} login password '{0}'", database.name),
        ]);
        database
    }

    pub(super) fn owner_url(&self) -> String {
        let user = self.server.get_user().unwrap_or("postgres");
        let password = self.server.get_password().map(String::from_utf8_lossy);
        // A server that is busy with other tests may accept connections slowly.
        self.url(user, &password.unwrap_or_default()) + "?connect_timeout=30"
    }

    pub(super) fn reader_url(&self) -> String {
        self.url(&self.name, &self.name)
    }

    fn url(&self, user: &str, password: &str) -> String {
        use tokio_postgres::config::Host;
        let host = match self.server.get_hosts().first() {
            Some(Host::Tcp(host)) => host.clone(),
            Some(Host::Unix(directory)) => directory.display().to_string().replace('/', "%2F"),
            None => "localhost".to_owned(),
        };
        let port = self.server.get_ports().first().unwrap_or(&5432);
        format!("postgres://{user}:{password}@{host}:{port}/{}", self.name)
    }

    /// Grants the privileges that serving, checking ranks and exporting need.
    pub(super) fn grant_read_privileges(&self) {
        let reader = &self.name;
        self.run(async |client| {
            Ok(client
                .batch_execute(&format!(
                    "grant usage on schema data, wts to {reader};
                     grant select on data.students, wts.operators, wts.tickets, wts.ticket_traces to {reader};
                     grant select (sid) on wts.users to {reader};"
                ))
                .await?)
        });
    }

    /// Runs `work` with a connection of the owner of the database.
    pub(super) fn run(&self, work: impl AsyncFnOnce(&Client) -> anyhow::Result<()> + Send) {
        let mut config = self.server.clone();
        config.dbname(&self.name);
        with_client(&config, work);
    }

    /// Runs statements one by one in the default database of the server.
    fn administer(&self, statements: &[String]) {
        with_client(&self.server, async |client| {
            for sql in statements {
                client
                    .batch_execute(sql)
                    .await
                    .with_context(|| sql.clone())?;
            }
            Ok(())
        });
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        self.administer(&[
            format!("drop database {} with (force)", self.name),
            format!("drop role {}", self.name),
        ]);
    }
}

/// Runs `work` with a new connection.
pub(crate) fn with_client(
    config: &Config,
    work: impl AsyncFnOnce(&Client) -> anyhow::Result<()> + Send,
) {
    let outcome = wait_for(async || {
        let (client, connection) = config
            .connect(NoTls)
            .await
            .context("connecting to PostgreSQL")?;
        let driver = tokio::spawn(connection);
        let outcome = work(&client).await;
        drop(client);
        let _ = driver.await;
        outcome
    });
    // A second panic during unwinding would hide the first.
    if !thread::panicking() {
        outcome.unwrap_or_else(|error| panic!("{error:?}"));
    }
}

/// Inserts all records in one transaction. In a WTS v3 database, triggers and foreign keys are disabled, every student
/// becomes a registered user, and the two operators that always exist may be among the records.
pub(crate) async fn insert(client: &Client, records: &Records, kind: Kind) -> anyhow::Result<()> {
    client.batch_execute("begin").await?;
    if kind == Kind::WtsV3 {
        let without_triggers = "set local session_replication_role = replica";
        client.batch_execute(without_triggers).await?;
        for student in &records.students {
            let user = "insert into wts.users (sid, wx) values ($1, 'wx-' || $1::text) on conflict do nothing";
            let sid = student.sid.as_str();
            client.execute(user, &[&sid]).await.context(user)?;
        }
    }
    let (mut table, mut prepared) = ("", None);
    for row in records.rows() {
        if row.table != table {
            let sql = insert_into(row.table, row.columns, row.values.len(), kind);
            (table, prepared) = (row.table, Some(client.prepare(&sql).await.context(sql)?));
        }
        let values: Vec<&(dyn ToSql + Sync)> = row.values.iter().map(|value| value as _).collect();
        if let Some(statement) = &prepared {
            let inserted = client.execute(statement, &values).await;
            inserted.with_context(|| format!("{table}: {values:?}"))?;
        }
    }
    if kind == Kind::Postgres {
        // Explicit ids do not advance the identity sequences.
        for (table, id) in [("wts.tickets", "tid"), ("wts.ticket_traces", "opid")] {
            let sequence = format!("pg_get_serial_sequence('{table}', '{id}')");
            let sql = format!("select setval({sequence}, max({id})) from {table}");
            client.batch_execute(&sql).await.context(sql)?;
        }
    }
    Ok(client.batch_execute("commit").await?)
}

fn insert_into(table: &str, columns: &str, count: usize, kind: Kind) -> String {
    let schema = if table == "students" { "data" } else { "wts" };
    let parameters: Vec<_> = (1..=count).map(|number| format!("${number}")).collect();
    let parameters = parameters.join(", ");
    let (column, value, conflict) = match (kind, table) {
        (Kind::WtsV3, "operators") => (", female", ", false", "on conflict do nothing"),
        (Kind::WtsV3, _) => ("", "", "on conflict do nothing"),
        _ => ("", "", ""),
    };
    format!(
        "insert into {schema}.{table} ({columns}{column}) overriding system value values ({parameters}{value}) {conflict}"
    )
}

/// Encodes a value in the binary format of its column: an enum as its label, an `integer` as four bytes.
impl ToSql for Value {
    fn to_sql(
        &self,
        column: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => return Ok(IsNull::Yes),
            Self::Id(id) if *column == Type::INT4 => {
                out.extend_from_slice(&i32::try_from(*id)?.to_be_bytes());
            }
            Self::Id(id) => out.extend_from_slice(&id.to_be_bytes()),
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::Time(time) => out.extend_from_slice(&time.micros_since_2000().to_be_bytes()),
            Self::Date(day) => out.extend_from_slice(&day.days_since_2000().to_be_bytes()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
