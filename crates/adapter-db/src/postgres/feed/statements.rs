//! The statements that read the feed from PostgreSQL.

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Integer, Nullable, Text},
};

use super::super::statements::{TraceColumns, statement};
use crate::{
    rows::TraceRow,
    sql_types::{IdColumn, IdValue, TimestampColumn, TimestampValue},
};

/// The start time of the server, which identifies the server; `null` on a standby.
macro_rules! primary {
    () => {
        "case when pg_is_in_recovery() then null else pg_postmaster_start_time() end"
    };
}

/// The table and its partitions, which are locked instead of their parent if a writer names them.
macro_rules! relations {
    () => {
        "relations (oid) as (\
         select to_regclass('wts.ticket_traces')::oid \
         union all select i.inhrelid from pg_inherits i join relations r on r.oid = i.inhparent\
         )"
    };
}

/// The virtual ids of the transactions that hold the lock of writers on one of the relations.
macro_rules! writers {
    () => {
        "array(\
         select distinct l.virtualtransaction from pg_locks l join relations r on r.oid = l.relation \
         where l.locktype = 'relation' and l.mode = 'RowExclusiveLock' and l.granted \
         and l.database = (select d.oid from pg_database d where d.datname = current_database())\
         )"
    };
}

/// The name of the operator of trace `x`, which is read by index.
macro_rules! name_of_operator {
    () => {
        "(select name from data.students where sid = (select sid from wts.operators where wid = x.op))"
    };
}

/// The columns of a trace.
macro_rules! trace_columns {
    () => {
        "tid, opid, updated_at, op, new_status, new_priority, new_appointment, new_category, remark"
    };
}

statement! {
    /// Reads an [`ObservationRow`] for a horizon at `settled`, and at most 1,000 ids above `floor`.
    ///
    /// The snapshot of a statement is older than everything that its functions return. So the locks are read after the
    /// highest id, as the horizon requires.
    Observe { floor: &'a i64 as BigInt, settled: &'a i64 as BigInt },
    [
        concat!(
            "with recursive ", relations!(), ", newest (opid) as materialized (\
             select max(opid)::bigint from wts.ticket_traces\
             ) select ", primary!(), ", newest.opid, \
             array(select opid::bigint from wts.ticket_traces where opid > "
        ),
        " order by opid limit 1000), case when newest.opid > ",
        concat!(" then ", writers!(), " end from newest")
    ] -> (Nullable<TimestampColumn>, Nullable<BigInt>, Array<BigInt>, Nullable<Array<Text>>)
}

/// The server, if it is a primary; the highest id; ids above the floor; the writers, if the highest id is not settled.
pub(super) type ObservationRow = (
    Option<TimestampValue>,
    Option<i64>,
    Vec<i64>,
    Option<Vec<String>>,
);

statement! {
    /// Reads the process ids of transactions. A prepared transaction has no process.
    ProcessesOf { transactions: &'a [String] as Array<Text> },
    [
        "select distinct pid from pg_locks where pid is not null and virtualtransaction = any(",
        ") order by pid"
    ] -> Integer
}

statement! {
    /// Reads the issuers of tickets.
    IssuersOf { tickets: &'a [IdValue] as Array<IdColumn> },
    ["select tid, issuer from wts.tickets where tid = any(", ")"] -> (IdColumn, Text)
}

pub(super) use {name_of_operator, primary, relations, trace_columns, writers};

/// The order of the ids on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

/// Reads a page of traces whose ids are above `low` and at most `high`: a [`PageRow`] for each trace, or a single row
/// without a trace if there is none. The rows are unordered.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadPage<'a> {
    pub(super) direction: Direction,
    pub(super) low: i64,
    pub(super) high: i64,
    /// The maximum number of traces.
    pub(super) limit: i64,
    /// The tickets whose traces are read, by the index on tickets.
    pub(super) tickets: Option<&'a [IdValue]>,
    pub(super) conditions: Conditions<'a>,
}

/// The conditions of a filter, except the tickets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conditions<'a> {
    pub(super) since: Option<TimestampValue>,
    pub(super) until: Option<TimestampValue>,
    pub(super) op: Option<&'a str>,
    pub(super) statuses: &'a [&'a str],
    pub(super) priorities: &'a [&'a str],
    pub(super) categories: &'a [&'a str],
}

/// A page without tickets scans at most 50,000 traces for those that meet its conditions. This is the offset of the last
/// one.
const LAST_SCANNED: i64 = 49_999;

/// The id at which the scan ended, if it ended before the range; the server, if it is a primary; the ticket; the name of the
/// operator; the trace.
pub(super) type PageRow = (
    Option<IdValue>,
    Option<TimestampValue>,
    Option<IdValue>,
    Option<String>,
    Option<TraceRow<String>>,
);

impl Conditions<'_> {
    fn is_empty(&self) -> bool {
        let lists = [self.statuses, self.priorities, self.categories];
        self.since.is_none()
            && self.until.is_none()
            && self.op.is_none()
            && lists.iter().all(|list| list.is_empty())
    }

    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if let Some(since) = &self.since {
            out.push_sql(" and updated_at >= ");
            out.push_bind_param::<TimestampColumn, _>(since)?;
        }
        if let Some(until) = &self.until {
            out.push_sql(" and updated_at < ");
            out.push_bind_param::<TimestampColumn, _>(until)?;
        }
        if let Some(op) = &self.op {
            out.push_sql(" and op = ");
            out.push_bind_param::<Text, _>(op)?;
        }
        for (column, labels) in [
            (" and new_status::text = any(", &self.statuses),
            (" and new_priority::text = any(", &self.priorities),
            (" and new_category::text = any(", &self.categories),
        ] {
            if !labels.is_empty() {
                out.push_sql(column);
                out.push_bind_param::<Array<Text>, _>(labels)?;
                out.push_sql(")");
            }
        }
        Ok(())
    }
}

impl ReadPage<'_> {
    fn order(&self) -> &'static str {
        match self.direction {
            Direction::Ascending => " order by opid",
            Direction::Descending => " order by opid desc",
        }
    }

    /// Whether the page has to scan traces that do not meet its conditions.
    fn is_scan(&self) -> bool {
        self.tickets.is_none() && !self.conditions.is_empty()
    }

    fn push_range<'b>(
        &'b self,
        out: &mut AstPass<'_, 'b, Pg>,
        id: &'static str,
    ) -> QueryResult<()> {
        out.push_sql(id);
        out.push_sql(" > ");
        out.push_bind_param::<BigInt, _>(&self.low)?;
        out.push_sql(" and ");
        out.push_sql(id);
        out.push_sql(" <= ");
        out.push_bind_param::<BigInt, _>(&self.high)
    }
}

impl QueryFragment<Pg> for ReadPage<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("with scan (bound) as materialized (select ");
        if self.is_scan() {
            out.push_sql("(select opid from wts.ticket_traces where ");
            self.push_range(&mut out, "opid")?;
            out.push_sql(self.order());
            out.push_sql(" offset ");
            out.push_bind_param::<BigInt, _>(&LAST_SCANNED)?;
            out.push_sql(" limit 1)");
        } else {
            out.push_sql("null::bigint");
        }
        // The names are read by index for the traces of the page only.
        out.push_sql(concat!(
            ") select scan.bound, ",
            primary!(),
            ", x.tid, ",
            name_of_operator!(),
            ", x.opid, x.updated_at, x.op, x.new_status, x.new_priority, x.new_appointment, x.new_category, x.remark \
             from scan left join lateral ("
        ));
        // `opid + 0` and `offset 0` prevent the planner from scanning all traces of the range for those of a few tickets.
        if let Some(tickets) = &self.tickets {
            out.push_sql("select y.* from unnest(");
            out.push_bind_param::<Array<IdColumn>, _>(tickets)?;
            out.push_sql(concat!(
                ") wanted (id) cross join lateral (select ",
                trace_columns!(),
                " from wts.ticket_traces where tid = wanted.id and "
            ));
            self.push_range(&mut out, "opid + 0")?;
            self.conditions.push(&mut out)?;
            out.push_sql(" offset 0) y");
        } else {
            out.push_sql(concat!(
                "select ",
                trace_columns!(),
                " from wts.ticket_traces where "
            ));
            self.push_range(&mut out, "opid")?;
            if self.is_scan() {
                match self.direction {
                    Direction::Ascending => out.push_sql(" and opid <= coalesce(scan.bound, "),
                    Direction::Descending => out.push_sql(" and opid >= coalesce(scan.bound, "),
                }
                let (low, high) = (&self.low, &self.high);
                out.push_bind_param::<BigInt, _>(match self.direction {
                    Direction::Ascending => high,
                    Direction::Descending => low,
                })?;
                out.push_sql(")");
            }
            self.conditions.push(&mut out)?;
        }
        out.push_sql(self.order());
        out.push_sql(" limit ");
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(") x on true");
        Ok(())
    }
}

impl QueryId for ReadPage<'_> {
    type QueryId = ();

    // The SQL depends on the values.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for ReadPage<'_> {
    type SqlType = (
        Nullable<IdColumn>,
        Nullable<TimestampColumn>,
        Nullable<IdColumn>,
        Nullable<Text>,
        TraceColumns,
    );
}
