//! Tests of the number and the plans of the statements that read histories. They run in a separate process because they
//! record the events of all connections.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod fill;

use std::sync::Mutex;

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation},
    sql_query,
    sql_types::Text,
};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};
use wts_adapter_db::{connect, repositories};
use wts_app::{FeedFilter, FeedPosition, FeedRepository, HistoryQuery, PageQuery};
use wts_domain::{StudentId, TraceId};
use wts_testkit::{Database, Kind, Records, find, sample_records, ticket, trace_of};

use crate::fill::fill;

/// The recorded events of all connections.
static EVENTS: Mutex<Vec<Event>> = Mutex::new(Vec::new());

/// The lock that a test holds while it records events.
static RECORDING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[derive(Debug)]
enum Event {
    Prepared,
    Sent(String),
}

struct Recorder;

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        let event = match event {
            InstrumentationEvent::CacheQuery { .. } => Event::Prepared,
            InstrumentationEvent::StartQuery { query, .. } => Event::Sent(query.to_string()),
            _ => return,
        };
        EVENTS.lock().unwrap().push(event);
    }
}

/// Returns the events since the last call.
fn take_events() -> Vec<Event> {
    std::mem::take(&mut *EVENTS.lock().unwrap())
}

/// The number of tickets in the database. With a few thousand tickets, the planner uses indexes; with three, it would
/// scan the tables.
const TICKETS: u64 = 5_000;

/// Returns the statements that read the traces of a ticket.
async fn statements(database: &Database) -> Vec<String> {
    let histories = connect(&database.owner_url()).await.unwrap();
    take_events();
    find(&*histories, 130).await.unwrap().unwrap();
    let mut statements = Vec::new();
    for event in take_events() {
        if let Event::Sent(statement) = event
            && let Some(sql) = statement.split(" -- binds").next()
            && sql.to_lowercase().starts_with("select")
        {
            statements.push(sql.to_owned());
        }
    }
    statements.dedup();
    statements
}

#[tokio::test]
async fn histories_are_read_by_index_without_sorting() {
    let _recording = RECORDING.lock().await;
    set_default_instrumentation(|| Some(Box::new(Recorder))).unwrap();
    for kind in [Kind::Postgres, Kind::WtsV3] {
        let database = Database::without_tables(kind);
        fill(&database, TICKETS).await;
        let [histories, names] = &statements(&database).await[..] else {
            panic!("expected one statement for histories and one for operator names")
        };

        let plan = plan_in_postgres(
            &database,
            histories,
            "bigint, bigint[]",
            "201, '{130, 131}'",
        )
        .await;

        assert!(plan.contains("Index Scan using tickets_pkey"), "{plan}");
        assert!(plan.contains("using ticket_traces_"), "{plan}");
        for expensive in ["Sort", "Seq Scan", "Hash", "Materialize"] {
            assert!(!plan.contains(expensive), "{kind:?}: {plan}");
        }
        // Operators are few, but there are many students.
        let plan = plan_in_postgres(&database, names, "text[]", "'{W001, W002}'").await;
        assert!(plan.contains("Index Scan using students_pkey"), "{plan}");
    }
    let database = Database::without_tables(Kind::Sqlite);
    fill(&database, TICKETS).await;
    let [histories] = &statements(&database).await[..] else {
        panic!("expected one statement for histories")
    };

    let plan = plan_in_sqlite(&database, histories);

    assert!(
        plan.contains("SEARCH ticket_traces USING INDEX ticket_traces_in_order"),
        "{plan}"
    );
    for expensive in ["SCAN", "TEMP B-TREE", "AUTOMATIC"] {
        assert!(!plan.contains(expensive), "{plan}");
    }
}

#[tokio::test]
async fn each_read_sends_one_or_two_prepared_statements() {
    let _recording = RECORDING.lock().await;
    for kind in [Kind::Sqlite, Kind::Postgres, Kind::WtsV3] {
        let database = Database::with(kind, sample_records());
        set_default_instrumentation(|| Some(Box::new(Recorder))).unwrap();
        let histories = connect(&database.parsed_url()).await.unwrap();
        // Lets every connection prepare its statements.
        for _ in 0..20 {
            find(&*histories, 123).await.unwrap();
        }
        take_events();

        for _ in 0..50 {
            let history = find(&*histories, 124).await.unwrap().unwrap();
            assert_eq!(history.traces.len(), 3);
        }

        let events = take_events();
        let is_sent = |event: &&Event| matches!(event, Event::Sent(_));
        let sent = events.iter().filter(is_sent).count();
        assert_eq!(
            sent,
            events.len(),
            "{kind:?}: no statement is prepared again"
        );
        // Other tests write to the same server, so names may be read again.
        let most = if kind == Kind::Sqlite { 50 } else { 100 };
        assert!((50..=most).contains(&sent), "{kind:?}: {sent}");
        set_default_instrumentation(|| None).unwrap();
    }
}

/// The statements since the last call.
fn take_statements() -> Vec<String> {
    let events = take_events().into_iter();
    let sent = events.filter_map(|event| match event {
        Event::Sent(sql) => Some(sql.split(" -- binds").next().unwrap_or_default().to_owned()),
        Event::Prepared => None,
    });
    sent.collect()
}

/// Reads a page of 10 traces and returns how many there were.
async fn read_page(feed: &dyn FeedRepository, start: FeedPosition, filter: FeedFilter) -> usize {
    let query = PageQuery {
        start,
        limit: 10,
        filter,
    };
    feed.read_page(&query).await.unwrap().traces.len()
}

#[tokio::test]
async fn page_takes_two_statements_and_one_if_nothing_is_new() {
    let _turn = RECORDING.lock().await;
    set_default_instrumentation(|| Some(Box::new(Recorder))).unwrap();
    for kind in [Kind::Postgres, Kind::WtsV3] {
        let database = Database::with(kind, sample_records());
        let traces = (20..60).map(|id| trace_of(124, id, id, "W007", ""));
        database.insert(Records {
            traces: traces.collect(),
            ..Records::default()
        });
        let feed = repositories(&database.parsed_url()).await.unwrap().feed;
        let read = async |start| {
            let read = read_page(&*feed, start, FeedFilter::default()).await;
            (read, take_statements().len())
        };
        let after = |id| FeedPosition::After(TraceId::new(id));
        read(FeedPosition::Oldest).await;

        assert_eq!(read(FeedPosition::Oldest).await, (10, 1), "a full page");
        assert_eq!(read(after(59)).await, (0, 1), "the end");
        assert_eq!(read(after(55)).await, (4, 2), "the last page");
        assert_eq!(read(FeedPosition::Before(TraceId::new(50))).await, (10, 1));
        assert_eq!(read(FeedPosition::Newest).await, (10, 2));
    }
    set_default_instrumentation(|| None).unwrap();
}

#[tokio::test]
async fn watcher_reads_take_one_statement_by_index() {
    let _turn = RECORDING.lock().await;
    set_default_instrumentation(|| Some(Box::new(Recorder))).unwrap();
    for kind in [Kind::Postgres, Kind::WtsV3] {
        let database = Database::without_tables(kind);
        fill(&database, TICKETS).await;
        let watch = repositories(&database.owner_url()).await.unwrap().watch;
        let mut plans = Vec::new();
        let mut add_plan = async |types, values| {
            let statements = take_statements();
            let [sql] = &statements[..] else {
                panic!("expected one statement, found {statements:#?}")
            };
            plans.push(plan_in_postgres(&database, sql, types, values).await);
        };
        // The connections are opened first.
        watch.read_news(None).await.unwrap();
        watch.find_all(&[]).await.unwrap();
        take_events();
        watch.read_news(Some(TraceId::new(0))).await.unwrap();
        add_plan("bigint, bigint", "90000, 0").await;
        let query = |number| HistoryQuery {
            ticket: ticket(number),
            rank_of: Some(StudentId::from("2024310001")),
        };
        let queries: Vec<_> = (130..630).map(query).collect();
        watch.find_all(&queries).await.unwrap();
        let types = "bigint, bigint[], text[]";
        add_plan(types, "201, '{130, 131}', '{2024310001}'").await;

        for plan in plans {
            assert!(plan.contains("using ticket_traces_"), "{kind:?}: {plan}");
            assert!(plan.contains("students_pkey"), "{kind:?}: {plan}");
            // The students whose ranks are read may be a large part of this small table.
            assert!(!plan.contains("Seq Scan on ticket"), "{kind:?}: {plan}");
        }
    }
    set_default_instrumentation(|| None).unwrap();
}

#[tokio::test]
async fn traces_of_tickets_are_found_by_an_index() {
    let _turn = RECORDING.lock().await;
    set_default_instrumentation(|| Some(Box::new(Recorder))).unwrap();
    for kind in [Kind::Postgres, Kind::WtsV3] {
        let database = Database::without_tables(kind);
        fill(&database, TICKETS).await;
        let feed = repositories(&database.owner_url()).await.unwrap().feed;
        let plan_of = async |start, tickets: Option<Vec<_>>, types, values| {
            let filter = FeedFilter {
                tickets,
                ..FeedFilter::default()
            };
            read_page(&*feed, start, filter).await;
            let sql = take_statements().pop().unwrap();
            plan_in_postgres(&database, &sql, types, values).await
        };
        for start in [FeedPosition::Oldest, FeedPosition::Newest] {
            let types = "bigint[], bigint, bigint, bigint";
            let plan = plan_of(
                start,
                Some(vec![ticket(130)]),
                types,
                "'{130}', 0, 90000, 11",
            )
            .await;
            assert!(
                plan.contains("using ticket_traces_")
                    && !plan.contains("Seq Scan on ticket_traces"),
                "{plan}"
            );
            assert!(!plan.contains("using ticket_traces_pkey"), "{plan}");
            let plan = plan_of(start, None, "bigint, bigint, bigint", "0, 90000, 11").await;
            for index in ["ticket_traces_pkey", "students_pkey"] {
                assert!(plan.contains(index), "{kind:?}: {plan}");
            }
            for dear in ["Sort", "Seq Scan on ticket_traces", "Hash", "Merge"] {
                assert!(!plan.contains(dear), "{kind:?}: {plan}");
            }
        }
    }
    let database = Database::without_tables(Kind::Sqlite);
    fill(&database, TICKETS).await;
    let feed = repositories(&database.owner_url()).await.unwrap().feed;
    take_events();
    let filter = FeedFilter {
        tickets: Some(vec![ticket(130), ticket(131)]),
        ..FeedFilter::default()
    };
    read_page(&*feed, FeedPosition::Oldest, filter).await;
    let sql = take_statements().pop().unwrap();
    let plan = plan_in_sqlite(&database, &sql);
    assert!(
        plan.contains("SEARCH ticket_traces USING INDEX ticket_traces_in_order"),
        "{plan}"
    );
    set_default_instrumentation(|| None).unwrap();
}

/// Returns the generic plan, which is independent of the parameters.
async fn plan_in_postgres(database: &Database, sql: &str, types: &str, values: &str) -> String {
    let (client, driver) = tokio_postgres::connect(&database.owner_url_text(), NoTls)
        .await
        .unwrap();
    tokio::spawn(driver);
    client
        .batch_execute(&format!(
            "set plan_cache_mode = force_generic_plan; prepare read ({types}) as {sql}"
        ))
        .await
        .unwrap();
    lines(
        &client,
        &format!("explain (costs off) execute read ({values})"),
    )
    .await
}

async fn lines(client: &Client, sql: &str) -> String {
    let rows = client.simple_query(sql).await.unwrap();
    rows.iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn plan_in_sqlite(database: &Database, sql: &str) -> String {
    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    let url = database.url();
    let mut connection = SqliteConnection::establish(url.strip_prefix("sqlite:").unwrap()).unwrap();
    let steps: Vec<Step> = sql_query(format!("explain query plan {}", sql.replace('?', "7")))
        .load(&mut connection)
        .unwrap();
    let steps: Vec<_> = steps.into_iter().map(|step| step.detail).collect();
    steps.join("\n")
}
