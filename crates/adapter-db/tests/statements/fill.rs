//! Fills a database with sample data, stored in the order in which a service would have written it.

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use tokio_postgres::NoTls;
use wts_adapter_db::{migrate, sink};
use wts_app::copy_histories;
use wts_generator::{SampleData, SampleDataSource};
use wts_testkit::{Database, Kind};

/// SQL that orders the traces by time, because an import stores the traces of a ticket next to each other. SQLite
/// orders them by id.
const IN_ORDER_OF_TIME: &str = include_str!("../../../testkit/src/database/in_order_of_time.sql");
/// SQL that moves imported rows to the tables of a WTS v3 database, because `wts import` cannot import into one.
const TO_WTS_V3: &str = include_str!("../../../testkit/src/database/to_wts_v3.sql");
const WTS_V3_SCHEMA: &str = include_str!("../../../testkit/src/database/wts_v3.sql");

/// Creates the tables in an empty database, and imports this number of tickets.
pub(crate) async fn fill(database: &Database, tickets: u64) {
    let url = database.owner_url();
    migrate(&url).await.unwrap();
    let source = SampleDataSource::new(SampleData {
        seed: 1,
        tickets,
        days: 3 * 365,
    });
    let sink = sink(&url).await.unwrap();
    tokio::task::spawn_blocking(move || copy_histories(Box::new(source), sink, &mut ()))
        .await
        .unwrap()
        .unwrap();
    let script = match database.kind() {
        Kind::Sqlite => {
            let url = database.url();
            let file = url.strip_prefix("sqlite:").unwrap();
            let mut connection = SqliteConnection::establish(file).unwrap();
            return connection.batch_execute("analyze").unwrap();
        }
        Kind::Postgres => IN_ORDER_OF_TIME.to_owned(),
        Kind::WtsV3 => TO_WTS_V3.replace("{schema}", WTS_V3_SCHEMA),
    };
    let url = database.owner_url_text();
    let (client, driver) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(driver);
    // Disables triggers, which would insert more rows.
    client
        .batch_execute("set session_replication_role = replica")
        .await
        .unwrap();
    client.batch_execute(&script).await.unwrap();
    client.batch_execute("vacuum analyze").await.unwrap();
}
