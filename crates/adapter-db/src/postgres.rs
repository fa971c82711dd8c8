//! PostgreSQL: our own schema, and the WTS v3 database as it stands.

mod batches;
mod bulk;
mod connection;
mod migrate;
mod names;
mod reader;
mod server;
mod statements;
mod tls;

pub(crate) mod tables {
    //! The tables, in the schemas that the WTS v3 database gave them.
    //!
    //! The names are qualified rather than left to `search_path`, which a pooler between us and the database may not
    //! keep.

    crate::history::tables!([wts data]);
}

pub(crate) use batches::histories;
pub(crate) use bulk::{sink, source};
pub(crate) use connection::connect;
pub(crate) use migrate::migrate;
pub(crate) use server::Server;
