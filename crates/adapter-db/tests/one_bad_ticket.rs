//! A ticket that PostgreSQL fails over, beside others that it does not.

use futures_util::future::join_all;
use wts_adapter_db::connect;
use wts_app::RepositoryError;
use wts_testkit::{Database, Kind, campus, find};

#[tokio::test]
async fn a_ticket_that_cannot_be_read_keeps_nobody_from_theirs() {
    for kind in [Kind::Postgres, Kind::WtsV3] {
        let database = Database::with(kind, campus());
        // As a damaged page would: every statement fails that comes upon a trace of ticket 124.
        database.execute(
            "alter table wts.ticket_traces rename to intact;
             create view wts.ticket_traces as
             select opid, tid, updated_at, op, new_status, new_priority, new_appointment, new_category,
                    case when tid = 124 then (1 / (tid - 124))::text else remark end as remark
             from wts.intact;
             grant select on wts.ticket_traces to public",
        );
        let histories = connect(&database.parsed_url())
            .await
            .expect("other tickets can be read");

        // The first is read alone, the others together.
        let numbers = [123, 124, 123, 124, 123, 125];
        let found = join_all(numbers.map(|number| find(&*histories, number))).await;

        for (number, found) in numbers.into_iter().zip(found) {
            match number {
                124 => assert!(
                    matches!(found, Err(RepositoryError::Failed(_))),
                    "{kind:?}: {found:?}"
                ),
                _ => assert!(matches!(found, Ok(Some(_))), "{kind:?}: {number} {found:?}"),
            }
        }
    }
}
