//! PostgreSQL: our own schema, and the WTS v3 database as it stands.

mod connection;
mod histories;
mod migrate;
mod pool;

pub(crate) mod tables {
    //! The tables, in the schemas that the WTS v3 database gave them.
    //!
    //! The names are qualified rather than left to `search_path`, which a pooler between us and the database may not
    //! keep.

    use diesel::prelude::*;

    crate::history::tables!([wts data]);
}

pub(crate) use connection::connect;
pub(crate) use histories::Histories;
pub(crate) use migrate::migrate;
