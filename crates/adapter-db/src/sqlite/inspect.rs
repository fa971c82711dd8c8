//! Inspects a SQLite file.

use std::{path::Path, time::Instant};

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, SqliteConnection,
    dsl::sql,
    sql_types::{BigInt, Bool, Text},
    sqlite::Sqlite,
};

use super::connection::{Mode, connect};
use crate::{
    error::Cause,
    inspection::{Inspection, LabelDifference, Schema, TraceIds},
    labels,
    migrations::{self, SQLITE},
};

const IS_MIGRATED: &str =
    "exists (select 1 from sqlite_master where name = '__diesel_schema_migrations')";
const HAS_INDEX: &str = "exists (
    select 1 from pragma_index_list('ticket_traces') l, pragma_index_info(l.name) i
    where i.seqno = 0 and i.name = 'tid' and not l.partial)";
const HAS_AUTOINCREMENT: &str = "exists (
    select 1 from sqlite_master where name = 'ticket_traces' and lower(sql) like '%autoincrement%')";

/// The size of the largest file that is checked for damage.
const MAX_CHECKED_BYTES: u64 = 512 << 20;

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
    let labels = label_differences(&mut connection)?;
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
        sizes: None,
        extra_privileges: None,
        clocks: None,
        is_standby: false,
        encrypted: None,
        is_pooled: false,
        labels,
    })
}

/// Returns the differences of the labels in the check constraints of the columns.
fn label_differences(connection: &mut SqliteConnection) -> QueryResult<Vec<LabelDifference>> {
    let definition = |table| {
        let definition =
            sql::<Text>("(select coalesce(max(sql), '') from sqlite_master where name = ");
        definition.bind::<Text, _>(table).sql(")")
    };
    let mut differences = Vec::new();
    for (table, column) in labels::COLUMNS {
        let definition: String = diesel::select(definition(table)).get_result(connection)?;
        let allowed: Vec<_> = definition
            .split_once(&format!("check ({column} in ("))
            .and_then(|(_, labels)| labels.split_once(')'))
            .map(|(labels, _)| labels.split('\'').skip(1).step_by(2))
            .into_iter()
            .flatten()
            .map(str::to_owned)
            .collect();
        let name = format!("{table}.{column}");
        differences.extend(labels::difference(&name, column, &allowed));
    }
    Ok(differences)
}

/// Returns the first damage that SQLite finds in the file. A large file is not checked, because that takes minutes.
pub(super) fn find_damage(file: &Path) -> Result<Option<String>, Cause> {
    #[derive(QueryableByName)]
    struct Check {
        #[diesel(sql_type = Text)]
        quick_check: String,
    }

    if file.metadata()?.len() > MAX_CHECKED_BYTES {
        return Ok(None);
    }
    let mut connection = connect(file, Mode::Read)?;
    let check: Check = diesel::sql_query("pragma quick_check(1)").get_result(&mut connection)?;
    Ok((check.quick_check != "ok").then(|| check.quick_check.replace('\n', " ")))
}
