//! What PostgreSQL is asked.

use diesel::{
    QueryResult,
    deserialize::{self, FromSql, FromSqlRow},
    pg::{Pg, PgValue},
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Nullable, SqlType, Text},
};

use crate::{
    history::{TraceColumns, TraceRow},
    sql_types::{IdColumn, IdValue, LabelColumn},
};

/// Reads the issuers and the traces of these tickets, of each ticket no more traces than the limit: a [`HistoryRow`] for
/// each trace, and one without a trace where there is none.
///
/// It is spelled out because diesel has no `lateral`. The limit is there for the others in the batch. The rows are in no
/// order, and the names of those who did it are asked for separately: a planner that puts a sort or a hash of all
/// operators on top of a handful of index scans makes them twice as dear.
#[derive(Debug, Clone, Copy)]
pub(super) struct HistoriesOf<'a> {
    pub(super) tickets: &'a [IdValue],
    pub(super) limit: i64,
}

/// The ticket; its issuer; what the statement saw; one of the ticket's traces.
pub(super) type HistoryRow = (IdValue, String, Snapshot, Option<TraceRow>);

impl QueryFragment<Pg> for HistoriesOf<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "select t.tid, t.issuer, (select pg_current_snapshot()), x.opid, x.updated_at, x.op, x.new_status, \
             x.new_priority, x.new_appointment, x.new_category, x.remark \
             from wts.tickets t left join lateral (\
             select opid, updated_at, op, new_status, new_priority, new_appointment, new_category, remark \
             from wts.ticket_traces where tid = t.tid limit ",
        );
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(") x on true where t.tid = any(");
        out.push_bind_param::<Array<IdColumn>, _>(&self.tickets)?;
        out.push_sql(")");
        Ok(())
    }
}

impl QueryId for HistoriesOf<'_> {
    type QueryId = HistoriesOf<'static>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for HistoriesOf<'_> {
    type SqlType = (IdColumn, Text, PgSnapshot, TraceColumns);
}

/// Reads the names of these operators: a [`NameRow`] for each who has one.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamesOf<'a> {
    pub(super) operators: &'a [&'a str],
}

/// The operator; their name.
pub(super) type NameRow = (String, String);

impl QueryFragment<Pg> for NamesOf<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "select o.wid, s.name from wts.operators o join data.students s on s.sid = o.sid where o.wid = any(",
        );
        out.push_bind_param::<Array<Text>, _>(&self.operators)?;
        out.push_sql(")");
        Ok(())
    }
}

impl QueryId for NamesOf<'_> {
    type QueryId = NamesOf<'static>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for NamesOf<'_> {
    type SqlType = (Text, Text);
}

/// Reads the ranks of these students: a [`RankRow`](crate::history::RankRow) for each who is registered.
#[derive(Debug, Clone, Copy)]
pub(super) struct RanksOf<'a> {
    pub(super) students: &'a [&'a str],
}

impl QueryFragment<Pg> for RanksOf<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "select u.sid, o.access from wts.users u left join wts.operators o on o.sid = u.sid where u.sid = any(",
        );
        out.push_bind_param::<Array<Text>, _>(&self.students)?;
        out.push_sql(")");
        Ok(())
    }
}

impl QueryId for RanksOf<'_> {
    type QueryId = RanksOf<'static>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for RanksOf<'_> {
    type SqlType = (Text, Nullable<LabelColumn>);
}

/// The type of `pg_current_snapshot()`, which says what transactions a statement sees.
#[derive(SqlType, QueryId)]
#[diesel(postgres_type(oid = 5038, array_oid = 5039))]
pub struct PgSnapshot;

/// Which transactions a statement saw, if that can be said in one number: all of those before it. While somebody writes
/// it cannot.
#[derive(Debug, Clone, Copy, Default, FromSqlRow)]
pub(crate) struct Snapshot(Option<i64>);

impl Snapshot {
    /// Whether two statements of one connection certainly saw the same rows.
    pub(super) fn is_equal_to(self, other: Self) -> bool {
        self.0.is_some() && self.0 == other.0
    }

    /// The form that `pg_snapshot_send` writes: how many transactions were in progress, the first of them, the first
    /// that had not begun, and then each of them. A standby leaves out the last part, but not what comes before.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (in_progress, rest) = bytes.split_first_chunk::<4>()?;
        let (oldest, rest) = rest.split_first_chunk::<8>()?;
        let (next, _) = rest.split_first_chunk::<8>()?;
        let quiet = *in_progress == [0; 4] && oldest == next;
        Some(Self(quiet.then_some(i64::from_be_bytes(*next))))
    }
}

impl FromSql<PgSnapshot, Pg> for Snapshot {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Self::read(value.as_bytes()).ok_or_else(|| "a snapshot that is cut short".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(oldest: i64, next: i64, in_progress: &[i64]) -> Snapshot {
        let count = i32::try_from(in_progress.len()).unwrap();
        let mut bytes = count.to_be_bytes().to_vec();
        for id in [&[oldest, next], in_progress].concat() {
            bytes.extend(id.to_be_bytes());
        }
        Snapshot::read(&bytes).unwrap()
    }

    #[test]
    fn two_statements_saw_the_same_where_nobody_wrote_before_or_between() {
        assert!(snapshot(7, 7, &[]).is_equal_to(snapshot(7, 7, &[])));
        assert!(!snapshot(7, 7, &[]).is_equal_to(snapshot(8, 8, &[])));
    }

    #[test]
    fn while_somebody_writes_nothing_is_certain() {
        // Transaction 7 may end between two statements that look alike otherwise.
        for writing in [snapshot(7, 9, &[7]), snapshot(7, 9, &[])] {
            assert!(!writing.is_equal_to(writing));
            assert!(!snapshot(9, 9, &[]).is_equal_to(writing));
        }
        assert!(!Snapshot::default().is_equal_to(Snapshot::default()));
    }

    #[test]
    fn a_snapshot_that_is_cut_short_is_none() {
        assert!(Snapshot::read(&[0; 19]).is_none());
    }
}
