//! The reads for all waiting callers together.

use std::sync::Arc;

use wts_adapter_db::repositories;
use wts_app::{HistoryQuery, News, WatchRepository};
use wts_domain::{Access, StudentId, TraceId};
use wts_testkit::{ALICE, BOB, Database, Kind, Records, sample_records, ticket, trace_of};

use crate::{history, opids, records_with_traces};

async fn open(database: &Database) -> Arc<dyn WatchRepository> {
    let repositories = repositories(&database.parsed_url()).await;
    repositories.expect("the database opens").watch
}

async fn news(watch: &dyn WatchRepository, after: Option<TraceId>) -> News {
    let news = watch.read_news(after).await;
    news.expect("the database answers")
}

pub(crate) async fn news_begin_at_the_end_and_have_each_trace_once(kind: Kind) {
    let database = Database::with(kind, sample_records());
    let watch = open(&database).await;
    let first = news(&*watch, None).await;
    assert_eq!((opids(&first.settled), first.has_more), (vec![], false));
    let mut position = first.next;
    assert_eq!(position, Some(TraceId::new(9)));
    // The last round leaves a gap between the ids, like a transaction that was rolled back.
    for ids in [vec![10], vec![11, 12], vec![20]] {
        let traces = ids.iter().map(|id| trace_of(123, *id, 30, "W007", "新"));
        database.insert(Records {
            traces: traces.collect(),
            ..Records::default()
        });
        let mut found = Vec::new();
        loop {
            let news = news(&*watch, position).await;
            assert!(news.settled.iter().all(|trace| trace.op_name == "詹姆斯"));
            found.extend(opids(&news.settled));
            position = news.next;
            if !news.has_more {
                break;
            }
            let others: Vec<_> = news.others.iter().map(|(id, _)| id.get()).collect();
            assert_eq!(others, [20], "its ticket has news at once");
        }
        assert_eq!(found, ids);
    }
    assert_eq!(news(&*watch, position).await.next, position);
}

pub(crate) async fn news_of_an_import_are_read_in_parts(kind: Kind) {
    let database = Database::with(kind, sample_records());
    let watch = open(&database).await;
    let mut position = news(&*watch, None).await.next;
    database.insert(Records {
        traces: (10..2_510)
            .map(|id| trace_of(123, id, id, "-1", ""))
            .collect(),
        ..Records::default()
    });
    let mut found = Vec::new();
    loop {
        let news = news(&*watch, position).await;
        assert!(news.settled.len() <= 2_000 && news.others.len() <= 1_000);
        assert!(news.is_truncated || !news.has_more);
        found.extend(opids(&news.settled));
        position = news.next;
        if !news.has_more {
            break;
        }
    }
    assert!(found.into_iter().eq(10..2_510));
}

pub(crate) async fn histories_are_read_together_with_ranks(kind: Kind) {
    let long = (1_000..1_201).map(|id| trace_of(200, id, id, "-1", ""));
    let database = Database::with(kind, records_with_traces(long));
    let watch = open(&database).await;
    let query = |number, student: Option<&str>| HistoryQuery {
        ticket: ticket(number),
        rank_of: student.map(StudentId::from),
    };
    let queries = [
        query(123, None),
        query(124, Some(BOB)),
        query(123, Some("nobody")),
        query(7, Some(ALICE)),
        query(200, None),
    ];
    for count in 0..=queries.len() {
        let found = watch.find_all(&queries[..count]).await;
        let found = found.expect("the database answers");
        assert_eq!(found.len(), count);
        for (query, found) in queries.iter().zip(found) {
            let number = query.ticket.get();
            let Some(found) = found else {
                assert_eq!(number, 200, "only the long history is left out");
                continue;
            };
            assert_eq!(found.history, history(&database, number).await);
            let rank = query
                .rank_of
                .as_ref()
                .map(|student| match student.as_str() {
                    "nobody" => Access::Unregistered,
                    _ => Access::User,
                });
            assert_eq!(found.rank, rank, "{query:?}");
        }
    }
}
