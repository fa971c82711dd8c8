//! Tests of the replica router with a fake replica and a fake primary.

use tokio::time::sleep;
use wts_domain::{StudentId, TicketHistory, TicketId};

use super::*;
use crate::metrics::DatabaseMetrics;

/// The issuer of every ticket is the name of the database that returned the ticket.
const REPLICA: &str = "replica";
const PRIMARY: &str = "primary";

/// A database that sends its response in parts, with the same delay before each part.
struct SlowDatabase {
    name: &'static str,
    parts: u32,
    each: Duration,
    health: DatabaseHealth,
}

#[async_trait]
impl HistoryRepository for SlowDatabase {
    async fn find(&self, _: &HistoryQuery) -> Result<FoundHistory, RepositoryError> {
        for _ in 0..self.parts {
            sleep(self.each).await;
            self.health.record_activity();
        }
        let history = TicketHistory::new(StudentId::from(self.name), Vec::new());
        Ok(FoundHistory {
            history: Some(Arc::new(history)),
            rank: None,
        })
    }
}

/// Returns the name of the database that responds if the replica sends `parts` parts, each after a delay of `each`, and
/// the primary is queried after `replica_timeout` without data.
async fn responding_database(parts: u32, each: Duration, replica_timeout: Duration) -> String {
    let health = DatabaseHealth::new("replica", &DatabaseMetrics::default());
    let database = |name, parts, each| SlowDatabase {
        name,
        parts,
        each,
        health: health.clone(),
    };
    let replica = Replica::new(
        Arc::new(database(REPLICA, parts, each)),
        health.clone(),
        Duration::from_secs(1_000),
    );
    replica.set_caught_up_at(Some(Instant::now()));
    let primary = Arc::new(database(PRIMARY, 0, Duration::ZERO));
    let router = ReplicaRouter::new(primary, vec![replica], replica_timeout);
    let found = router.find(&TicketId::new(1).unwrap().into()).await;
    found.unwrap().history.unwrap().issuer.as_str().to_owned()
}

#[tokio::test]
async fn replica_that_keeps_sending_does_not_time_out() {
    let (each, timeout) = (Duration::from_millis(300), Duration::from_secs(1));
    assert_eq!(responding_database(6, each, timeout).await, REPLICA);
}

#[tokio::test]
async fn silent_replica_is_replaced_by_the_primary() {
    let (each, timeout) = (Duration::from_secs(1_000), Duration::from_millis(50));
    assert_eq!(responding_database(1, each, timeout).await, PRIMARY);
}
