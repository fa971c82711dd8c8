//! The new traces of the feed, from one statement that also observes the writers.

use std::{sync::Arc, time::Instant};

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Nullable, Text},
};
use wts_app::{ErrorChain, News, RepositoryError};
use wts_domain::{TicketId, TraceId};

use super::{
    super::{
        reader::ReadError,
        statements::{TraceColumns, statement},
    },
    FeedReader, failed,
    horizon::{Observation, without_gap},
    statements::{name_of_operator, primary, relations, trace_columns, writers},
};
use crate::{
    rows::TraceRow,
    sql_types::{IdColumn, IdValue, TimestampColumn, TimestampValue},
};

/// The limits in [`ReadNews`].
const MAX_TRACES: usize = 1_000;

/// The columns of the rows with traces.
macro_rules! traces {
    () => {
        concat!(
            "select null, null, null, x.tid, ",
            name_of_operator!(),
            ", x.opid, x.updated_at, x.op, x.new_status, x.new_priority, x.new_appointment, x.new_category, x.remark from \
             (select ",
            trace_columns!(),
            " from wts.ticket_traces where opid > "
        )
    };
}

statement! {
    /// Reads one row with an observation, the 1,000 lowest traces above `position` and up to `floor`, and the 1,000 highest
    /// ones above `floor`. The locks are read after the snapshot of the statement, as the horizon requires.
    ReadNews { floor: &'a i64 as BigInt, position: &'a i64 as BigInt },
    [
        concat!(
            "with recursive ", relations!(), ", newest (opid) as materialized (\
             select max(opid)::bigint from wts.ticket_traces\
             ) select ", primary!(), ", newest.opid, case when newest.opid > "
        ),
        concat!(
            " then ", writers!(), " end, null, null, null, null, null, null, null, null, null, null from newest \
             union all (", traces!()
        ),
        concat!(
            " and opid <= $1 order by opid limit 1000) x) union all (", traces!(), "$1 order by opid desc limit 1000) x)"
        )
    ] -> (
        Nullable<TimestampColumn>, Nullable<BigInt>, Nullable<Array<Text>>, Nullable<IdColumn>, Nullable<Text>, TraceColumns
    )
}

/// The server, if it is a primary, the highest id, and the writers, if the highest id is above the floor; or the ticket, the
/// name of the operator, and the trace.
type NewsRow = (
    Option<TimestampValue>,
    Option<i64>,
    Option<Vec<String>>,
    Option<IdValue>,
    Option<String>,
    Option<TraceRow<String>>,
);

/// Returns the id of the trace in a row.
fn id_of(row: &NewsRow) -> Option<i64> {
    row.5.as_ref().map(|trace| trace.opid.0)
}

impl FeedReader {
    /// Returns the traces after a position. The settled traces are those up to the horizon of the observation before, and
    /// those whose ids follow without a gap: others can be missing in the snapshot, although this observation finds that
    /// they are settled.
    pub(super) async fn news(
        self: Arc<Self>,
        after: Option<TraceId>,
    ) -> Result<News, RepositoryError> {
        let mut observed = self.horizon.lock().await;
        let begun = Instant::now();
        let position = after.map_or(observed.horizon.settled(), TraceId::get);
        let floor = observed.horizon.floor(position);
        let mut rows = self.read_news(floor, position).await.map_err(failed)?;
        rows.sort_unstable_by_key(id_of);
        let ids: Vec<_> = rows.iter().filter_map(id_of).collect();
        let (low, high) = ids.split_at(ids.partition_point(|id| *id <= floor));
        let [is_low_full, is_high_full] = [low, high].map(|ids| ids.len() >= MAX_TRACES);
        let following = if is_high_full { &[] } else { high };
        let observation = observation(&rows, following).map_err(failed)?;
        let is_known_server = observation.server == observed.horizon.server();
        let settled = observed.record(begun, &observation, position);
        self.set_known(&observed.horizon);

        let mut end = match low.last() {
            // The horizon before this observation is that of another server, or there is none.
            _ if after.is_none() || !is_known_server => position,
            Some(last) if is_low_full => *last,
            _ => without_gap(floor, following),
        };
        let mut news = News {
            has_more: is_low_full
                || after.is_some() && ids.iter().any(|id| *id > end && *id <= settled),
            is_truncated: is_low_full || is_high_full,
            ..News::default()
        };
        for (.., ticket, name, row) in rows {
            let ticket = ticket.and_then(|ticket| TicketId::new(ticket.0));
            let (Some(ticket), Some(row)) = (ticket, row) else {
                continue;
            };
            let id = row.opid.0;
            if id <= end {
                match row.into_trace(ticket) {
                    Ok(mut trace) => {
                        trace.op_name = name.unwrap_or_default();
                        news.settled.push(trace);
                        continue;
                    }
                    // The feed ends here, but the other tickets must not wait.
                    Err(error) => {
                        end = id.saturating_sub(1);
                        news.has_more = false;
                        if observed.invalid.replace(id) != Some(id) {
                            tracing::warn!(cause = %ErrorChain(&error), "the feed ended before an invalid trace");
                        }
                    }
                }
            }
            news.others.push((TraceId::new(id), ticket));
        }
        let next = if after.is_none() { settled } else { end };
        news.next = (next > i64::MIN).then_some(TraceId::new(next));
        Ok(news)
    }

    async fn read_news(&self, floor: i64, position: i64) -> Result<Vec<NewsRow>, ReadError> {
        let (floor, position) = (&floor, &position);
        let read = self.observing.read(|mut reader| async move {
            let rows = reader.load(ReadNews { floor, position }).await?;
            Ok((reader, rows))
        });
        self.measured(read).await
    }
}

/// Returns the observation in the only row without a trace.
fn observation(rows: &[NewsRow], following: &[i64]) -> Result<Observation, ReadError> {
    let row = rows.iter().find(|row| id_of(row).is_none());
    let Some((Some(server), newest, writers, ..)) = row else {
        return Err(ReadError::Standby);
    };
    Ok(Observation {
        server: server.0,
        newest: *newest,
        following: following.to_vec(),
        writers: writers.clone(),
    })
}
