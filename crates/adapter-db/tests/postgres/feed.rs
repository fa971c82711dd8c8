//! Tests that a reader of the feed gets every committed trace exactly once, even if traces are not committed in the order
//! of their ids.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use prometheus_client::{encoding::text::encode, registry::Registry};
use tokio::time::sleep;
use tokio_postgres::Client;
use wts_adapter_db::{Database as OpenDatabase, DatabaseMetrics, ReadSettings, repositories};
use wts_app::{
    FeedFilter, FeedPosition, FeedRepository, PageQuery, RepositoryError, TracePage,
    WatchRepository,
};
use wts_domain::{StaffId, TraceId};
use wts_testkit::{
    ALICE, Database, Endings, Kind, PostgresServer, TraceWriters, sample_records, server_with,
    ticket,
};

use crate::client;

const WRITERS: usize = 32;
const KINDS: [Kind; 2] = [Kind::Postgres, Kind::WtsV3];

async fn open(database: &Database) -> Arc<dyn FeedRepository> {
    repositories(&database.parsed_url()).await.unwrap().feed
}

async fn page(
    feed: &dyn FeedRepository,
    start: FeedPosition,
    limit: usize,
    filter: &FeedFilter,
) -> Result<TracePage, RepositoryError> {
    let query = PageQuery {
        start,
        limit,
        filter: filter.clone(),
    };
    feed.read_page(&query).await
}

/// A reader that follows the feed.
struct Follower {
    feed: Arc<dyn FeedRepository>,
    position: FeedPosition,
    limit: usize,
    filter: FeedFilter,
    seen: Vec<i64>,
}

impl Follower {
    fn new(feed: &Arc<dyn FeedRepository>, limit: usize, filter: FeedFilter) -> Self {
        Self {
            feed: Arc::clone(feed),
            position: FeedPosition::Oldest,
            limit,
            filter,
            seen: Vec::new(),
        }
    }

    /// Reads all pages that are available now, and returns the new ids.
    async fn advance(&mut self) -> Vec<i64> {
        let before = self.seen.len();
        loop {
            let page = page(&*self.feed, self.position, self.limit, &self.filter)
                .await
                .unwrap();
            self.seen
                .extend(page.traces.iter().map(|trace| trace.id.get()));
            self.position = page.next;
            if !page.has_more {
                return self.seen[before..].to_vec();
            }
        }
    }

    /// Follows the feed until `stop` is set, and then to the end.
    async fn follow(mut self, stop: Arc<AtomicBool>) -> Vec<i64> {
        while !stop.load(Relaxed) {
            self.advance().await;
            sleep(Duration::from_millis(5)).await;
        }
        self.advance().await;
        self.seen
    }
}

/// Follows the feed like the watcher.
async fn follow_news(watch: Arc<dyn WatchRepository>, stop: Arc<AtomicBool>) -> Vec<i64> {
    let mut seen = Vec::new();
    let mut position = Some(TraceId::new(0));
    loop {
        let is_last = stop.load(Relaxed);
        let news = watch.read_news(position).await.unwrap();
        seen.extend(news.settled.iter().map(|trace| trace.id.get()));
        position = news.next;
        if is_last && !news.has_more {
            return seen;
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// Follows the table like a naive reader, which assumes that traces are committed in the order of their ids.
async fn follow_naively(client: Client, stop: Arc<AtomicBool>) -> Vec<i64> {
    let mut seen = Vec::new();
    let mut last = 0;
    loop {
        let is_last = stop.load(Relaxed);
        let rows = client
            .query(
                "select opid::bigint from wts.ticket_traces where opid > $1::bigint order by opid",
                &[&last],
            )
            .await
            .unwrap();
        seen.extend(rows.iter().map(|row| row.get::<_, i64>(0)));
        last = seen.last().copied().unwrap_or(last);
        if is_last {
            return seen;
        }
        sleep(Duration::from_millis(5)).await;
    }
}

async fn committed(client: &Client, condition: &str) -> Vec<i64> {
    let sql = format!("select opid::bigint from wts.ticket_traces where {condition} order by opid");
    let rows = client.query(&sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_committed_trace_is_delivered_once() {
    for kind in KINDS {
        let database = Database::with(kind, sample_records());
        if kind == Kind::WtsV3 {
            database.execute("select setval('wts.ticket_traces_opid_seq', 100)");
        }
        let url = database.owner_url_text();
        TraceWriters::prepare(&url, WRITERS, ALICE).await;
        // Two instances.
        let feeds = [open(&database).await, open(&database).await];
        let stop = Arc::<AtomicBool>::default();
        let tickets: Vec<_> = (1_001..1_017).map(ticket).collect();
        let of_tickets = FeedFilter {
            tickets: Some(tickets),
            ..FeedFilter::default()
        };
        let of_system = FeedFilter {
            op: Some(StaffId::from("-1")),
            ..FeedFilter::default()
        };
        let followers = [
            (0, 1, FeedFilter::default(), "true"),
            (0, 7, FeedFilter::default(), "true"),
            (1, 100, FeedFilter::default(), "true"),
            (1, 5, of_tickets, "tid between 1001 and 1016"),
            (0, 100, of_system, "op = '-1'"),
        ];
        let followers = followers.map(|(instance, limit, filter, condition)| {
            let follower = Follower::new(&feeds[instance], limit, filter);
            (condition, tokio::spawn(follower.follow(Arc::clone(&stop))))
        });
        let watch = repositories(&database.parsed_url()).await.unwrap().watch;
        let news = tokio::spawn(follow_news(watch, Arc::clone(&stop)));
        let naive = client(&database).await;
        let naive = tokio::spawn(follow_naively(naive, Arc::clone(&stop)));

        let writers = TraceWriters::start(move || url.clone(), WRITERS, Endings::OnePhase);
        sleep(Duration::from_secs(3)).await;
        let transactions = writers.committed();
        writers.stop().await;
        stop.store(true, Relaxed);

        let observer = client(&database).await;
        let all = committed(&observer, "true").await;
        assert!(transactions > 100, "{transactions} transactions");
        for (condition, follower) in followers {
            let seen = follower.await.unwrap();
            assert_eq!(seen, committed(&observer, condition).await, "{kind:?}");
        }
        assert_eq!(news.await.unwrap(), all, "{kind:?}");
        let naive = naive.await.unwrap();
        assert!(
            naive.len() < all.len(),
            "{kind:?}: the order of ids is that of commits: this test cannot fail"
        );
    }
}

#[tokio::test]
async fn trace_waits_for_an_earlier_transaction_only() {
    for kind in KINDS {
        let database = Database::with(kind, sample_records());
        database.execute("select setval('wts.ticket_traces_opid_seq', 9)");
        let mut follower = Follower::new(&open(&database).await, 100, FeedFilter::default());
        let (early, late) = (client(&database).await, client(&database).await);
        let insert = |ticket: i64| {
            format!("insert into wts.ticket_traces (tid, op, remark) values ({ticket}, '-1', '')")
        };
        assert_eq!(follower.advance().await, [1, 2, 3, 5, 9]);

        // An id that follows without a gap is settled at once.
        late.batch_execute(&insert(123)).await.unwrap();
        early
            .batch_execute(&format!("begin; {}", insert(124)))
            .await
            .unwrap();
        assert_eq!(follower.advance().await, [10]);
        late.batch_execute(&insert(123)).await.unwrap();
        assert_eq!(follower.advance().await, []);
        // A later writer does not delay earlier traces.
        late.batch_execute(&format!("begin; {}", insert(123)))
            .await
            .unwrap();
        assert_eq!(follower.advance().await, []);
        early.batch_execute("commit").await.unwrap();
        assert_eq!(follower.advance().await, [11, 12]);
        early.batch_execute(&insert(124)).await.unwrap();
        assert_eq!(follower.advance().await, []);
        late.batch_execute("rollback").await.unwrap();
        assert_eq!(follower.advance().await, [14], "{kind:?}");

        // Locks that inserts do not take have no effect.
        early
            .batch_execute(
                "begin; lock table wts.ticket_traces in share update exclusive mode;
                 select from wts.ticket_traces where opid = 1 for update",
            )
            .await
            .unwrap();
        let gap = format!("begin; {}; rollback", insert(123));
        late.batch_execute(&gap).await.unwrap();
        late.batch_execute(&insert(123)).await.unwrap();
        assert_eq!(follower.advance().await, [16], "{kind:?}");
    }
}

#[tokio::test]
async fn feed_waits_for_writer_that_has_only_a_number() {
    for kind in KINDS {
        let database = Database::with(kind, sample_records());
        database.execute(
            "select setval('wts.ticket_traces_opid_seq', 9);
             create function wts.wait() returns trigger language plpgsql as $$ begin
                 if new.remark = 'wait' then perform pg_advisory_xact_lock(hashtext(current_database())); end if;
                 return new;
             end $$;
             create trigger wait before insert on wts.ticket_traces for each row execute function wts.wait()",
        );
        let mut follower = Follower::new(&open(&database).await, 100, FeedFilter::default());
        let [gate, hanging, other] = [
            client(&database).await,
            client(&database).await,
            client(&database).await,
        ];
        follower.advance().await;
        gate.batch_execute("select pg_advisory_lock(hashtext(current_database()))")
            .await
            .unwrap();
        let insert = "insert into wts.ticket_traces (tid, op, remark) values (123, '-1', 'wait')";
        let hanging = tokio::spawn(async move { hanging.batch_execute(insert).await });
        let has_number = "select from wts.ticket_traces_opid_seq where last_value = 10";
        while other.query(has_number, &[]).await.unwrap().is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
        other
            .batch_execute("insert into wts.ticket_traces (tid, op, remark) values (124, '-1', '')")
            .await
            .unwrap();
        assert_eq!(committed(&other, "opid > 9").await, [11]);

        for _ in 0..3 {
            assert_eq!(follower.advance().await, []);
        }
        gate.batch_execute("select pg_advisory_unlock(hashtext(current_database()))")
            .await
            .unwrap();
        hanging.await.unwrap().unwrap();
        assert_eq!(follower.advance().await, [10, 11], "{kind:?}");
    }
}

#[tokio::test]
async fn feed_waits_for_writer_to_inheriting_table() {
    let database = Database::with(Kind::Postgres, sample_records());
    database.execute(
        "create table wts.other_traces () inherits (wts.ticket_traces);
         alter table wts.other_traces alter column opid set default nextval('wts.ticket_traces_opid_seq');
         grant select on wts.other_traces to public",
    );
    let mut follower = Follower::new(&open(&database).await, 100, FeedFilter::default());
    let (early, late) = (client(&database).await, client(&database).await);
    follower.advance().await;
    early
        .batch_execute(
            "begin; insert into wts.other_traces (tid, op, remark) values (123, '-1', '')",
        )
        .await
        .unwrap();
    late.batch_execute("insert into wts.ticket_traces (tid, op, remark) values (123, '-1', '')")
        .await
        .unwrap();
    assert_eq!(follower.advance().await, []);
    early.batch_execute("commit").await.unwrap();
    assert_eq!(follower.advance().await, [10, 11]);
}

/// Waits until the metric of the feed's waiting time meets a condition.
async fn wait_for_metric(metrics: &DatabaseMetrics, condition: fn(f64) -> bool) {
    let mut registry = Registry::default();
    metrics.register(&mut registry);
    let begun = Instant::now();
    loop {
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let sample = r#"wts_database_feed_wait_seconds{database="primary"} "#;
        let value = text.lines().find_map(|line| line.strip_prefix(sample));
        if value.is_some_and(|value| condition(value.parse().unwrap())) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{text}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn feed_wait_metric_is_updated_without_requests() {
    for kind in KINDS {
        let database = Database::with(kind, sample_records());
        database.execute("select setval('wts.ticket_traces_opid_seq', 9)");
        let (early, late) = (client(&database).await, client(&database).await);
        let insert = |ticket: i64| {
            format!("insert into wts.ticket_traces (tid, op, remark) values ({ticket}, '-1', '')")
        };
        early
            .batch_execute(&format!("begin; {}", insert(124)))
            .await
            .unwrap();

        let metrics = DatabaseMetrics::default();
        let settings = ReadSettings::default();
        let opened = OpenDatabase::open(&database.parsed_url(), &settings, &metrics)
            .await
            .unwrap();
        late.batch_execute(&insert(123)).await.unwrap();
        wait_for_metric(&metrics, |seconds| seconds > 1.5).await;
        early.batch_execute("commit").await.unwrap();
        wait_for_metric(&metrics, |seconds| seconds == 0.0).await;

        let feed = opened.repositories().feed;
        late.batch_execute(&format!("begin; {}", insert(124)))
            .await
            .unwrap();
        let end = page(&*feed, FeedPosition::End, 1, &FeedFilter::default()).await;
        let expected = FeedPosition::After(TraceId::new(11));
        assert_eq!(end.unwrap().next, expected, "{kind:?}");
    }
}

#[tokio::test]
async fn horizon_waits_for_prepared_transaction_after_restart() {
    let server = PostgresServer::start(&["max_prepared_transactions=10"]).unwrap();
    let url = server.url("postgres");
    wts_adapter_db::migrate(&url.parse().unwrap())
        .await
        .unwrap();
    for statement in [
        "insert into data.students values ('a', '')",
        "insert into wts.operators values ('-1', 'a', 'api')",
        "insert into wts.tickets (issuer, submitted_at, category, description) values ('a', now(), 'others', '')",
        "insert into wts.ticket_traces (tid, op, remark) values (1, '-1', '')",
        "begin; insert into wts.ticket_traces (tid, op, remark) values (1, '-1', ''); prepare transaction 'p'",
        "insert into wts.ticket_traces (tid, op, remark) values (1, '-1', '')",
    ] {
        let (client, driver) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(driver);
        client.batch_execute(statement).await.unwrap();
    }
    let feed = repositories(&url.parse().unwrap()).await.unwrap().feed;
    let mut follower = Follower::new(&feed, 100, FeedFilter::default());
    assert_eq!(follower.advance().await, []);
    assert_eq!(follower.advance().await, []);

    server.kill();
    server.restart().unwrap();

    assert_eq!(follower.advance().await, []);
    assert_eq!(follower.advance().await, []);
    server.execute("commit prepared 'p'").unwrap();
    assert_eq!(follower.advance().await, [1, 2, 3]);
}

#[tokio::test]
async fn feed_is_not_read_from_a_standby() {
    let primary = server_with(sample_records());
    let standby = primary.start_standby().unwrap();
    let feed = repositories(&standby.url("postgres").parse().unwrap())
        .await
        .unwrap()
        .feed;
    let outcome = page(&*feed, FeedPosition::Oldest, 1, &FeedFilter::default()).await;
    let Err(RepositoryError::Failed(cause)) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(cause.to_string().contains("standby"), "{cause}");
}
