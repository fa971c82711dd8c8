//! A temporary database for one test.

mod postgres;
mod sqlite;

use std::thread;

use wts_adapter_db::DatabaseUrl;

pub(crate) use self::postgres::{insert, with_client};
pub use self::sqlite::write_sqlite;
use self::{postgres::PostgresDatabase, sqlite::SqliteFile};
use crate::records::Records;

/// SQL for the schema of the WTS v3 database, its triggers, and the two operators that always exist.
const WTS_V3: &str = include_str!("database/wts_v3.sql");

/// The kinds of database that the service supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// SQLite with the migrated schema.
    Sqlite,
    /// PostgreSQL with the migrated schema.
    Postgres,
    /// PostgreSQL with the WTS v3 schema: 32-bit ids, enums and triggers. The service connects with a read-only role.
    WtsV3,
}

/// A database for a single test. Dropping this value deletes the database.
pub struct Database {
    kind: Kind,
    storage: Storage,
}

enum Storage {
    Sqlite(SqliteFile),
    Postgres(Box<PostgresDatabase>),
}

impl Database {
    /// Creates a database with empty tables. A WTS v3 database has the two operators that always exist.
    pub fn new(kind: Kind) -> Self {
        let database = Self::without_tables(kind);
        match kind {
            Kind::Sqlite | Kind::Postgres => {
                let url = database.owner_url();
                wait_for(async || wts_adapter_db::migrate(&url).await).expect("the migrations run");
            }
            Kind::WtsV3 => database.execute(WTS_V3),
        }
        if let Storage::Postgres(server) = &database.storage {
            server.grant_read_privileges();
        }
        database
    }

    /// Creates a database without tables; for SQLite, no file is created.
    pub fn without_tables(kind: Kind) -> Self {
        let storage = match kind {
            Kind::Sqlite => Storage::Sqlite(SqliteFile::new()),
            Kind::Postgres | Kind::WtsV3 => Storage::Postgres(Box::new(PostgresDatabase::new())),
        };
        Self { kind, storage }
    }

    /// Creates a database that contains these records.
    pub fn with(kind: Kind, records: Records) -> Self {
        let database = Self::new(kind);
        database.insert(records);
        database
    }

    /// Returns the kind of the database.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the URL for the service. In PostgreSQL, its role only has the SELECT privilege.
    pub fn url(&self) -> String {
        match &self.storage {
            Storage::Sqlite(file) => file.url(),
            Storage::Postgres(server) => server.reader_url(),
        }
    }

    /// Returns the parsed [`Database::url`].
    pub fn parsed_url(&self) -> DatabaseUrl {
        self.url().parse().expect("the URL is valid")
    }

    /// Returns the URL of the role that owns the database.
    pub fn owner_url_text(&self) -> String {
        match &self.storage {
            Storage::Sqlite(file) => file.url(),
            Storage::Postgres(server) => server.owner_url(),
        }
    }

    /// Returns the parsed [`Database::owner_url_text`].
    pub fn owner_url(&self) -> DatabaseUrl {
        self.owner_url_text().parse().expect("the URL is valid")
    }

    /// Inserts records unchanged, without running triggers.
    pub fn insert(&self, records: Records) {
        match &self.storage {
            Storage::Sqlite(file) => file.insert(&records),
            Storage::Postgres(server) => {
                server.run(async |client| insert(client, &records, self.kind).await);
            }
        }
    }

    /// Runs SQL statements as the owner of the database.
    pub fn execute(&self, sql: &str) {
        match &self.storage {
            Storage::Sqlite(file) => file.execute(sql),
            Storage::Postgres(server) => {
                server.run(async |client| Ok(client.batch_execute(sql).await?));
            }
        }
    }

    /// Runs a query as the owner and returns its only column, `text`.
    pub fn query_texts(&self, sql: &str) -> Vec<String> {
        match &self.storage {
            Storage::Sqlite(file) => file.query_texts(sql),
            Storage::Postgres(server) => {
                let mut texts = Vec::new();
                server.run(async |client| {
                    let rows = client.query(sql, &[]).await?;
                    texts = rows.iter().map(|row| row.get(0)).collect();
                    Ok(())
                });
                texts
            }
        }
    }

    /// Runs `work` while a lock on this PostgreSQL table blocks all reads.
    pub fn while_locked<T: Send>(&self, table: &str, work: impl FnOnce() -> T + Send) -> T {
        let Storage::Postgres(server) = &self.storage else {
            panic!("while_locked requires PostgreSQL");
        };
        let mut done = None;
        server.run(async |client| {
            client
                .batch_execute(&format!("begin; lock table {table}"))
                .await?;
            // `block_in_place` allows `work` to block while the connection stays open.
            done = Some(tokio::task::block_in_place(work));
            Ok(client.batch_execute("rollback").await?)
        });
        done.expect("the work has run")
    }

    /// Returns the name of a table in SQL: `wts.tickets` in PostgreSQL, `tickets` in SQLite.
    pub fn table(&self, name: &str) -> String {
        match (self.kind, name) {
            (Kind::Sqlite, _) => name.to_owned(),
            (_, "students") => "data.students".to_owned(),
            (_, other) => format!("wts.{other}"),
        }
    }

    /// Runs a `delete` without checking foreign keys, so that referenced rows can be deleted.
    pub fn delete_unchecked(&self, sql: &str) {
        match self.kind {
            Kind::Sqlite => self.execute(&format!("pragma foreign_keys = off; {sql}")),
            Kind::Postgres | Kind::WtsV3 => {
                self.execute(&format!("set session_replication_role = replica; {sql}"));
            }
        }
    }
}

/// Runs asynchronous work to completion, whether or not the caller is on a runtime.
pub(crate) fn wait_for<T: Send>(work: impl AsyncFnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        scope
            .spawn(|| {
                tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(1)
                    .enable_all()
                    .build()
                    .expect("a runtime starts")
                    .block_on(work())
            })
            .join()
            .expect("the work does not panic")
    })
}
