//! Inspects a SQLite file.

use std::{path::Path, time::Instant};

use diesel::{
    RunQueryDsl,
    dsl::sql,
    sql_types::{BigInt, Bool, Text},
    sqlite::Sqlite,
};

use super::connection::{Mode, connect};
use crate::{
    error::Cause,
    inspection::{Inspection, Schema, TraceIds},
    migrations::{self, SQLITE},
};

const IS_MIGRATED: &str =
    "exists (select 1 from sqlite_master where name = '__diesel_schema_migrations')";
const HAS_INDEX: &str = "exists (
    select 1 from pragma_index_list('ticket_traces') l, pragma_index_info(l.name) i
    where i.seqno = 0 and i.name = 'tid' and not l.partial)";
const HAS_AUTOINCREMENT: &str = "exists (
    select 1 from sqlite_master where name = 'ticket_traces' and lower(sql) like '%autoincrement%')";

/// Implements [`crate::inspect`] for SQLite.
pub(super) fn inspect(file: &Path) -> Result<Inspection, Cause> {
    let mut connection = connect(file, Mode::Read)?;
    let facts = diesel::select((
        sql::<Text>("sqlite_version()"),
        sql::<Bool>(IS_MIGRATED),
        sql::<Bool>(HAS_INDEX),
        sql::<Bool>(HAS_AUTOINCREMENT),
    ));
    let (version, is_migrated, has_index, has_autoincrement): (String, _, _, bool) =
        facts.get_result(&mut connection)?;
    let schema = if is_migrated {
        let run = diesel::select(sql::<BigInt>(migrations::COUNT_RUN));
        let pending = migrations::pending::<Sqlite>(&SQLITE, run.get_result(&mut connection)?)?;
        Schema::Migrated { pending }
    } else {
        Schema::Existing
    };
    let begun = Instant::now();
    diesel::sql_query("select 1 from tickets where tid = 0").execute(&mut connection)?;
    Ok(Inspection {
        version: format!("SQLite {version}"),
        latency: begun.elapsed(),
        schema,
        has_index,
        trace_ids: if has_autoincrement {
            TraceIds::Ascending
        } else {
            TraceIds::Unknown
        },
        extra_privileges: None,
        clocks: None,
        is_standby: false,
        encrypted: None,
        is_pooled: false,
    })
}
