//! Tests of the parameters of the feed: accepted and rejected values, and their order.

use proptest::prelude::*;
use wts_domain::{Access, Caller, StudentId, Timestamp, TraceId, ensure_active};

use super::*;

fn caller(access: Access) -> ActiveCaller {
    ensure_active(Caller::new(StudentId::from("2024310001"), access)).unwrap()
}

fn parse(query: &str) -> Params {
    Params::parse(query, &caller(Access::Dev)).unwrap()
}

/// Returns the message of the error for a query of an operator.
fn error(query: &str) -> String {
    Params::parse(query, &caller(Access::Dev))
        .unwrap_err()
        .to_string()
}

fn query(start: FeedPosition) -> PageQuery {
    PageQuery {
        start,
        limit: 100,
        filter: FeedFilter::default(),
    }
}

#[test]
fn missing_and_empty_parameters_have_defaults() {
    let default = Params {
        page: query(FeedPosition::Oldest),
        include_changes: false,
    };
    let empty =
        "cursor=&limit=&order=&tid=&since=&until=&op=&status=&priority=&category=&include=&format=";
    for text in ["", empty, "as_of=x&TID=y&x"] {
        assert_eq!(parse(text), default, "{text}");
    }
    assert_eq!(parse("order=desc").page.start, FeedPosition::Newest);
    assert_eq!(parse("cursor=end").page.start, FeedPosition::End);
    let after = FeedPosition::After(TraceId::new(123));
    assert_eq!(parse("cursor=AQAAAAAAAAAAew&order=asc").page.start, after);
    assert!(parse("include=changes&format=json").include_changes);
    assert_eq!(parse("limit=1000").page.limit, 1_000);
    assert_eq!(parse("limit=100&include=changes").page.limit, 100);
}

#[test]
fn conditions_are_parsed() {
    let params = parse(
        "tid=2,1&since=2025-12-06T18:00:00%2B08:00&until=2025-12-06T10:00:01Z&op=W007&status=fresh,solved\
         &priority=in-passing&category=others,low-speed",
    );
    let filter = FeedFilter {
        tickets: [2, 1].map(TicketId::new).into_iter().collect(),
        since: Timestamp::from_unix_seconds(1_765_015_200).ok(),
        until: Timestamp::from_unix_seconds(1_765_015_201).ok(),
        op: Some(StaffId::from("W007")),
        statuses: vec![Status::Fresh, Status::Solved],
        priorities: vec![Priority::InPassing],
        categories: vec![Category::Others, Category::LowSpeed],
    };
    assert_eq!(params.page.filter, filter);
}

#[test]
fn tid_is_required_below_the_rank_of_operator() {
    for access in Access::ALL.iter().filter(|rank| rank.is_active()) {
        let caller = caller(*access);
        let missing = Params::parse("order=up", &caller).unwrap_err().to_string();
        let expected = if access.is_operator() {
            "invalid order parameter: expected asc or desc"
        } else {
            "missing required URL parameter: tid"
        };
        assert_eq!(missing, expected, "{access}");
        assert!(Params::parse("tid=1", &caller).is_ok());
    }
}

#[test]
fn invalid_value_is_rejected_with_known_values() {
    for (query, message) in [
        ("tid=1&tid=1", "invalid tid parameter: given more than once"),
        (
            "tid=1,2,1",
            "invalid tid parameter: a ticket is named more than once",
        ),
        ("order=up", "invalid order parameter: expected asc or desc"),
        (
            "order=asc&order=asc",
            "invalid order parameter: given more than once",
        ),
        (
            "include=state",
            "invalid include parameter: expected changes",
        ),
        (
            "include=changes,",
            "invalid include parameter: expected changes",
        ),
        ("format=csv", "invalid format parameter: expected json"),
        (
            "limit=101&include=changes",
            "invalid limit parameter: expected a number from 1 to 100 with include=changes",
        ),
        (
            "status=Fresh",
            "invalid status parameter: expected a comma-separated list of fresh, scheduled, delay, escalated, solved, canceled",
        ),
        (
            "op=a%00",
            "invalid op parameter: expected a staff number, found a zero byte",
        ),
    ] {
        assert_eq!(error(query), message, "{query}");
    }
    for (name, values) in [
        (
            "tid",
            &[
                "0",
                "01",
                "+1",
                "1,",
                ",1",
                "1,,2",
                "1 ",
                "9223372036854775808",
            ][..],
        ),
        ("cursor", &["End", "1", "AQEAAAAAAAAAew", "AQAAAAAAAAAAex"]),
        (
            "limit",
            &[
                "0",
                "1001",
                "-1",
                "+1",
                "01",
                "1.0",
                "1e2",
                "99999999999999999999",
            ],
        ),
        ("since", &["now", "2025-12-06", "2025-12-06T10:00:00 08:00"]),
        ("until", &["1"]),
        ("status", &["fresh,", "fresh, solved", "x"]),
        ("priority", &["lowest"]),
        ("category", &["other"]),
    ] {
        for value in values {
            let error = error(&format!("{name}={value}"));
            let prefix = format!("invalid {name} parameter: ");
            assert!(error.starts_with(&prefix), "{name}={value}: {error}");
        }
    }
    for name in [
        "cursor", "limit", "since", "until", "op", "status", "priority", "category",
    ] {
        let twice = format!("{name}=&{name}=");
        let expected = format!("invalid {name} parameter: given more than once");
        assert_eq!(error(&twice), expected);
    }
    assert!(error("order=desc&cursor=end").starts_with("invalid cursor parameter: "));
    assert!(error("order=desc&cursor=AQAAAAAAAAAAew").starts_with("invalid cursor parameter: "));
}

#[test]
fn first_invalid_parameter_determines_the_error() {
    let invalid = [
        "tid=x",
        "order=x",
        "include=x",
        "format=x",
        "cursor=x",
        "limit=x",
        "since=x",
        "until=x",
        "op=%00",
        "status=x",
        "priority=x",
        "category=x",
    ];
    for (index, first) in invalid.iter().enumerate() {
        let mut rest = invalid[index..].to_vec();
        rest.reverse();
        let name = first.split('=').next().unwrap();
        let prefix = format!("invalid {name} parameter: ");
        assert!(error(&rest.join("&")).starts_with(&prefix));
    }
}

#[test]
fn hundred_tickets_are_the_most() {
    let list = |count: usize| {
        let tickets: Vec<_> = (1..=count).map(|ticket| ticket.to_string()).collect();
        format!("tid={}", tickets.join(","))
    };
    assert_eq!(parse(&list(100)).page.filter.tickets.unwrap().len(), 100);
    assert_eq!(
        error(&list(101)),
        "invalid tid parameter: expected at most 100 tickets"
    );
}

proptest! {
    #[test]
    fn every_query_has_a_page_or_a_client_error(query in ".{0,60}", access in prop::sample::select(vec![Access::User, Access::Dev])) {
        if let Ok(params) = Params::parse(&query, &caller(access)) {
            prop_assert!((1..=MAX_LIMIT).contains(&params.page.limit));
            prop_assert!(params.page.filter.tickets.is_some() || access == Access::Dev);
        }
    }
}
