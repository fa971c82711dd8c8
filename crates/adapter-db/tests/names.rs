//! Names of operators, which PostgreSQL is not asked for again while nobody writes.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops where it stands"
)]

use tokio_postgres::{Client, NoTls};
use wts_adapter_db::connect;
use wts_app::HistoryRepository;
use wts_testkit::{Database, Kind, campus, find};

async fn client(database: &Database) -> Client {
    let (client, driver) = tokio_postgres::connect(&database.owner_url_text(), NoTls)
        .await
        .unwrap();
    tokio::spawn(driver);
    client
}

async fn name(histories: &dyn HistoryRepository) -> String {
    let found = find(histories, 123).await.unwrap().unwrap();
    found.traces[1].op_name.clone()
}

#[tokio::test]
async fn who_commits_late_is_seen_although_others_who_began_later_committed_before() {
    for kind in [Kind::Postgres, Kind::WtsV3] {
        let database = Database::with(kind, campus());
        let histories = connect(&database.parsed_url()).await.unwrap();
        let (early, late) = (client(&database).await, client(&database).await);
        early
            .batch_execute("begin; update data.students set name = '小詹' where sid = '2022310007'")
            .await
            .unwrap();
        late.batch_execute("insert into data.students values ('x', 'y')")
            .await
            .unwrap();
        for _ in 0..3 {
            assert_eq!(name(&*histories).await, "詹姆斯");
        }

        early.batch_execute("commit").await.unwrap();

        assert_eq!(name(&*histories).await, "小詹", "{kind:?}");
    }
}
