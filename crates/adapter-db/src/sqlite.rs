//! Embedded SQLite.

mod connection;
mod histories;
mod migrate;

pub(crate) mod tables {
    //! The tables, which SQLite keeps without schemas.

    use diesel::prelude::*;

    crate::history::tables!();
}

pub(crate) use connection::{Mode, connect};
pub(crate) use histories::Histories;
pub(crate) use migrate::migrate;
