//! The statement that reads a history from SQLite. In a process of its own, which records the events of all connections.
#![expect(clippy::unwrap_used, reason = "a test stops where it stands")]

#[path = "fill/mod.rs"]
mod fill;

use std::sync::Mutex;

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation},
    sql_query,
    sql_types::Text,
};
use wts_adapter_db::connect;
use wts_testkit::{Database, Kind, find};

use crate::fill::fill;

/// The statements that connections have sent; `None` for one that was prepared.
static SENT: Mutex<Vec<Option<String>>> = Mutex::new(Vec::new());

struct Recorder;

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        let sent = match event {
            InstrumentationEvent::CacheQuery { .. } => None,
            InstrumentationEvent::StartQuery { query, .. } => Some(query.to_string()),
            _ => return,
        };
        SENT.lock().unwrap().push(sent);
    }
}

#[tokio::test]
async fn each_read_is_one_prepared_statement_that_uses_the_index() {
    let database = Database::without_tables(Kind::Sqlite);
    fill(&database, 5_000).await;
    set_default_instrumentation(|| Some(Box::new(Recorder))).unwrap();
    let histories = connect(&database.owner_url()).await.unwrap();
    // Every connection that one query at a time can reach has prepared the statement.
    for _ in 0..20 {
        find(&*histories, 130).await.unwrap().unwrap();
    }
    SENT.lock().unwrap().clear();

    for _ in 0..50 {
        find(&*histories, 131).await.unwrap().unwrap();
    }

    let sent = std::mem::take(&mut *SENT.lock().unwrap());
    let sent: Option<Vec<_>> = sent.into_iter().collect();
    let sent = sent.expect("none is prepared again");
    assert_eq!(sent.len(), 50);
    let plan = plan(&database, sent[0].split(" -- binds").next().unwrap());
    assert!(
        plan.contains("SEARCH ticket_traces USING INDEX ticket_traces_in_order"),
        "{plan}"
    );
    for dear in ["SCAN", "TEMP B-TREE", "AUTOMATIC"] {
        assert!(!plan.contains(dear), "{plan}");
    }
}

fn plan(database: &Database, sql: &str) -> String {
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
