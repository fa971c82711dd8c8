//! How databases go about the statements that read histories. In a process of its own, which listens to all connections.
#![expect(clippy::unwrap_used, reason = "a test stops where it stands")]

mod fill;

use std::sync::Mutex;

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation},
    sql_query,
    sql_types::Text,
};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};
use wts_adapter_db::connect;
use wts_testkit::{Database, Kind, find};

use crate::fill::fill;

static ASKED: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Listener;

impl Instrumentation for Listener {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let statement = query.to_string();
            let sql = statement.split(" -- binds").next();
            ASKED.lock().unwrap().extend(sql.map(str::to_owned));
        }
    }
}

/// Plans depend on how much there is: a ticket of a few thousand is found by an index, one of three by looking at all.
const TICKETS: u64 = 5_000;

/// The statements with which the traces of a ticket are read.
async fn statements(database: &Database) -> Vec<String> {
    let histories = connect(&database.owner_url()).await.unwrap();
    ASKED.lock().unwrap().clear();
    find(&*histories, 130).await.unwrap().unwrap();
    let mut asked = std::mem::take(&mut *ASKED.lock().unwrap());
    asked.retain(|sql| sql.to_lowercase().starts_with("select"));
    asked.dedup();
    asked
}

#[tokio::test]
async fn histories_are_found_by_an_index_and_not_sorted() {
    set_default_instrumentation(|| Some(Box::new(Listener))).unwrap();
    for kind in [Kind::Postgres, Kind::WtsV3] {
        let database = Database::without_tables(kind);
        fill(&database, TICKETS).await;
        let [histories, names] = &statements(&database).await[..] else {
            panic!("one statement reads histories, and one names")
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
        for dear in ["Sort", "Seq Scan", "Hash", "Materialize"] {
            assert!(!plan.contains(dear), "{kind:?}: {plan}");
        }
        // There are few operators, and as many students as there are people.
        let plan = plan_in_postgres(&database, names, "text[]", "'{W001, W002}'").await;
        assert!(plan.contains("Index Scan using students_pkey"), "{plan}");
    }
    let database = Database::without_tables(Kind::Sqlite);
    fill(&database, TICKETS).await;
    let [histories] = &statements(&database).await[..] else {
        panic!("one statement reads histories")
    };

    let plan = plan_in_sqlite(&database, histories);

    assert!(
        plan.contains("SEARCH ticket_traces USING INDEX ticket_traces_in_order"),
        "{plan}"
    );
    for dear in ["SCAN", "TEMP B-TREE", "AUTOMATIC"] {
        assert!(!plan.contains(dear), "{plan}");
    }
}

/// The plan that every execution shares: the one that is made for tickets in general.
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
