//! Inspecting an SQLite file.

use std::{path::Path, time::Instant};

use diesel::{
    QueryableByName, RunQueryDsl,
    sql_types::{BigInt, Bool, Text},
};

use super::connection::{Mode, connect};
use crate::{
    error::Cause,
    inspection::{Inspection, Schema},
    migrations,
};

#[derive(QueryableByName)]
struct Facts {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = Bool)]
    migrated: bool,
    #[diesel(sql_type = Bool)]
    has_index: bool,
}

/// See [`crate::inspect`].
pub(super) fn inspect(file: &Path) -> Result<Inspection, Cause> {
    #[derive(QueryableByName)]
    struct Run {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }

    let mut connection = connect(file, Mode::Read)?;
    let facts: Facts = diesel::sql_query(
        "select sqlite_version() as version,
             exists (select 1 from sqlite_master where name = '__diesel_schema_migrations') as migrated,
             exists (
                 select 1 from pragma_index_list('ticket_traces') l, pragma_index_info(l.name) i
                 where i.seqno = 0 and i.name = 'tid' and not l.partial
             ) as has_index",
    )
    .get_result(&mut connection)?;
    let schema = if facts.migrated {
        let run: Run =
            diesel::sql_query("select count(*) as count from __diesel_schema_migrations")
                .get_result(&mut connection)?;
        Schema::Ours {
            pending: migrations::pending::<diesel::sqlite::Sqlite>(&migrations::SQLITE, run.count)?,
        }
    } else {
        Schema::Existing
    };
    let begun = Instant::now();
    diesel::sql_query("select 1 from tickets where tid = 0").execute(&mut connection)?;
    Ok(Inspection {
        version: format!("SQLite {}", facts.version),
        latency: begun.elapsed(),
        schema,
        has_index: facts.has_index,
        extra_privileges: None,
        clocks: None,
        is_standby: false,
        encrypted: None,
    })
}
