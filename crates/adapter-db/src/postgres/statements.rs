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
pub(super) type TraceColumns = Nullable<(
    IdColumn,
    TimestampColumn,
    Text,
    Nullable<LabelColumn>,
    Nullable<LabelColumn>,
    Nullable<DateColumn>,
    Nullable<LabelColumn>,
    Text,
)>;

/// Declares a statement that is prepared once per connection. The arguments are the name and parameters, the parts of
/// the SQL text between the parameters, and the types of the returned columns.
macro_rules! statement {
    (
        $(#[$meta:meta])*
        $name:ident { $($parameter:ident: $value:ty as $type:ty),+ }, [$first:expr, $($rest:expr),+] -> $columns:ty
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

pub(super) use statement;

statement! {
    /// Reads the issuer and at most `limit` traces of each ticket. Returns one [`HistoryRow`] per trace, or a single
    /// row without a trace if the ticket has none.
    ///
    /// The statement is raw SQL because diesel does not support `LATERAL`. The limit prevents a long history from
    /// delaying the other tickets of the batch. The rows are unordered, and another statement reads the names of
    /// operators, because sorting the rows or hashing all operators would double the cost of the index scans.
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

/// The columns of [`HistoriesOf`]: the ticket id, the issuer, the snapshot of the statement, and a trace of the ticket.
pub(super) type HistoryRow = (IdValue, String, Snapshot, Option<TraceRow<String>>);

statement! {
    /// Reads the names of `operators`. Returns a [`NameRow`] for each operator with a name.
    NamesOf { operators: &'a [&'a str] as Array<Text> },
    [
        "select o.wid, s.name from wts.operators o join data.students s on s.sid = o.sid where o.wid = any(",
        ")"
    ] -> (Text, Text)
}

/// The columns of [`NamesOf`]: the staff id and the name of an operator.
pub(super) type NameRow = (String, String);

statement! {
    /// Reads the ranks of `students`. Returns a [`RankRow`](crate::history::RankRow) for each registered student.
    RanksOf { students: &'a [&'a str] as Array<Text> },
    [
        "select u.sid, o.access from wts.users u left join wts.operators o on o.sid = u.sid where u.sid = any(",
        ")"
    ] -> (Text, Nullable<LabelColumn>)
}

/// The SQL type of `pg_current_snapshot()`, which contains the transactions that are visible to a statement.
#[derive(SqlType, QueryId)]
#[diesel(postgres_type(oid = 5038, array_oid = 5039))]
pub struct PgSnapshot;

/// The snapshot of a statement. If no transaction was in progress, the value is the first unassigned transaction id,
/// and all transactions with lower ids are visible. Otherwise it is `None`.
#[derive(Debug, Clone, Copy, Default, FromSqlRow)]
pub(crate) struct Snapshot(Option<i64>);

impl Snapshot {
    /// Returns whether two statements of the same connection certainly saw the same rows.
    pub(super) fn is_equal_to(self, other: Self) -> bool {
        self.0.is_some() && self.0 == other.0
    }

    /// Parses the binary format of `pg_snapshot_send`: the number of transactions in progress, `xmin`, `xmax`, and the
    /// ids of these transactions. A standby server omits the ids.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (in_progress, rest) = bytes.split_first_chunk::<4>()?;
        let (oldest, rest) = rest.split_first_chunk::<8>()?;
        let (next, _) = rest.split_first_chunk::<8>()?;
        let is_idle = *in_progress == [0; 4] && oldest == next;
        Some(Self(is_idle.then_some(i64::from_be_bytes(*next))))
    }
}

impl FromSql<PgSnapshot, Pg> for Snapshot {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Self::parse(value.as_bytes())
            .ok_or_else(|| "expected at least 20 bytes of a snapshot".into())
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
    fn snapshots_are_equal_if_nothing_was_written() {
        assert!(snapshot(7, 7, &[]).is_equal_to(snapshot(7, 7, &[])));
        assert!(!snapshot(7, 7, &[]).is_equal_to(snapshot(8, 8, &[])));
    }

    #[test]
    fn snapshots_with_a_writer_are_never_equal() {
        // Transaction 7 may commit between two statements whose snapshots look the same.
        for with_writer in [snapshot(7, 9, &[7]), snapshot(7, 9, &[])] {
            assert!(!with_writer.is_equal_to(with_writer));
            assert!(!snapshot(9, 9, &[]).is_equal_to(with_writer));
        }
        assert!(!Snapshot::default().is_equal_to(Snapshot::default()));
    }

    #[test]
    fn truncated_snapshot_is_rejected() {
        assert!(Snapshot::parse(&[0; 19]).is_none());
    }
}
