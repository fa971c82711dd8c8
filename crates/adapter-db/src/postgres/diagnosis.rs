//! Finds the reason why a PostgreSQL database cannot be used.

use diesel::{
    QueryableByName,
    sql_types::{Array, Bool, Text},
};
use diesel_async::RunQueryDsl;

use super::connection::connect;
use crate::{
    error::{Cause, OpenError},
    tables::REQUIRED_COLUMNS,
    url::PostgresConfig,
};

/// The statement that reads which of the columns in its parameters are missing, and which may not be read. Every role may
/// read the catalogs.
const FACTS: &str = "
    with needed as (
        select case c.relation when 'students' then 'data' else 'wts' end as schema, c.relation, c.name
        from unnest($1, $2) c (relation, name)
    ), present as (
        select needed.*, n.oid as namespace, r.oid as class, a.attnum
        from needed
        left join pg_namespace n on n.nspname = schema
        left join pg_class r on r.relnamespace = n.oid and r.relname = relation
        left join pg_attribute a on a.attrelid = r.oid and a.attname = name and not a.attisdropped
    )
    select
        exists (
            select from pg_class r join pg_namespace n on n.oid = r.relnamespace
            where r.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
                and r.relname <> '__diesel_schema_migrations'
        ) as has_tables,
        array(select distinct format('%s.%s', schema, relation) from present where class is null
            union all
            select format('%s.%s.%s', schema, relation, name) from present where class is not null and attnum is null
            order by 1) as missing,
        array(
            select distinct case when has_schema_privilege(namespace, 'usage')
                then format('select on %s.%s', schema, relation) else format('usage on schema %s', schema) end
            from present
            where attnum is not null
                and not (has_schema_privilege(namespace, 'usage') and has_column_privilege(class, attnum, 'select'))
            order by 1
        ) as denied";

#[derive(QueryableByName)]
struct Facts {
    #[diesel(sql_type = Bool)]
    has_tables: bool,
    #[diesel(sql_type = Array<Text>)]
    missing: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    denied: Vec<String>,
}

/// Returns an error that names what is wrong with the tables or the role, which needs `columns` besides
/// [`REQUIRED_COLUMNS`], or `error` if that is unknown.
pub(super) async fn diagnose(
    config: &PostgresConfig,
    error: OpenError,
    columns: &[(&str, &str)],
) -> OpenError {
    if !matches!(error, OpenError::Unreadable(_) | OpenError::Unwritable(_)) {
        return error;
    }
    match facts(config, columns).await {
        Ok(facts) if !facts.has_tables => OpenError::NoTables,
        Ok(facts) if !facts.missing.is_empty() => OpenError::MissingTables(facts.missing),
        Ok(facts) if !facts.denied.is_empty() => OpenError::NoPrivilege(facts.denied),
        Ok(_) | Err(_) => error,
    }
}

async fn facts(config: &PostgresConfig, columns: &[(&str, &str)]) -> Result<Facts, Cause> {
    let mut connection = connect(config, &[("statement_timeout", "5s".to_owned())]).await?;
    let (tables, columns): (Vec<_>, Vec<_>) =
        REQUIRED_COLUMNS.iter().chain(columns).copied().unzip();
    Ok(diesel::sql_query(FACTS)
        .bind::<Array<Text>, _>(tables)
        .bind::<Array<Text>, _>(columns)
        .get_result(&mut connection)
        .await?)
}
