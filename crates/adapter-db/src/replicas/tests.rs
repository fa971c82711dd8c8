//! A replica and a primary that answer as the test wants.

use tokio::time::sleep;
use wts_domain::StudentId as Issuer;

use super::*;

/// Who answered is the issuer of every ticket.
const REPLICA: &str = "replica";
const PRIMARY: &str = "primary";

/// Answers after so many pieces, each of which takes a while and is heard.
struct Sends {
    name: &'static str,
    pieces: u32,
    each: Duration,
    pulse: Pulse,
}

#[async_trait]
impl HistoryRepository for Sends {
    async fn find(&self, _: TicketId) -> Result<Option<Arc<TicketHistory>>, RepositoryError> {
        for _ in 0..self.pieces {
            sleep(self.each).await;
            self.pulse.has_heard();
        }
        let history = TicketHistory::new(Issuer::from(self.name), Vec::new());
        Ok(Some(Arc::new(history)))
    }

    async fn find_with_rank(
        &self,
        ticket: TicketId,
        _: &StudentId,
    ) -> Result<(Option<Arc<TicketHistory>>, Access), RepositoryError> {
        Ok((self.find(ticket).await?, Access::User))
    }
}

/// Who answers, where the replica sends so many pieces and may be silent for so long.
async fn who_answers(pieces: u32, each: Duration, patience: Duration) -> String {
    let pulse = Pulse::new();
    let sends = |name, pieces, each| Sends {
        name,
        pieces,
        each,
        pulse: pulse.clone(),
    };
    let replica = Replica::new(
        Arc::new(sends(REPLICA, pieces, each)),
        pulse.clone(),
        Duration::from_secs(1_000),
        (Gauge::default(), Gauge::default()),
    );
    replica.is_fresh_as_of(Some(Instant::now()));
    let primary = Arc::new(sends(PRIMARY, 0, Duration::ZERO));
    let replicated = Replicated::new(primary, vec![replica], patience);
    let history = replicated.find(TicketId::new(1).unwrap()).await.unwrap();
    history.unwrap().issuer.as_str().to_owned()
}

#[tokio::test]
async fn a_long_history_is_waited_for_as_long_as_there_is_more_of_it() {
    let (each, patience) = (Duration::from_millis(300), Duration::from_secs(1));
    assert_eq!(who_answers(6, each, patience).await, REPLICA);
}

#[tokio::test]
async fn a_replica_that_is_silent_is_not_waited_for() {
    let (each, patience) = (Duration::from_secs(1_000), Duration::from_millis(50));
    assert_eq!(who_answers(1, each, patience).await, PRIMARY);
}
