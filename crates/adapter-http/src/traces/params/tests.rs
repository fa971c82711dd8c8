//! Tests of the query parameters: accepted and rejected values.

use proptest::prelude::*;

use super::*;

fn try_parse(query: &str) -> Result<Params, ApiError> {
    Params::parse(query, Order::Asc, || Some(Format::Json), || false)
}

fn parse(query: &str) -> Params {
    try_parse(query).unwrap()
}

fn params(ticket: i64, order: Order) -> Params {
    Params {
        ticket: TicketId::new(ticket).unwrap(),
        view: TracesView {
            order,
            ..TracesView::default()
        },
        format: Some(Format::Json),
        is_stream: false,
    }
}

#[test]
fn ticket_and_order_are_parsed() {
    assert_eq!(parse("tid=123"), params(123, Order::Asc));
    assert_eq!(parse("tid=123&order="), params(123, Order::Asc));
    assert_eq!(
        parse("order=desc&tid=9223372036854775807"),
        params(i64::MAX, Order::Desc)
    );
    assert_eq!(
        parse("%74id=%31"),
        params(1, Order::Asc),
        "percent-encoding is decoded before parsing"
    );
}

#[test]
fn unknown_parameters_are_ignored() {
    assert_eq!(
        parse("&x&TID=2&tid=1&tid%20=3&%FF=%FF&tid[]=4&;tid=5"),
        params(1, Order::Asc)
    );
}

fn rejection(query: &str) -> String {
    try_parse(query).unwrap_err().to_string()
}

#[test]
fn missing_tid_is_reported_before_invalid_order() {
    for query in ["", "tid", "tid=", "tid=&order=up", "TID=1"] {
        assert_eq!(rejection(query), "missing required URL parameter: tid");
    }
    assert!(rejection("tid=x&order=up").starts_with("invalid tid parameter: "));
    assert_eq!(
        rejection("tid=1&order=up"),
        "invalid order parameter: expected asc or desc"
    );
}

#[test]
fn duplicate_parameter_is_rejected() {
    for query in ["tid=1&tid=1", "tid=1&tid", "tid=&tid=", "tid=1&%74id=2"] {
        assert_eq!(
            rejection(query),
            "invalid tid parameter: given more than once"
        );
    }
    assert_eq!(
        rejection("tid=1&order=asc&order=asc"),
        "invalid order parameter: given more than once"
    );
}

#[test]
fn missing_order_is_replaced_by_the_default_order() {
    let order_of = |query| {
        let params = Params::parse(query, Order::Desc, || None, || false);
        params.unwrap().view.order
    };
    assert_eq!(order_of("tid=1"), Order::Desc);
    assert_eq!(order_of("tid=1&order=asc"), Order::Asc);
}

#[test]
fn include_accepts_any_set_of_changes_and_state() {
    for (include, changes, state) in [
        ("", false, false),
        ("&include=", false, false),
        ("&include=changes", true, false),
        ("&include=state", false, true),
        ("&include=changes,state", true, true),
        ("&include=state%2Cchanges,state", true, true),
    ] {
        let view = parse(&format!("tid=1{include}")).view;
        assert_eq!((view.changes, view.state), (changes, state), "{include}");
    }
    let expected = "expected a comma-separated list of changes and state";
    for unknown in ["Changes", "changes,", ",", "changes,%20state", "all", "+"] {
        assert_eq!(
            rejection(&format!("tid=1&include={unknown}")),
            format!("invalid include parameter: {expected}"),
            "{unknown}"
        );
    }
}

#[test]
fn as_of_accepts_timestamps_with_an_offset_only() {
    let ten = Timestamp::from_unix_seconds(1_765_015_200).unwrap();
    for (text, expected) in [
        ("", None),
        ("2025-12-06T10:00:00Z", Some(ten)),
        ("2025-12-06t10:00:00.000z", Some(ten)),
        ("2025-12-06T18:00:00%2B08:00", Some(ten)),
        ("2025-12-06T18%3A00%3A00%2b08%3A00", Some(ten)),
        ("2025-12-06T02:00:00-08:00", Some(ten)),
        ("infinity", Some(Timestamp::INFINITY)),
    ] {
        let view = parse(&format!("tid=1&as_of={text}")).view;
        assert_eq!(view.as_of, expected, "{text}");
    }
    for invalid in [
        "now",
        "2025-12-06",
        "2025-12-06T10:00:00",
        "2025-02-30T10:00:00Z",
        "1765015200",
        "2025-12-06+10:00:00Z",
        "2025-12-06T10:00:00Z%00",
    ] {
        assert_eq!(
            rejection(&format!("tid=1&as_of={invalid}")),
            "invalid as_of parameter: expected an RFC 3339 timestamp such as 2025-12-06T10:00:00Z",
            "{invalid}"
        );
    }
}

#[test]
fn unencoded_plus_in_as_of_gets_a_hint() {
    for text in ["2025-12-06T18:00:00+08:00", "2025-12-06T18:00:00%2008:00"] {
        assert_eq!(
            rejection(&format!("tid=1&as_of={text}")),
            "invalid as_of parameter: expected an RFC 3339 timestamp, found a space: encode + as %2B in a query, such as \
             2025-12-06T18:00:00%2B08:00"
        );
    }
}

#[test]
fn format_parameter_has_precedence_over_accept() {
    let format_of = |query, accepted| {
        Params::parse(query, Order::Asc, || accepted, || false)
            .unwrap()
            .format
    };
    for accepted in [None, Some(Format::Json), Some(Format::Csv)] {
        assert_eq!(format_of("tid=1", accepted), accepted);
        assert_eq!(format_of("tid=1&format=", accepted), accepted);
        assert_eq!(format_of("tid=1&format=json", accepted), Some(Format::Json));
        assert_eq!(format_of("tid=1&format=csv", accepted), Some(Format::Csv));
    }
    for unknown in ["CSV", "xml", "json,csv", "%20"] {
        assert_eq!(
            rejection(&format!("tid=1&format={unknown}")),
            "invalid format parameter: expected json or csv"
        );
    }
}

#[test]
fn state_is_rejected_in_csv() {
    let rejected =
        "invalid include parameter: state is not available in the format csv, expected changes";
    assert_eq!(
        rejection("tid=1&include=changes,state&format=csv"),
        rejected
    );
    let accepts_csv = || Some(Format::Csv);
    let error =
        Params::parse("tid=1&include=state", Order::Asc, accepts_csv, || false).unwrap_err();
    assert_eq!(error.to_string(), rejected);
    let json = Params::parse(
        "tid=1&include=state&format=json",
        Order::Asc,
        accepts_csv,
        || false,
    );
    assert!(json.unwrap().view.state);
    assert!(parse("tid=1&include=changes&format=csv").view.changes);
}

#[test]
fn first_invalid_parameter_is_reported() {
    // Each query is the preceding one without its invalid parameter.
    for (query, name) in [
        ("format=x&as_of=x&include=x&order=x&tid=x", "tid"),
        ("format=x&as_of=x&include=x&order=x&tid=1", "order"),
        ("format=x&as_of=x&include=x&order=&tid=1", "include"),
        ("format=x&as_of=x&include=&tid=1", "as_of"),
        ("format=x&as_of=&tid=1", "format"),
        ("format=csv&as_of=x&include=state&tid=1", "as_of"),
    ] {
        let message = rejection(query);
        assert!(
            message.starts_with(&format!("invalid {name} parameter: ")),
            "{message}"
        );
    }
}

#[test]
fn error_for_duplicate_parameter_lists_the_known_values() {
    for (query, known) in [
        ("include=changes&include=state", "changes and state"),
        ("include=&include=", "changes and state"),
        ("as_of=2025-12-06T10:00:00Z&as_of=", "2025-12-06T10:00:00Z"),
        ("format=csv&format=csv&format=csv", "json or csv"),
    ] {
        let message = rejection(&format!("tid=1&{query}"));
        let (name, _) = query.split_once('=').unwrap();
        let start = format!("invalid {name} parameter: given more than once, expected ");
        assert!(
            message.starts_with(&start) && message.ends_with(known),
            "{message}"
        );
    }
}

proptest! {
    #[test]
    fn tid_is_parsed_as_given_or_rejected(value in "\\PC{0,6}|[0-9+%. -]{0,24}") {
        let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        match try_parse(&format!("tid={encoded}")) {
            Ok(params) => prop_assert_eq!(params.ticket.to_string(), value),
            Err(ApiError::MissingTicket) => prop_assert_eq!(value, ""),
            Err(ApiError::InvalidTicket(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}
