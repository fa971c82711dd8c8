//! The statements that read batches from PostgreSQL.

use std::error::Error;

use tokio::sync::OnceCell;
use tokio_postgres::{
    Client, Statement,
    types::{FromSql, Type},
};

/// A statement that each connection prepares once, when it is first needed.
pub(super) struct Prepared {
    sql: &'static str,
    parameters: &'static [Type],
    statement: OnceCell<Statement>,
}

impl Prepared {
    fn new(sql: &'static str, parameters: &'static [Type]) -> Self {
        Self {
            sql,
            parameters,
            statement: OnceCell::new(),
        }
    }

    /// The statement on this connection, which is always the same.
    pub(super) async fn on(&self, client: &Client) -> Result<&Statement, tokio_postgres::Error> {
        let prepare = || client.prepare_typed(self.sql, self.parameters);
        self.statement.get_or_try_init(prepare).await
    }

    /// Reads the issuers and the traces of tickets: a row for each trace, and one with nulls for a ticket without traces.
    /// Its parameters are the most traces of a ticket, and the tickets. Its columns are the ticket, its issuer, the
    /// snapshot of the statement, and those of a [`TraceRow`](crate::rows::TraceRow).
    ///
    /// The limit is there for the others in the batch. The rows are in no order, and the names of operators are read
    /// separately: a planner that puts a sort or a hash of all operators on top of a handful of index scans doubles their
    /// cost.
    pub(super) fn histories() -> Self {
        Self::new(
            "select t.tid, t.issuer, (select pg_current_snapshot()), x.opid, x.updated_at, x.op, x.new_status, \
             x.new_priority, x.new_appointment, x.new_category, x.remark \
             from wts.tickets t left join lateral (\
             select opid, updated_at, op, new_status, new_priority, new_appointment, new_category, remark \
             from wts.ticket_traces where tid = t.tid limit $1) x on true where t.tid = any($2)",
            &[Type::INT8, Type::INT8_ARRAY],
        )
    }

    /// Reads the staff numbers and the names of the operators in its parameter.
    pub(super) fn names() -> Self {
        Self::new(
            "select o.wid, s.name from wts.operators o join data.students s on s.sid = o.sid where o.wid = any($1)",
            &[Type::TEXT_ARRAY],
        )
    }

    /// Reads a [`RankRow`](crate::history::RankRow) for each registered one of the students in its parameter.
    pub(super) fn ranks() -> Self {
        Self::new(
            "select u.sid, o.access from wts.users u left join wts.operators o on o.sid = u.sid where u.sid = any($1)",
            &[Type::TEXT_ARRAY],
        )
    }
}

/// The transactions that a statement saw, if that is a single number: all transactions before it. While any transaction is
/// in progress there is no such number.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Snapshot(Option<i64>);

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

impl FromSql<'_> for Snapshot {
    fn from_sql(_: &Type, bytes: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Self::parse(bytes).ok_or_else(|| "a snapshot that is cut short".into())
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::PG_SNAPSHOT
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
