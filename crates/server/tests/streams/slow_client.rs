//! A client that does not read its event stream.

use std::net::SocketAddr;

use wts_domain::Access;
use wts_testkit::{Database, Kind, Records, sample_records, trace_of};

use crate::{
    FEED, JAMES,
    support::{Service, events::EventStream, get, token, wait_until},
};

fn metric(operations: SocketAddr, name: &str) -> String {
    let text = get(operations, "/metrics").body;
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{name} ")));
    value.unwrap().to_owned()
}

#[test]
fn client_that_does_not_read_is_dropped_and_resumes() {
    const TRACES: i64 = 20_000;
    const MAX_MEMORY_GROWTH: i64 = 16_000_000;
    let database = Database::with(Kind::Sqlite, sample_records());
    // More bytes than the buffers of the kernel can hold.
    database.execute(&format!(
        "with recursive n (i) as (select 1 union all select i + 1 from n where i < {TRACES})
         insert into ticket_traces (opid, tid, updated_at, op, remark)
         select 100 + i, 124, 0, '-1', hex(zeroblob(500)) from n"
    ));
    let mut service = Service::with(&database.url(), &[("WTS_METRICS_LISTEN", "127.0.0.1:0")]);
    let (address, operations) = (service.address(), service.operations());
    let james = token(JAMES, Access::FormalMember);
    let open = |last_id: Option<&str>| EventStream::open(address, FEED, &james, last_id).unwrap();
    let page = service.get(&format!("{FEED}?cursor=end"), &james).json();
    let mut other = open(page["next_cursor"].as_str());
    let memory = || -> i64 {
        let bytes = metric(operations, "process_resident_memory_bytes");
        bytes.parse().unwrap()
    };
    let before = memory();

    let slow = open(None);
    wait_until("both streams are open", || {
        metric(operations, "wts_http_open_streams") == "2"
    });
    wait_until("the slow client is dropped", || {
        metric(operations, "wts_http_open_streams") == "1"
    });
    let growth = memory() - before;
    assert!(growth < MAX_MEMORY_GROWTH, "{growth} bytes");
    database.insert(Records {
        traces: vec![trace_of(123, 90_000, 30_000, "W007", "回访")],
        ..Records::default()
    });
    assert_eq!(other.next().unwrap().opid(), 90_000);

    let mut seen = Vec::new();
    let mut last_id = String::new();
    for event in slow {
        seen.push(event.opid());
        last_id = event.id;
    }
    let received = i64::try_from(seen.len()).unwrap();
    assert!((1..TRACES).contains(&received), "{received}");
    for event in open(Some(&last_id)) {
        seen.push(event.opid());
        if seen.last() == Some(&90_000) {
            break;
        }
    }
    let all = [1, 2, 3, 5, 9].into_iter().chain(101..=100 + TRACES);
    let all: Vec<_> = all.chain([90_000]).collect();
    assert!(
        seen == all,
        "{received} before the resumption, {} in all",
        seen.len()
    );
}
