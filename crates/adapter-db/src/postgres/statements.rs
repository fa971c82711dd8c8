//! The statements that read batches from PostgreSQL.

use diesel::{
    QueryResult,
    deserialize::{self, FromSql, FromSqlRow},
    pg::{Pg, PgValue},
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Nullable, SqlType, Text},
};

use crate::{
    rows::TraceRow,
    sql_types::{DateColumn, IdColumn, IdValue, LabelColumn, TimestampColumn},
};

/// The columns of a [`TraceRow`]; all `null` if a ticket has no trace.
type TraceColumns = Nullable<(
    IdColumn,
    TimestampColumn,
    Text,
    Nullable<LabelColumn>,
    Nullable<LabelColumn>,
    Nullable<DateColumn>,
    Nullable<LabelColumn>,
    Text,
)>;

/// Declares a statement that is prepared once per connection: its parameters in order, its SQL with a gap for each, and
/// the types of the columns that it returns.
macro_rules! statement {
    (
        $(#[$meta:meta])*
        $name:ident { $($parameter:ident: $value:ty as $type:ty),+ }, [$first:literal, $($rest:literal),+] -> $columns:ty
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy)]
        pub(super) struct $name<'a> {
            $(pub(super) $parameter: $value,)+
        }

        impl QueryFragment<Pg> for $name<'_> {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_sql($first);
                $(
                    out.push_bind_param::<$type, _>(&self.$parameter)?;
                    out.push_sql($rest);
                )+
                Ok(())
            }
        }

        impl QueryId for $name<'_> {
            type QueryId = $name<'static>;

            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl Query for $name<'_> {
            type SqlType = $columns;
        }
    };
}

statement! {
    /// Reads the issuer and at most `limit` traces of each ticket: one [`HistoryRow`] per trace, or a single row without a
    /// trace if the ticket has none.
    ///
    /// The statement is raw SQL because diesel does not support `LATERAL`. The limit keeps a long history from delaying the
    /// other tickets of the batch. The rows are unordered, and another statement reads the names of operators: a plan that
    /// sorts the rows or hashes all operators costs twice as much as the few index scans needed here.
    HistoriesOf { limit: i64 as BigInt, tickets: &'a [IdValue] as Array<IdColumn> },
    [
        "select t.tid, t.issuer, (select pg_current_snapshot()), x.opid, x.updated_at, x.op, x.new_status, \
         x.new_priority, x.new_appointment, x.new_category, x.remark \
         from wts.tickets t left join lateral (\
         select opid, updated_at, op, new_status, new_priority, new_appointment, new_category, remark \
         from wts.ticket_traces where tid = t.tid limit ",
        ") x on true where t.tid = any(",
        ")"
    ] -> (IdColumn, Text, PgSnapshot, TraceColumns)
}

/// The ticket; its issuer; the snapshot of the statement; one of the ticket's traces.
pub(super) type HistoryRow = (IdValue, String, Snapshot, Option<TraceRow<String>>);

statement! {
    /// Reads the names of these operators: a [`NameRow`] for each operator with a name.
    NamesOf { operators: &'a [&'a str] as Array<Text> },
    [
        "select o.wid, s.name from wts.operators o join data.students s on s.sid = o.sid where o.wid = any(",
        ")"
    ] -> (Text, Text)
}

/// The operator; their name.
pub(super) type NameRow = (String, String);

statement! {
    /// Reads the ranks of these students: a [`RankRow`](crate::history::RankRow) for each
    /// registered student.
    RanksOf { students: &'a [&'a str] as Array<Text> },
    [
        "select u.sid, o.access from wts.users u left join wts.operators o on o.sid = u.sid where u.sid = any(",
        ")"
    ] -> (Text, Nullable<LabelColumn>)
}

/// The type of `pg_current_snapshot()`, which lists the transactions that a statement sees.
#[derive(SqlType, QueryId)]
#[diesel(postgres_type(oid = 5038, array_oid = 5039))]
pub struct PgSnapshot;

/// The transactions that a statement saw, if that is a single number: all transactions before it. `None` while any
/// transaction is in progress.
#[derive(Debug, Clone, Copy, Default, FromSqlRow)]
pub(crate) struct Snapshot(Option<i64>);

impl Snapshot {
    /// Whether two statements of one connection certainly saw the same rows.
    pub(super) fn is_equal_to(self, other: Self) -> bool {
        self.0.is_some() && self.0 == other.0
    }

    /// Parses the form of `pg_snapshot_send`: how many transactions were in progress, the first of them, the first that
    /// had not begun, and then each of them. A standby leaves out the last part, but not what comes before.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (in_progress, rest) = bytes.split_first_chunk::<4>()?;
        let (oldest, rest) = rest.split_first_chunk::<8>()?;
        let (next, _) = rest.split_first_chunk::<8>()?;
        let quiet = *in_progress == [0; 4] && oldest == next;
        Some(Self(quiet.then_some(i64::from_be_bytes(*next))))
    }
}

impl FromSql<PgSnapshot, Pg> for Snapshot {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Self::parse(value.as_bytes()).ok_or_else(|| "a snapshot that is cut short".into())
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
        Snapshot::parse(&bytes).unwrap()
    }

    #[test]
    fn snapshots_without_writers_are_equal() {
        assert!(snapshot(7, 7, &[]).is_equal_to(snapshot(7, 7, &[])));
        assert!(!snapshot(7, 7, &[]).is_equal_to(snapshot(8, 8, &[])));
    }

    #[test]
    fn snapshots_with_a_writer_are_never_equal() {
        // Transaction 7 may end between two statements that look alike otherwise.
        for writing in [snapshot(7, 9, &[7]), snapshot(7, 9, &[])] {
            assert!(!writing.is_equal_to(writing));
            assert!(!snapshot(9, 9, &[]).is_equal_to(writing));
        }
        assert!(!Snapshot::default().is_equal_to(Snapshot::default()));
    }

    #[test]
    fn truncated_snapshot_is_rejected() {
        assert!(Snapshot::parse(&[0; 19]).is_none());
    }
}
