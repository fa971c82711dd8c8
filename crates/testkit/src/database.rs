//! A database for one test.

mod postgres;
mod sqlite;

use std::thread;

use wts_adapter_db::DatabaseUrl;

pub(crate) use self::postgres::{insert, with_client};
pub use self::sqlite::write_sqlite;
use self::{postgres::OnServer, sqlite::OnDisk};
use crate::records::Records;

/// The schema of the WTS v3 database, its triggers and the two operators that always exist.
const WTS_V3: &str = include_str!("database/wts_v3.sql");

/// The kinds of database that the service can be attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Embedded SQLite, migrated by us.
    Sqlite,
    /// PostgreSQL, migrated by us.
    Postgres,
    /// PostgreSQL as the predecessor made it: 32-bit ids, enums, triggers. Reached through a role that may only read.
    WtsV3,
}

/// A database for a single test, deleted when it is dropped.
pub struct Database {
    kind: Kind,
    place: Place,
}

enum Place {
    OnDisk(OnDisk),
    OnServer(Box<OnServer>),
}

impl Database {
    /// A database with the tables of its kind and nothing in them, but for the two operators of a WTS v3 database
    /// that always exist.
    pub fn new(kind: Kind) -> Self {
        let database = Self::without_tables(kind);
        match kind {
            Kind::Sqlite | Kind::Postgres => {
                let url = database.owner_url();
                wait_for(async || wts_adapter_db::migrate(&url).await).expect("the migrations run");
            }
            Kind::WtsV3 => database.execute(WTS_V3),
        }
        if let Place::OnServer(server) = &database.place {
            server.let_the_reader_read();
        }
        database
    }

    /// A database without any tables; for SQLite not even a file.
    pub fn without_tables(kind: Kind) -> Self {
        let place = match kind {
            Kind::Sqlite => Place::OnDisk(OnDisk::new()),
            Kind::Postgres | Kind::WtsV3 => Place::OnServer(Box::new(OnServer::new())),
        };
        Self { kind, place }
    }

    /// A database with these records in it.
    pub fn with(kind: Kind, records: Records) -> Self {
        let database = Self::new(kind);
        database.insert(records);
        database
    }

    /// The kind of database.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The URL for the service: in PostgreSQL, of a role that only has the SELECT privilege.
    pub fn url(&self) -> String {
        match &self.place {
            Place::OnDisk(disk) => disk.url(),
            Place::OnServer(server) => server.reader_url(),
        }
    }

    /// [`Database::url`], read.
    pub fn parsed_url(&self) -> DatabaseUrl {
        self.url().parse().expect("the tests' URL is one")
    }

    /// The URL of the role that owns the database and can change it.
    pub fn owner_url_text(&self) -> String {
        match &self.place {
            Place::OnDisk(disk) => disk.url(),
            Place::OnServer(server) => server.owner_url(),
        }
    }

    /// [`Database::owner_url_text`], read.
    pub fn owner_url(&self) -> DatabaseUrl {
        self.owner_url_text()
            .parse()
            .expect("the tests' URL is one")
    }

    /// Inserts records as they are, past all triggers.
    pub fn insert(&self, records: Records) {
        match &self.place {
            Place::OnDisk(disk) => disk.insert(&records),
            Place::OnServer(server) => {
                server.run(async |client| insert(client, &records, self.kind).await);
            }
        }
    }

    /// Runs statements as the owner.
    pub fn execute(&self, sql: &str) {
        match &self.place {
            Place::OnDisk(disk) => disk.execute(sql),
            Place::OnServer(server) => {
                server.run(async |client| Ok(client.batch_execute(sql).await?));
            }
        }
    }

    /// Runs `work` while a lock on this PostgreSQL table blocks all reads.
    pub fn while_locked<T: Send>(&self, table: &str, work: impl FnOnce() -> T + Send) -> T {
        let Place::OnServer(server) = &self.place else {
            panic!("SQLite locks no tables");
        };
        let mut done = None;
        server.run(async |client| {
            client
                .batch_execute(&format!("begin; lock table {table}"))
                .await?;
            // In a thread that may block, while the connection is kept.
            done = Some(tokio::task::block_in_place(work));
            Ok(client.batch_execute("rollback").await?)
        });
        done.expect("the work was done")
    }

    /// A table's name as SQL has to spell it here: `wts.tickets` or `tickets`.
    pub fn table(&self, name: &str) -> String {
        match (self.kind, name) {
            (Kind::Sqlite, _) => name.to_owned(),
            (_, "students") => "data.students".to_owned(),
            (_, other) => format!("wts.{other}"),
        }
    }

    /// Removes what a history hangs from although it is referred to, as a careless operator can.
    pub fn delete_unchecked(&self, sql: &str) {
        match self.kind {
            Kind::Sqlite => self.execute(&format!("pragma foreign_keys = off; {sql}")),
            Kind::Postgres | Kind::WtsV3 => {
                self.execute(&format!("set session_replication_role = replica; {sql}"));
            }
        }
    }
}

/// Waits for asynchronous work wherever the caller is, be it on a runtime or not.
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
