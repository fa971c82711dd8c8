//! The histories of many tickets, from one statement.

use std::{collections::HashMap, sync::Arc, time::Instant};

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Nullable, Text},
};
use wts_app::RepositoryError;
use wts_domain::{Access, StudentId, TicketId};

use super::{
    super::{reader::ReadError, reader_slot::RETRY_BEFORE, statements::TraceColumns},
    FeedReader, failed, ids,
    statements::name_of_operator,
};
use crate::{
    batching::{BatchRequest, BatchResponse, LookupError},
    history::{HistoryBuilder, MAX_BATCHED_TRACES, rank_from_row},
    rows::TraceRow,
    sql_types::{IdColumn, IdValue, LabelColumn, LabelResult},
};

/// The maximum number of traces of a history, and one more.
const LIMIT: i64 = MAX_BATCHED_TRACES + 1;
/// The maximum number of statements by which histories are read if one of them is damaged.
const MAX_STATEMENTS: usize = 40;

/// Reads the issuer, the names of operators and at most [`LIMIT`] traces of each ticket, and the ranks of students: a row
/// for each trace, for each ticket without traces, and for each registered student.
///
/// The statements of [`BatchLoader`](crate::batching::BatchLoader) read the same, but several of them cost less only if the
/// names are cached.
#[derive(Debug, Clone, Copy)]
struct ReadHistories<'a> {
    tickets: &'a [IdValue],
    students: &'a [&'a str],
}

/// The ticket, or none for a rank; the issuer or the student; the rank; the name of the operator; the trace.
type HistoryRow = (
    Option<IdValue>,
    String,
    Option<LabelResult<Access>>,
    Option<String>,
    Option<TraceRow<String>>,
);

impl QueryFragment<Pg> for ReadHistories<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(concat!(
            "select t.tid, t.issuer, null, ",
            name_of_operator!(),
            ", x.opid, x.updated_at, x.op, x.new_status, x.new_priority, x.new_appointment, x.new_category, x.remark \
             from wts.tickets t left join lateral (\
             select opid, updated_at, op, new_status, new_priority, new_appointment, new_category, remark \
             from wts.ticket_traces where tid = t.tid limit "
        ));
        out.push_bind_param::<BigInt, _>(&LIMIT)?;
        out.push_sql(") x on true where t.tid = any(");
        out.push_bind_param::<Array<IdColumn>, _>(self.tickets)?;
        out.push_sql(")");
        // Ranks are read only if they are used, because the role may lack the privilege.
        if !self.students.is_empty() {
            out.push_sql(
                " union all select null, u.sid, o.access, null, null, null, null, null, null, null, null, null \
                 from wts.users u left join wts.operators o on o.sid = u.sid where u.sid = any(",
            );
            out.push_bind_param::<Array<Text>, _>(self.students)?;
            out.push_sql(")");
        }
        Ok(())
    }
}

impl QueryId for ReadHistories<'_> {
    type QueryId = ();

    // The SQL depends on the values.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for ReadHistories<'_> {
    type SqlType = (
        Nullable<IdColumn>,
        Text,
        Nullable<LabelColumn>,
        Nullable<Text>,
        TraceColumns,
    );
}

impl FeedReader {
    /// Reads histories and ranks. If a history is damaged, reads each half of the tickets alone, and so on, so that the
    /// other histories are read.
    pub(super) async fn histories(
        self: Arc<Self>,
        request: BatchRequest,
    ) -> Result<BatchResponse, RepositoryError> {
        let tickets = ids(&request.tickets);
        let students = request.students.iter().map(StudentId::as_str);
        // PostgreSQL rejects a text with a zero byte, and so no student has such a number.
        let students: Vec<_> = students.filter(|sid| !sid.contains('\0')).collect();
        let mut all = BatchResponse::default();
        let mut parts = vec![&tickets[..]];
        let mut statements = 0;
        let _permit = self.permit().await?;
        let begun = Instant::now();
        while let Some(part) = parts.pop() {
            statements += 1;
            match self.read_histories(part, &students).await {
                Ok(response) => {
                    all.histories.extend(response.histories);
                    all.ranks.extend(response.ranks);
                }
                Err(error)
                    if part.is_empty()
                        || !error.is_per_ticket()
                        || statements >= MAX_STATEMENTS
                        || begun.elapsed() >= RETRY_BEFORE =>
                {
                    return Err(failed(error));
                }
                Err(error) => {
                    if let [ticket] = part {
                        let damaged = Err(LookupError::failed(error));
                        let ticket = TicketId::new(ticket.0);
                        all.histories.extend(ticket.map(|ticket| (ticket, damaged)));
                    } else {
                        let (first, second) = part.split_at(part.len() / 2);
                        parts.extend([second, first]);
                    }
                }
            }
        }
        Ok(all)
    }

    async fn read_histories(
        &self,
        tickets: &[IdValue],
        students: &[&str],
    ) -> Result<BatchResponse, ReadError> {
        let read = self.pages.read(|mut reader| async move {
            let rows: Vec<HistoryRow> = reader.load(ReadHistories { tickets, students }).await?;
            Ok((reader, rows))
        });
        let mut response = BatchResponse::default();
        let mut histories: HashMap<_, HistoryBuilder> = HashMap::new();
        for (ticket, student, rank, name, trace) in self.measured(read).await? {
            let Some(ticket) = ticket else {
                response.ranks.extend([rank_from_row((student, rank))]);
                continue;
            };
            let Some(ticket) = TicketId::new(ticket.0) else {
                continue;
            };
            let history = histories
                .entry(ticket)
                .or_insert_with(|| HistoryBuilder::new(ticket, student));
            if let Some(trace) = trace {
                history.push(trace, name.unwrap_or_default());
            }
        }
        let histories = histories.into_values();
        response.histories = histories
            .map(|history| history.finish(MAX_BATCHED_TRACES))
            .collect();
        Ok(response)
    }
}
