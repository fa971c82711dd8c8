//! PostgreSQL: our own schema, and the WTS v3 database as it stands.

mod connection;
mod inspect;
mod loader;
mod migrate;
mod names;
mod positions;
mod reader;
mod server;
mod statements;
mod tls;
mod transfer;
mod watch;

pub(crate) mod tables {
    //! The tables, in the schemas that the WTS v3 database gave them.
    //!
    //! The names are qualified rather than left to `search_path`, which a pooler between us and the database may not
    //! keep.

    crate::history::tables!([wts data]);
}

pub(crate) use connection::{ConnectError, connect};
pub(crate) use inspect::inspect;
pub(crate) use loader::open;
pub(crate) use migrate::migrate;
pub(crate) use server::Server;
pub(crate) use transfer::{sink, source};
pub(crate) use watch::looked_after;
