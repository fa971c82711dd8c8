//! Event streams while the database is unavailable.

use wts_domain::Access;
use wts_testkit::{ALICE, Database, Fault, Kind, Proxy, Records, sample_records, trace_of};

use crate::{
    FEED, JAMES,
    support::{Service, events::EventStream, get, token, wait_until},
};

#[test]
fn streams_go_on_when_the_database_is_back() {
    let database = Database::with(Kind::Postgres, sample_records());
    let network = Proxy::before(&database.url());
    let service = Service::on(&network.url(&database.url()));
    let address = service.address();
    let (alice, james) = (
        token(ALICE, Access::User),
        token(JAMES, Access::FormalMember),
    );
    let ticket = "/api/v3/get_traces?tid=123";
    let mut history = EventStream::open(address, ticket, &alice, None).unwrap();
    let mut feed = EventStream::open(address, FEED, &james, None).unwrap();
    assert_eq!(history.next().unwrap().kind, "traces");
    assert_eq!(feed.by_ref().take(5).count(), 5);
    let readyz_is = |status| get(address, "/readyz").status == status;

    network.set(Fault::Reset);
    wait_until("the database is unavailable", || readyz_is(503));
    database.insert(Records {
        traces: vec![trace_of(123, 20, 30_000, "W007", "回访")],
        ..Records::default()
    });
    network.set(Fault::None);
    wait_until("the database is back", || readyz_is(200));

    assert!(history.next().unwrap().data.contains("\"opid\":20,"));
    assert_eq!(feed.next().unwrap().opid(), 20);
}
