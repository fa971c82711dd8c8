//! What a PostgreSQL looks like.

use std::time::{Duration, Instant, SystemTime};

use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Bool, Double, Nullable, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{Server, connect};
use crate::{Inspection, Schema, error::Cause, migrations};

/// All that can be asked in one statement. A role that sees nothing of a table gets no privileges told.
const FACTS: &str = "
    with tables (name) as (
        values ('data.students'), ('wts.operators'), ('wts.tickets'), ('wts.ticket_traces')
    )
    select
        current_setting('server_version') as version,
        pg_is_in_recovery() as replays,
        extract(epoch from clock_timestamp())::float8 as clock,
        to_regclass('__diesel_schema_migrations') is not null as migrated,
        to_regclass('__diesel_schema_migrations') is not null
            and has_table_privilege(to_regclass('__diesel_schema_migrations'), 'select') as tells_migrations,
        exists (
            select from pg_index i
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
            where i.indrelid = to_regclass('wts.ticket_traces') and a.attname = 'tid'
                and i.indisvalid and i.indpred is null
        ) as has_index,
        (select ssl from pg_stat_ssl where pid = pg_backend_pid()) as encrypted,
        array(
            select 'superuser' from pg_roles where rolname = current_user and rolsuper
            union all
            select lower(privilege) || ' ' || name
            from tables, unnest(array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) privilege
            where to_regclass(name) is not null and has_table_privilege(to_regclass(name), privilege)
            union all
            select 'create in schema ' || nspname from pg_namespace
            where nspname in ('data', 'wts') and has_schema_privilege(oid, 'CREATE')
        ) as excess";

#[expect(clippy::struct_excessive_bools, reason = "the columns of a row")]
#[derive(QueryableByName)]
struct Facts {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = Bool)]
    replays: bool,
    #[diesel(sql_type = Double)]
    clock: f64,
    #[diesel(sql_type = Bool)]
    migrated: bool,
    #[diesel(sql_type = Bool)]
    tells_migrations: bool,
    #[diesel(sql_type = Bool)]
    has_index: bool,
    #[diesel(sql_type = Nullable<Bool>)]
    encrypted: Option<bool>,
    #[diesel(sql_type = Array<Text>)]
    excess: Vec<String>,
}

/// See [`crate::inspect`].
pub(crate) async fn inspect(server: &Server) -> Result<Inspection, Cause> {
    let mut connection = connect(server, "set statement_timeout = '5s'").await?;
    let facts: Facts = diesel::sql_query(FACTS).get_result(&mut connection).await?;
    let ours = SystemTime::now();
    let mut latency = Duration::MAX;
    for _ in 0..5 {
        let begun = Instant::now();
        diesel::sql_query("select 1 from wts.tickets where tid = 0")
            .execute(&mut connection)
            .await?;
        latency = latency.min(begun.elapsed());
    }
    let theirs = Duration::try_from_secs_f64(facts.clock)
        .ok()
        .and_then(|since_1970| SystemTime::UNIX_EPOCH.checked_add(since_1970));
    Ok(Inspection {
        version: format!("PostgreSQL {}", facts.version),
        latency,
        schema: schema(&facts, &mut connection).await?,
        has_index: facts.has_index,
        excess: facts.excess,
        clocks: theirs.map(|theirs| (theirs, ours)),
        replays: facts.replays,
        encrypted: facts.encrypted,
    })
}

async fn schema(facts: &Facts, connection: &mut AsyncPgConnection) -> Result<Schema, Cause> {
    #[derive(QueryableByName)]
    struct Run {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }

    if !facts.migrated {
        return Ok(Schema::Existing);
    }
    if !facts.tells_migrations {
        return Ok(Schema::Unknown);
    }
    let run: Run = diesel::sql_query("select count(*) as count from __diesel_schema_migrations")
        .get_result(connection)
        .await?;
    Ok(Schema::Ours {
        pending: migrations::pending::<diesel::pg::Pg>(&migrations::POSTGRES, run.count)?,
    })
}
