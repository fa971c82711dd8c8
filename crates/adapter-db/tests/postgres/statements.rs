//! The statements that read histories: how many there are, when they are sent, and how PostgreSQL plans them.

use std::sync::atomic::Ordering::SeqCst;

use tokio_postgres::{Client, SimpleQueryMessage};
use wts_adapter_db::connect;
use wts_app::FoundHistory;
use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, campus, find, query_with_rank};

use crate::{client, fill::fill, proxy::Proxy};

/// Plans depend on how much there is: a ticket of a few thousand is found by an index, one of three by a scan.
const TICKETS: u64 = 5_000;

#[tokio::test]
async fn rank_is_queried_before_the_history_has_arrived() {
    for kind in [Kind::Postgres, Kind::WtsV3] {
        let database = Database::with(kind, campus());
        let (proxy, url) = Proxy::start(&database.url()).await;
        let histories = connect(&url).await.unwrap();
        let query = query_with_rank(123, ALICE);
        // The statements are prepared.
        histories.find(&query).await.unwrap();

        proxy.reset();
        proxy.holds.store(true, SeqCst);
        let FoundHistory { history, rank } = histories.find(&query).await.unwrap();

        assert_eq!((history.is_some(), rank), (true, Some(Access::User)));
        assert!(proxy.syncs.load(SeqCst) >= 2);
    }
}

#[tokio::test]
async fn each_read_is_one_prepared_statement_and_one_for_names() {
    for kind in [Kind::Postgres, Kind::WtsV3] {
        let database = Database::with(kind, campus());
        let (proxy, url) = Proxy::start(&database.url()).await;
        let histories = connect(&url).await.unwrap();
        // Every connection that one query at a time can reach has prepared the statements.
        for _ in 0..20 {
            find(&*histories, 123).await.unwrap();
        }

        proxy.reset();
        for _ in 0..50 {
            let history = find(&*histories, 124).await.unwrap().unwrap();
            assert_eq!(history.traces.len(), 3);
        }

        assert!(proxy.prepared.lock().unwrap().is_empty(), "{kind:?}");
        // Other tests write to the same server, so that names may be read again.
        let sent = proxy.syncs.load(SeqCst);
        assert!((50..=100).contains(&sent), "{kind:?}: {sent}");
    }
}

#[tokio::test]
async fn histories_are_found_by_an_index_and_not_sorted() {
    for kind in [Kind::Postgres, Kind::WtsV3] {
        let database = Database::without_tables(kind);
        fill(&database, TICKETS).await;
        let (proxy, url) = Proxy::start(&database.owner_url_text()).await;
        let histories = connect(&url).await.unwrap();
        proxy.reset();
        find(&*histories, 130).await.unwrap().unwrap();
        let mut statements = proxy.prepared.lock().unwrap().clone();
        // The driver itself looks up the types of enums.
        statements.retain(|sql| !sql.contains("pg_catalog"));
        let [histories, names] = &statements[..] else {
            panic!("one statement reads histories, and one names: {statements:?}")
        };

        let client = client(&database).await;
        let types = "bigint, bigint[]";
        let plan = plan(&client, histories, types, "201, '{130, 131}'").await;

        assert!(plan.contains("Index Scan using tickets_pkey"), "{plan}");
        assert!(plan.contains("using ticket_traces_"), "{plan}");
        for dear in ["Sort", "Seq Scan", "Hash", "Materialize"] {
            assert!(!plan.contains(dear), "{kind:?}: {plan}");
        }
        // There are few operators, and as many students as there are people.
        let plan = self::plan(&client, names, "text[]", "'{W001, W002}'").await;
        assert!(plan.contains("Index Scan using students_pkey"), "{plan}");
    }
}

/// The generic plan, which every execution shares.
async fn plan(client: &Client, sql: &str, types: &str, values: &str) -> String {
    let prepare = format!(
        "set plan_cache_mode = force_generic_plan; deallocate all; prepare read ({types}) as {sql}"
    );
    client.batch_execute(&prepare).await.unwrap();
    let explain = format!("explain (costs off) execute read ({values})");
    let rows = client.simple_query(&explain).await.unwrap();
    let lines = rows.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}
