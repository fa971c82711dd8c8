//! Tests of the pages of the feed: their order, limits and filters.

use std::sync::Arc;

use wts_adapter_db::repositories;
use wts_app::{
    FeedFilter, FeedPosition, FeedRepository, FoundIssuers, IssuerQuery, PageQuery, TracePage,
};
use wts_domain::{
    Access, Category, Priority, StaffId, Status, StudentId, TicketId, Timestamp, TraceId,
};
use wts_testkit::{ALICE, BOB, Database, Kind, Records, sample_records, ticket, trace_of};

use crate::opids;

async fn open(database: &Database) -> Arc<dyn FeedRepository> {
    let repositories = repositories(&database.parsed_url()).await;
    repositories.expect("the database opens").feed
}

fn after(id: i64) -> FeedPosition {
    FeedPosition::After(TraceId::new(id))
}

fn before(id: i64) -> FeedPosition {
    FeedPosition::Before(TraceId::new(id))
}

async fn page(
    feed: &dyn FeedRepository,
    start: FeedPosition,
    limit: usize,
    filter: FeedFilter,
) -> TracePage {
    let query = PageQuery {
        start,
        limit,
        filter,
    };
    let page = feed.read_page(&query).await;
    page.expect("the database answers")
}

/// Reads the feed page by page from `start`, and returns the ids of all traces.
async fn follow(
    feed: &dyn FeedRepository,
    mut start: FeedPosition,
    limit: usize,
    filter: &FeedFilter,
) -> Vec<i64> {
    let mut all = Vec::new();
    loop {
        let page = page(feed, start, limit, filter.clone()).await;
        assert!(page.traces.len() <= limit);
        all.extend(opids(&page.traces));
        start = page.next;
        if !page.has_more {
            return all;
        }
    }
}

pub(crate) async fn feed_has_all_traces_in_ascending_order(kind: Kind) {
    let database = Database::with(kind, sample_records());
    let feed = open(&database).await;

    let all = page(&*feed, FeedPosition::Oldest, 100, FeedFilter::default()).await;

    assert_eq!(opids(&all.traces), [1, 2, 3, 5, 9]);
    assert_eq!((all.next, all.has_more), (after(9), false));
    assert_eq!(all.settled, Some(TraceId::new(9)));
    let mut expected = sample_records().traces;
    expected.sort_by_key(|trace| trace.id);
    for (trace, mut expected) in all.traces.into_iter().zip(expected) {
        expected.op_name = match expected.op.as_str() {
            "-1" => "(系统操作)".to_owned(),
            "-2" => "用户".to_owned(),
            _ => "詹姆斯".to_owned(),
        };
        assert_eq!(trace, expected);
    }
    for limit in 1..7 {
        for (start, all) in [
            (FeedPosition::Oldest, vec![1, 2, 3, 5, 9]),
            (after(2), vec![3, 5, 9]),
            (after(9), vec![]),
            (after(70), vec![]),
        ] {
            let read = follow(&*feed, start, limit, &FeedFilter::default()).await;
            assert_eq!(read, all, "{limit} {start:?}");
        }
    }
}

pub(crate) async fn full_page_has_more_only_if_traces_follow(kind: Kind) {
    let database = Database::with(kind, sample_records());
    let feed = open(&database).await;

    let first = page(&*feed, FeedPosition::Oldest, 4, FeedFilter::default()).await;
    assert_eq!((first.next, first.has_more), (after(5), true));
    let last = page(&*feed, FeedPosition::Oldest, 5, FeedFilter::default()).await;
    assert_eq!((last.next, last.has_more), (after(9), false));
    let beyond = page(&*feed, after(70), 5, FeedFilter::default()).await;
    assert_eq!(
        (beyond.next, beyond.has_more),
        (after(70), false),
        "no position goes back"
    );
}

pub(crate) async fn descending_pages_begin_with_the_newest(kind: Kind) {
    let database = Database::with(kind, sample_records());
    let feed = open(&database).await;

    let first = page(&*feed, FeedPosition::Newest, 2, FeedFilter::default()).await;
    assert_eq!(opids(&first.traces), [9, 5]);
    assert_eq!((first.next, first.has_more), (before(5), true));
    assert_eq!(first.settled, Some(TraceId::new(9)));

    for limit in 1..7 {
        let read = follow(&*feed, FeedPosition::Newest, limit, &FeedFilter::default()).await;
        assert_eq!(read, [9, 5, 3, 2, 1]);
        let read = follow(&*feed, before(5), limit, &FeedFilter::default()).await;
        assert_eq!(read, [3, 2, 1]);
    }
    let nothing = page(&*feed, before(1), 2, FeedFilter::default()).await;
    assert_eq!((nothing.traces.len(), nothing.has_more), (0, false));
}

pub(crate) async fn new_traces_follow_the_end(kind: Kind) {
    let database = Database::with(kind, sample_records());
    let feed = open(&database).await;
    let end = page(&*feed, FeedPosition::End, 10, FeedFilter::default()).await;
    assert_eq!((end.traces.len(), end.next), (0, after(9)));

    for round in 0..3 {
        let traces = vec![
            trace_of(123, 20 + round, 30, "W007", "新"),
            trace_of(124, 30 + round, 20, "W007", "新"),
        ];
        database.insert(Records {
            traces,
            ..Records::default()
        });
        let next = page(&*feed, end.next, 10, FeedFilter::default()).await;
        assert_eq!(next.traces.len(), 2 * (usize::try_from(round).unwrap() + 1));
        assert_eq!(next.settled, Some(TraceId::new(30 + round)));
    }
}

pub(crate) async fn empty_feed_has_a_position(kind: Kind) {
    let database = Database::new(kind);
    let feed = open(&database).await;
    for start in [FeedPosition::Oldest, FeedPosition::Newest] {
        let empty = page(&*feed, start, 10, FeedFilter::default()).await;
        assert_eq!((empty.traces.len(), empty.has_more), (0, false));
    }
    let empty = page(&*feed, FeedPosition::Oldest, 10, FeedFilter::default()).await;
    database.insert(sample_records());
    let read = follow(&*feed, empty.next, 2, &FeedFilter::default()).await;
    assert_eq!(read, [1, 2, 3, 5, 9]);
}

/// Returns the filter for the traces of these tickets.
fn of_tickets(numbers: &[i64]) -> FeedFilter {
    FeedFilter {
        tickets: Some(numbers.iter().copied().map(ticket).collect()),
        ..FeedFilter::default()
    }
}

fn after_ten(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_unix_seconds(1_765_015_200 + seconds).ok()
}

/// A filter, a condition for the end of the range, and the ids of the traces that meet both.
type Case = (FeedFilter, fn(&mut FeedFilter), &'static [i64]);

pub(crate) async fn page_has_traces_that_meet_all_conditions(kind: Kind) {
    let database = Database::with(kind, sample_records());
    let feed = open(&database).await;
    let all = FeedFilter::default;
    let cases: [Case; 15] = [
        (of_tickets(&[123]), |_| (), &[1, 3]),
        (of_tickets(&[124, 123]), |_| (), &[1, 2, 3, 5, 9]),
        (of_tickets(&[125, i64::MAX]), |_| (), &[]),
        (of_tickets(&[]), |_| (), &[]),
        (all(), |only| only.since = after_ten(60), &[2, 3, 5]),
        (all(), |only| only.until = after_ten(60), &[1, 9]),
        (
            of_tickets(&[124]),
            |only| only.until = after_ten(61),
            &[2, 5, 9],
        ),
        (all(), |only| only.op = Some("W007".into()), &[3, 5]),
        (
            of_tickets(&[124]),
            |only| only.op = Some("W007".into()),
            &[5],
        ),
        (all(), |only| only.op = Some("W008".into()), &[]),
        (
            all(),
            |only| only.statuses = vec![Status::Solved, Status::Scheduled],
            &[2, 3],
        ),
        (
            all(),
            |only| only.statuses = vec![Status::Fresh, Status::Canceled],
            &[1],
        ),
        (
            all(),
            |only| only.priorities = vec![Priority::InPassing],
            &[2],
        ),
        (
            all(),
            |only| only.categories = vec![Category::ClientOrAccount],
            &[2],
        ),
        (
            all(),
            |only| {
                only.statuses = vec![Status::Scheduled];
                only.priorities = vec![Priority::Mainline];
            },
            &[],
        ),
    ];
    for (mut filter, change, expected) in cases {
        change(&mut filter);
        for limit in [1, 2, 100] {
            let ascending = follow(&*feed, FeedPosition::Oldest, limit, &filter).await;
            assert_eq!(ascending, expected, "{filter:?}");
            let descending = follow(&*feed, FeedPosition::Newest, limit, &filter).await;
            assert!(descending.iter().rev().eq(expected), "{filter:?}");
        }
        let page = page(&*feed, FeedPosition::Oldest, 100, filter).await;
        assert_eq!(page.next, after(9), "the position is that of the feed");
    }
}

pub(crate) async fn page_with_conditions_scans_a_limited_number(kind: Kind) {
    let database = Database::with(kind, sample_records());
    database.execute(match kind {
        Kind::Sqlite => {
            "with recursive n (n) as (select 10 union all select n + 1 from n where n < 60000)
             insert into ticket_traces (opid, tid, updated_at, op, remark) select n, 123, 0, '-1', '' from n"
        }
        Kind::Postgres | Kind::WtsV3 => {
            "set session_replication_role = replica;
             insert into wts.ticket_traces (opid, tid, op, remark) overriding system value
             select n, 123, '-1', '' from generate_series(10, 60000) n"
        }
    });
    let feed = open(&database).await;
    let filter = FeedFilter {
        op: Some(StaffId::from("W007")),
        ..FeedFilter::default()
    };

    let first = page(&*feed, after(5), 10, filter.clone()).await;
    assert_eq!((first.traces.len(), first.has_more), (0, true));
    // Traces 9 and 10 to 50,008.
    assert_eq!(first.next, after(50_008));
    let last = page(&*feed, first.next, 10, filter.clone()).await;
    assert_eq!((last.next, last.has_more), (after(60_000), false));

    let newest = page(&*feed, FeedPosition::Newest, 10, filter.clone()).await;
    assert_eq!((newest.traces.len(), newest.has_more), (0, true));
    assert_eq!(newest.next, before(10_001));
    let oldest = page(&*feed, newest.next, 10, filter).await;
    assert_eq!(opids(&oldest.traces), [5, 3]);
    assert!(!oldest.has_more);
}

pub(crate) async fn issuers_and_ranks_are_found(kind: Kind) {
    let database = Database::with(kind, sample_records());
    let feed = open(&database).await;
    let find = async |tickets: &[i64], rank_of: Option<&str>| {
        let query = IssuerQuery {
            tickets: tickets.iter().copied().map(ticket).collect(),
            rank_of: rank_of.map(StudentId::from),
        };
        feed.find_issuers(&query)
            .await
            .expect("the database answers")
    };
    let issuers = |of: &[(TicketId, &str)]| {
        let of = of.iter().map(|(id, sid)| (*id, StudentId::from(*sid)));
        of.collect()
    };

    let found = find(&[125, 123, 7, i64::MAX], None).await;
    let expected = FoundIssuers {
        issuers: issuers(&[(ticket(125), BOB), (ticket(123), ALICE)]),
        rank: None,
    };
    assert_eq!(found, expected);
    let found = find(&[124], Some("2022310007")).await;
    let expected = FoundIssuers {
        issuers: issuers(&[(ticket(124), BOB)]),
        rank: Some(Access::FormalMember),
    };
    assert_eq!(found, expected);
    for (student, rank) in [
        (ALICE, Access::User),
        ("unknown", Access::Unregistered),
        ("\0", Access::Unregistered),
    ] {
        assert_eq!(find(&[], Some(student)).await.rank, Some(rank));
    }
}
