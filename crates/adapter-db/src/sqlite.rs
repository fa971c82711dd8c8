//! Embedded SQLite.

mod connection;
mod inspect;
mod loader;
mod migrate;
mod source;
mod statement;
mod transfer;

pub(crate) mod tables {
    //! The tables, which SQLite keeps without schemas.

    crate::history::tables!();
}

use connection::unreadable;
pub(crate) use connection::{Mode, connect};

pub(crate) use inspect::inspect;
pub(crate) use loader::{open, spawn_health_check};
pub(crate) use migrate::migrate;
pub(crate) use transfer::{sink, source};
