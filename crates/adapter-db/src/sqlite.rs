//! Embedded SQLite.

mod batches;
mod bulk;
mod connection;
mod migrate;
mod statement;

pub(crate) mod tables {
    //! The tables, which SQLite keeps without schemas.

    crate::history::tables!();
}

pub(crate) use batches::histories;
pub(crate) use bulk::{sink, source};
pub(crate) use connection::{Mode, connect};

pub(crate) use migrate::migrate;
