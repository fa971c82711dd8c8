//! The result of inspecting a database.

use std::time::{Duration, SystemTime};

/// The facts about a database that an administrator checks before serving from it.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// The name and version of the database system.
    pub version: String,
    /// The shortest measured duration of a query for a ticket that does not exist.
    pub latency: Duration,
    /// Which program created the tables.
    pub schema: Schema,
    /// Whether the traces have an index on their ticket id.
    pub has_index: bool,
    /// The size of the tickets and traces, beside the cache of the database server; `None` for SQLite.
    pub sizes: Option<DatabaseSizes>,
    /// The order in which traces get their ids.
    pub trace_ids: TraceIds,
    /// The privileges of the role beyond reading, such as `update wts.tickets`; `None` if the database system has no
    /// roles.
    pub extra_privileges: Option<Vec<String>>,
    /// The time on the database server and on this machine at the same moment; `None` for SQLite.
    pub clocks: Option<(SystemTime, SystemTime)>,
    /// Whether the database is a streaming replica.
    pub is_standby: bool,
    /// Whether the connection is encrypted; `None` for SQLite.
    pub encrypted: Option<bool>,
    /// Whether the connection goes through a connection pooler.
    pub is_pooled: bool,
    /// The columns and enums whose labels differ from those of this version.
    pub labels: Vec<LabelDifference>,
}

/// The sizes that decide whether a PostgreSQL server reads histories from memory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatabaseSizes {
    /// The tables of tickets and traces, with their indexes.
    pub histories: u64,
    /// The setting `shared_buffers`.
    pub shared_buffers: u64,
}

/// Which program created the tables of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    /// The migrations of this crate created the tables.
    Migrated {
        /// The number of migrations that have not run yet.
        pending: usize,
    },
    /// Another program created the tables, such as the WTS v3 service.
    Existing,
    /// Unknown, because the role may not read the table of completed migrations.
    Unknown,
}

/// The order in which traces get their ids, which the feed relies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceIds {
    /// Each id is assigned once, and later inserts get higher ids.
    Ascending,
    /// Sessions reserve ids in advance, so a later insert can get a lower id.
    Reserved,
    /// The ids do not come from an ascending sequence, or ids of deleted traces are assigned again.
    Unknown,
}

/// The labels of an enum or a column that differ from those of this version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelDifference {
    /// The name of the enum, such as `wts.status`, or of the column.
    pub name: String,
    /// The labels that the database allows and this version does not know.
    pub unknown: Vec<String>,
    /// The labels of this version that the database does not allow.
    pub missing: Vec<String>,
}
