//! Tests of access to the feed by rank and issuer, and of changes, with mocked repositories.

use wts_domain::{
    Access, Caller, FieldValue, StaffId, Status, StudentId, TicketField, Timestamp, TraceId,
    ensure_active,
};

use super::*;
use crate::{
    feed_repository::{FeedFilter, FeedPosition, MockFeedRepository},
    history_repository::{FoundHistory, MockHistoryRepository},
};

const ALICE: &str = "2024310001";
const MALLORY: &str = "2024310666";

fn ticket(number: i64) -> TicketId {
    TicketId::new(number).unwrap()
}

fn tickets(numbers: &[i64]) -> Vec<TicketId> {
    numbers.iter().map(|number| ticket(*number)).collect()
}

fn caller(student: &str, access: Access) -> ActiveCaller {
    ensure_active(Caller::new(StudentId::from(student), access)).unwrap()
}

fn query(tickets: Option<Vec<TicketId>>) -> PageQuery {
    PageQuery {
        start: FeedPosition::Oldest,
        limit: 100,
        filter: FeedFilter {
            tickets,
            ..FeedFilter::default()
        },
    }
}

fn trace(id: i64, number: i64, micros: i64, status: Status) -> Trace {
    let at = Timestamp::from_micros_since_2000(micros);
    let mut trace = Trace::new(TraceId::new(id), ticket(number), at, StaffId::from("W007"));
    trace.new_status = Some(status);
    trace
}

/// Returns a feed with these traces, in which tickets 1 and 2 are Alice's and ticket 3 is another student's. The rank of
/// every student in the database is `rank`.
fn feed(traces: Vec<Trace>, rank: Access) -> MockFeedRepository {
    let mut feed = MockFeedRepository::new();
    feed.expect_read_page().returning(move |_| {
        Ok(TracePage {
            traces: traces.clone(),
            next: FeedPosition::After(TraceId::new(9)),
            has_more: false,
            settled: Some(TraceId::new(9)),
        })
    });
    feed.expect_find_issuers().returning(move |query| {
        let issuers = [(1, ALICE), (2, ALICE), (3, "2024310003")];
        let issuers = issuers.map(|(number, sid)| (ticket(number), StudentId::from(sid)));
        let issuers = issuers.into_iter();
        Ok(FoundIssuers {
            issuers: issuers
                .filter(|(id, _)| query.tickets.contains(id))
                .collect(),
            rank: query.rank_of.is_some().then_some(rank),
        })
    });
    feed
}

fn use_case(feed: MockFeedRepository, rank_source: RankSource) -> ListTraces {
    ListTraces::new(
        Arc::new(feed),
        Arc::new(MockHistoryRepository::new()),
        rank_source,
    )
}

/// Authorizes a query for tickets 4, 3, 2 and 1. Returns the tickets that the caller may read and those that are denied.
async fn authorized(
    student: &str,
    access: Access,
) -> Result<(Vec<TicketId>, Vec<TicketId>), ListTracesError> {
    let query = query(Some(tickets(&[4, 3, 2, 1])));
    let authorized = use_case(feed(Vec::new(), Access::Dev), RankSource::Token)
        .authorize(&caller(student, access), query)
        .await?;
    Ok((authorized.page.filter.tickets.unwrap(), authorized.denied))
}

#[tokio::test]
async fn caller_gets_own_tickets_and_others_are_denied() {
    let (readable, denied) = authorized(ALICE, Access::User).await.unwrap();
    assert_eq!((readable, denied), (tickets(&[2, 1]), tickets(&[4, 3])));

    let (readable, denied) = authorized(MALLORY, Access::User).await.unwrap();
    assert_eq!((readable, denied), (vec![], tickets(&[4, 3, 2, 1])));

    let (readable, denied) = authorized(MALLORY, Access::InformalMember).await.unwrap();
    assert_eq!((readable, denied), (tickets(&[3, 2, 1]), tickets(&[4])));
}

#[tokio::test]
async fn only_operators_can_omit_tickets() {
    for access in Access::ALL.iter().filter(|rank| rank.is_active()) {
        let outcome = use_case(feed(Vec::new(), Access::Dev), RankSource::Token)
            .authorize(&caller(ALICE, *access), query(None))
            .await;

        match outcome {
            Ok(authorized) => {
                assert!(access.is_operator(), "{access}");
                assert_eq!(authorized.page, query(None));
            }
            Err(ListTracesError::TicketsRequired) => assert!(!access.is_operator(), "{access}"),
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn lower_rank_of_token_and_database_is_used() {
    let authorize = async |rank, tickets| {
        use_case(feed(Vec::new(), rank), RankSource::TokenAndDatabase)
            .authorize(&caller(ALICE, Access::Chief), query(tickets))
            .await
    };

    let demoted = authorize(Access::User, None).await;
    assert!(matches!(demoted, Err(ListTracesError::TicketsRequired)));
    let unknown = authorize(Access::Unregistered, Some(tickets(&[1]))).await;
    assert!(matches!(
        unknown,
        Err(ListTracesError::Denied(AccessDenied::NotActive))
    ));
    let demoted = authorize(Access::User, Some(tickets(&[1, 3])))
        .await
        .unwrap();
    assert_eq!(demoted.denied, tickets(&[3]));
    assert!(authorize(Access::Dev, None).await.is_ok());
}

#[tokio::test]
async fn changes_are_relative_to_earlier_traces_of_the_ticket() {
    let filed = trace(1, 1, 10, Status::Fresh);
    let solved = trace(4, 1, 30, Status::Solved);
    let other = trace(5, 2, 40, Status::Delay);
    let deleted = trace(6, 1, 20, Status::Scheduled);
    let history = TicketHistory::new(StudentId::from(ALICE), vec![filed, solved.clone()]);
    let mut histories = MockHistoryRepository::new();
    histories.expect_find().times(2).returning(move |query| {
        Ok(FoundHistory {
            history: (query.ticket == ticket(1)).then(|| Arc::new(history.clone())),
            rank: None,
        })
    });
    let feed = feed(vec![solved, other, deleted], Access::Dev);
    let use_case = ListTraces::new(Arc::new(feed), Arc::new(histories), RankSource::Token);

    let listed = use_case
        .execute(&caller(MALLORY, Access::Dev), query(None), true)
        .await
        .unwrap();

    let from: Vec<_> = listed
        .changes
        .unwrap()
        .iter()
        .map(|changes| {
            let change = changes.get(TicketField::Status).unwrap();
            change.from
        })
        .collect();
    let fresh = Some(FieldValue::Status(Status::Fresh));
    assert_eq!(from, [fresh, None, fresh]);
}

#[tokio::test]
async fn histories_are_read_for_changes_only() {
    let feed = feed(vec![trace(1, 1, 10, Status::Fresh)], Access::Dev);
    let listed = use_case(feed, RankSource::Token)
        .execute(&caller(MALLORY, Access::Dev), query(None), false)
        .await
        .unwrap();
    assert_eq!(listed.changes, None);
    assert_eq!(listed.page.traces.len(), 1);
}
