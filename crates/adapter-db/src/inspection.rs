//! The findings of an inspection.

use std::time::{Duration, SystemTime};

/// The facts about a database that an administrator wants to know before serving from it.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// The product and its version.
    pub version: String,
    /// How long it takes to look for a ticket that is not there, at best.
    pub latency: Duration,
    /// The origin of its tables.
    pub schema: Schema,
    /// Whether there is an index to find a ticket's traces by.
    pub has_index: bool,
    /// The privileges of the role besides reading, such as `update wts.tickets`; `None` if the database has no roles.
    pub extra_privileges: Option<Vec<String>>,
    /// The time of its clock and of this machine's at once; `None` if it has no clock of its own.
    pub clocks: Option<(SystemTime, SystemTime)>,
    /// Whether it is a streaming replica.
    pub is_standby: bool,
    /// Whether the connection is encrypted; `None` for a file.
    pub encrypted: Option<bool>,
}

/// The origin of a database's tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    /// Made by these migrations.
    Ours {
        /// How many migrations have not run yet.
        pending: usize,
    },
    /// Made by another program, such as the WTS v3 service.
    Existing,
    /// Unknown: the role may not read which migrations have run.
    Unknown,
}
