//! Inspects a PostgreSQL database.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime},
};

use diesel::{
    QueryableByName,
    dsl::sql,
    pg::Pg,
    sql_types::{Array, BigInt, Bool, Double, Nullable, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::connection::connect;
use crate::{
    error::Cause,
    inspection::{DatabaseSizes, Inspection, LabelDifference, Schema, TraceIds},
    labels,
    migrations::{self, POSTGRES},
    url::PostgresConfig,
};

/// The statement that reads the facts of an inspection.
///
/// The current role has the privileges of all roles of which it is a member, directly or by `set role`. Membership in a
/// predefined role of PostgreSQL counts as an extra privilege, except for the roles that only monitor the server.
const FACTS: &str = "
    with mine as (
        select r.* from pg_roles r where pg_has_role(current_user, r.oid, 'member')
    ), relations as (
        select c.oid, c.relowner, format('%s.%s', n.nspname, c.relname) as name
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f')
            and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
    ), excess (may) as (
        select may || coalesce(' as ' || nullif(rolname, current_user), '')
        from mine, lateral (values
            (rolcreaterole, 'create roles'), (rolcreatedb, 'create databases'),
            (rolreplication, 'replicate'), (rolbypassrls, 'bypass row security')
        ) attribute (has, may)
        where has
        union all
        select 'act as ' || rolname from mine
        where rolname ~ '^pg_' and rolname not in ('pg_monitor', 'pg_read_all_settings', 'pg_read_all_stats', 'pg_stat_scan_tables')
        union all
        select lower(privilege) || ' ' || name || coalesce(' as ' || nullif(rolname, current_user), '')
        from mine, relations, unnest(array['INSERT', 'UPDATE']) privilege
        where has_any_column_privilege(mine.oid, relations.oid, privilege)
        union all
        select lower(privilege) || ' ' || name || coalesce(' as ' || nullif(rolname, current_user), '')
        from mine, relations, unnest(array['DELETE', 'TRUNCATE', 'TRIGGER']) privilege
        where has_table_privilege(mine.oid, relations.oid, privilege)
        union all
        select 'own ' || name from relations join mine on mine.oid = relowner
        union all
        select 'create in schema ' || nspname from pg_namespace, mine
        where nspname !~ '^pg_' and nspname <> 'information_schema' and has_schema_privilege(mine.oid, pg_namespace.oid, 'CREATE')
        union all
        select 'create in the database' from mine
        where has_database_privilege(mine.oid, current_database(), 'CREATE')
    )
    select
        current_setting('server_version') as version,
        pg_is_in_recovery() as is_standby,
        extract(epoch from clock_timestamp())::float8 as clock,
        to_regclass('__diesel_schema_migrations') is not null as migrated,
        to_regclass('__diesel_schema_migrations') is not null
            and has_table_privilege(to_regclass('__diesel_schema_migrations'), 'select') as can_read_migrations,
        exists (
            select from pg_index i
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
            where i.indrelid = to_regclass('wts.ticket_traces') and a.attname = 'tid'
                and i.indisvalid and i.indpred is null
        ) as has_index,
        (
            select coalesce(sum(pg_total_relation_size(t)), 0)::bigint
            from unnest(array[to_regclass('wts.tickets'), to_regclass('wts.ticket_traces')]) t
            where t is not null
        ) as histories,
        pg_size_bytes(current_setting('shared_buffers')) as shared_buffers,
        -- The sequence of an identity or of a default. Inserts into a view or a foreign table get their ids elsewhere.
        (
            select max(s.seqcache)
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attname = 'opid'
            left join pg_attrdef f on f.adrelid = c.oid and f.adnum = a.attnum
            join pg_depend d on
                (d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid and d.refobjsubid = a.attnum
                    and d.classid = 'pg_class'::regclass and d.deptype = 'i')
                or (d.classid = 'pg_attrdef'::regclass and d.objid = f.oid and d.refclassid = 'pg_class'::regclass)
            join pg_sequence s on s.seqrelid in (d.objid, d.refobjid)
            where c.oid = to_regclass('wts.ticket_traces') and c.relkind in ('r', 'p')
                and s.seqincrement > 0 and not s.seqcycle
        ) as reserved_ids,
        nullif(current_setting('wts.session', true), '') is null as is_pooled,
        case when exists (select from mine where rolsuper) then array['superuser']
            else array(select distinct may from excess order by may) end as extra_privileges";

/// The statement that reads the labels of the columns in its two parameters, from the enum or from the check constraint of
/// the column.
const LABELS: &str = "
    select c.name as column_name,
        case when t.typtype = 'e' then format('%s.%s', n.nspname, t.typname)
            else format('wts.%s.%s', c.relation, c.name) end as name,
        case when t.typtype = 'e' then array(select enumlabel::text from pg_enum where enumtypid = t.oid)
            else array(
                select m[1] from pg_constraint k, regexp_matches(pg_get_constraintdef(k.oid), '''([^'']*)''', 'g') m
                where k.conrelid = a.attrelid and k.contype = 'c' and k.conkey = array[a.attnum]
                    and pg_get_constraintdef(k.oid) like '%= ANY (ARRAY[%'
            ) end as labels
    from unnest($1, $2) c (relation, name)
    join pg_attribute a on a.attrelid = to_regclass('wts.' || c.relation) and a.attname = c.name
    join pg_type t on t.oid = a.atttypid
    join pg_namespace n on n.oid = t.typnamespace";

#[derive(QueryableByName)]
struct ColumnLabels {
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Array<Text>)]
    labels: Vec<String>,
}

#[expect(clippy::struct_excessive_bools, reason = "the columns of a row")]
#[derive(QueryableByName)]
struct Facts {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = Bool)]
    is_standby: bool,
    #[diesel(sql_type = Double)]
    clock: f64,
    #[diesel(sql_type = Bool)]
    migrated: bool,
    #[diesel(sql_type = Bool)]
    can_read_migrations: bool,
    #[diesel(sql_type = Bool)]
    has_index: bool,
    #[diesel(sql_type = BigInt)]
    histories: i64,
    #[diesel(sql_type = BigInt)]
    shared_buffers: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    reserved_ids: Option<i64>,
    #[diesel(sql_type = Bool)]
    is_pooled: bool,
    #[diesel(sql_type = Array<Text>)]
    extra_privileges: Vec<String>,
}

/// Implements [`crate::inspect`] for PostgreSQL.
pub(super) async fn inspect(config: &PostgresConfig) -> Result<Inspection, Cause> {
    let mut connection = connect(config, &[("statement_timeout", "5s".to_owned())]).await?;
    let facts: Facts = diesel::sql_query(FACTS).get_result(&mut connection).await?;
    let local_time = SystemTime::now();
    let mut latency = Duration::MAX;
    for _ in 0..5 {
        let begun = Instant::now();
        diesel::sql_query("select 1 from wts.tickets where tid = 0")
            .execute(&mut connection)
            .await?;
        latency = latency.min(begun.elapsed());
    }
    let server_time = Duration::try_from_secs_f64(facts.clock)
        .ok()
        .and_then(|since_1970| SystemTime::UNIX_EPOCH.checked_add(since_1970));
    Ok(Inspection {
        version: format!("PostgreSQL {}", facts.version),
        latency,
        schema: schema(&facts, &mut connection).await?,
        has_index: facts.has_index,
        sizes: Some(DatabaseSizes {
            histories: facts.histories.unsigned_abs(),
            shared_buffers: facts.shared_buffers.unsigned_abs(),
        }),
        trace_ids: match facts.reserved_ids {
            Some(1) => TraceIds::Ascending,
            Some(_) => TraceIds::Reserved,
            None => TraceIds::Unknown,
        },
        extra_privileges: Some(facts.extra_privileges),
        clocks: server_time.map(|server_time| (server_time, local_time)),
        is_standby: facts.is_standby,
        encrypted: Some(config.tls.is_some()),
        is_pooled: facts.is_pooled,
        labels: label_differences(&mut connection).await?,
    })
}

/// Returns the differences of the labels, once for each enum.
async fn label_differences(
    connection: &mut AsyncPgConnection,
) -> Result<Vec<LabelDifference>, Cause> {
    let (tables, columns): (Vec<_>, Vec<_>) = labels::COLUMNS.into_iter().unzip();
    let found: Vec<ColumnLabels> = diesel::sql_query(LABELS)
        .bind::<Array<Text>, _>(tables)
        .bind::<Array<Text>, _>(columns)
        .get_results(connection)
        .await?;
    let differences: BTreeMap<_, _> = found
        .iter()
        .filter_map(|found| {
            let difference = labels::difference(&found.name, &found.column_name, &found.labels)?;
            Some((&found.name, difference))
        })
        .collect();
    Ok(differences.into_values().collect())
}

async fn schema(facts: &Facts, connection: &mut AsyncPgConnection) -> Result<Schema, Cause> {
    if !facts.migrated {
        return Ok(Schema::Existing);
    }
    if !facts.can_read_migrations {
        return Ok(Schema::Unknown);
    }
    let run = diesel::select(sql::<BigInt>(migrations::COUNT_RUN));
    Ok(Schema::Migrated {
        pending: migrations::pending::<Pg>(&POSTGRES, run.get_result(connection).await?)?,
    })
}
