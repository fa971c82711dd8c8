//! What a read costs in conversations with the database. In a process of its own, which it listens to as a whole.
#![expect(clippy::unwrap_used, reason = "a test stops where it stands")]

use std::sync::Mutex;

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use wts_adapter_db::connect;
use wts_testkit::{Database, Kind, campus, find};

/// What connections have done since last looked.
static HEARD: Mutex<Vec<Heard>> = Mutex::new(Vec::new());

#[derive(Debug, PartialEq)]
enum Heard {
    Prepared,
    Asked,
}

struct Listener;

impl Instrumentation for Listener {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        let heard = match event {
            InstrumentationEvent::CacheQuery { .. } => Heard::Prepared,
            InstrumentationEvent::StartQuery { .. } => Heard::Asked,
            _ => return,
        };
        HEARD.lock().unwrap().push(heard);
    }
}

#[tokio::test]
async fn a_read_is_one_statement_and_one_for_names_that_are_not_certain_each_prepared_once() {
    for kind in [Kind::Sqlite, Kind::Postgres, Kind::WtsV3] {
        let database = Database::with(kind, campus());
        set_default_instrumentation(|| Some(Box::new(Listener))).unwrap();
        let histories = connect(&database.parsed_url()).await.unwrap();
        // Every connection that one question at a time can reach has met the statement.
        for _ in 0..20 {
            find(&*histories, 123).await.unwrap();
        }
        HEARD.lock().unwrap().clear();

        for _ in 0..50 {
            assert_eq!(
                find(&*histories, 124).await.unwrap().unwrap().traces.len(),
                3
            );
        }

        let heard = std::mem::take(&mut *HEARD.lock().unwrap());
        let asked = heard.iter().filter(|event| **event == Heard::Asked).count();
        assert_eq!(asked, heard.len(), "{kind:?}: none is prepared again");
        // Other tests write to the same server, so that there is no telling how often names are not certain.
        let most = if kind == Kind::Sqlite { 50 } else { 100 };
        assert!((50..=most).contains(&asked), "{kind:?}: {asked}");
        set_default_instrumentation(|| None).unwrap();
    }
}
