//! Tests of the feed.

use serde_json::json;
use wts_domain::Access;
use wts_testkit::{ALICE, BOB, Kind, Records, trace_of};

use crate::{assert_rejected, served, support::token};

const FEED: &str = "/api/v3/traces";

pub(crate) fn feed_is_followed_by_cursors(kind: Kind) {
    let (service, database) = served(kind);
    let dev = token("2022310007", Access::Dev);
    let get = |query: &str| service.get(&format!("{FEED}?{query}"), &dev);
    let mut cursor = String::new();
    let mut seen = Vec::new();
    loop {
        let page = get(&format!("limit=2&cursor={cursor}"));
        assert_eq!(page.status, 200, "{page:?}");
        seen.extend(page.opids());
        let body = page.json();
        body["next_cursor"]
            .as_str()
            .unwrap()
            .clone_into(&mut cursor);
        if body["has_more"] == false {
            break;
        }
    }
    assert_eq!(seen, [1, 2, 3, 5, 9]);
    let newest = get("order=desc&limit=2");
    assert_eq!(newest.opids(), [9, 5]);
    let live = newest.json()["live_cursor"].as_str().unwrap().to_owned();
    let end = get("cursor=end").json()["next_cursor"].clone();

    let traces = vec![trace_of(123, 20, 30_000, "W007", "回访")];
    database.insert(Records {
        traces,
        ..Records::default()
    });
    for cursor in [&cursor, &live, end.as_str().unwrap()] {
        let page = get(&format!("cursor={cursor}"));
        assert_eq!(page.opids(), [20], "{cursor}");
        assert_eq!(page.json()["has_more"], false);
    }
    let before = newest.json()["next_cursor"].as_str().unwrap().to_owned();
    let older = get(&format!("order=desc&cursor={before}"));
    assert_eq!(older.opids(), [3, 2, 1]);
    assert_eq!(older.json().get("live_cursor"), None);
    let changed = get("include=changes&status=solved");
    assert_eq!(changed.json()["traces"][0]["changes"][0]["from"], "fresh");
    assert_eq!(get("op=W007&since=2025-12-06T15:30:00Z").opids(), [3, 20]);
}

pub(crate) fn student_reads_only_own_tickets_in_the_feed(kind: Kind) {
    let (service, _database) = served(kind);
    let get = |query: &str, student: &str| {
        service.get(&format!("{FEED}?{query}"), &token(student, Access::User))
    };

    let own = get("tid=125,123,124,126", ALICE);
    assert_eq!(own.opids(), [1, 3]);
    assert_eq!(own.json()["denied"], json!([125, 124, 126]));
    assert_eq!(get("tid=124,125", BOB).opids(), [2, 5, 9]);
    let none = get("tid=123", "2024310999");
    assert_eq!((none.status, none.opids()), (200, vec![]));
    assert_eq!(none.json()["denied"], json!([123]));
    let missing = get("", ALICE);
    assert_rejected(&missing, 400, 2, "missing required URL parameter: tid");
}
