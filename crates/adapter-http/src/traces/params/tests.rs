//! Tests of query parameters: accepted and rejected values.

use proptest::prelude::*;

use super::*;

fn parse(query: &str) -> Params {
    Params::parse(query, Order::Asc).unwrap()
}

fn params(ticket: i64, order: Order) -> Params {
    Params {
        ticket: TicketId::new(ticket).unwrap(),
        order,
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
    Params::parse(query, Order::Asc).unwrap_err().to_string()
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
fn missing_order_falls_back_to_setting() {
    let order_of = |query| Params::parse(query, Order::Desc).unwrap().order;
    assert_eq!(order_of("tid=1"), Order::Desc);
    assert_eq!(order_of("tid=1&order=asc"), Order::Asc);
}

proptest! {
    #[test]
    fn tid_is_parsed_as_given_or_rejected(value in "\\PC{0,6}|[0-9+%. -]{0,24}") {
        let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        match Params::parse(&format!("tid={encoded}"), Order::Asc) {
            Ok(params) => prop_assert_eq!(params.ticket.to_string(), value),
            Err(ApiError::MissingTicket) => prop_assert_eq!(value, ""),
            Err(ApiError::InvalidParameter { name, .. }) => prop_assert_eq!(name, "tid"),
            Err(error) => panic!("{error:?}"),
        }
    }
}
