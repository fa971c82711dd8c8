//! What a query may look like.

use proptest::prelude::*;

use super::*;

fn read(query: &str) -> Params {
    Params::read(query, Order::Asc).unwrap()
}

fn asking_for(ticket: i64, order: Order) -> Params {
    Params {
        ticket: TicketId::new(ticket).unwrap(),
        order,
    }
}

#[test]
fn a_query_asks_for_a_ticket_and_perhaps_for_an_order() {
    assert_eq!(read("tid=123"), asking_for(123, Order::Asc));
    assert_eq!(read("tid=123&order="), asking_for(123, Order::Asc));
    assert_eq!(
        read("order=desc&tid=9223372036854775807"),
        asking_for(i64::MAX, Order::Desc)
    );
    assert_eq!(
        read("%74id=%31"),
        asking_for(1, Order::Asc),
        "percent-encoding is the transport's, not the number's"
    );
}

#[test]
fn what_it_does_not_know_is_ignored() {
    assert_eq!(
        read("&x&TID=2&tid=1&tid%20=3&%FF=%FF&tid[]=4&;tid=5"),
        asking_for(1, Order::Asc)
    );
}

#[test]
fn a_ticket_that_is_missing_comes_before_an_order_that_is_wrong() {
    for query in ["", "tid", "tid=", "tid=&order=up", "TID=1"] {
        assert!(
            matches!(
                Params::read(query, Order::Asc),
                Err(ApiError::MissingTicket)
            ),
            "{query}"
        );
    }
    assert!(matches!(
        Params::read("tid=x&order=up", Order::Asc),
        Err(ApiError::MalformedTicket(_))
    ));
    assert!(matches!(
        Params::read("tid=1&order=up", Order::Asc),
        Err(ApiError::UnknownOrder)
    ));
}

#[test]
fn a_parameter_is_given_once() {
    for query in ["tid=1&tid=1", "tid=1&tid", "tid=&tid=", "tid=1&%74id=2"] {
        assert!(
            matches!(
                Params::read(query, Order::Asc),
                Err(ApiError::DuplicateParameter("tid"))
            ),
            "{query}"
        );
    }
    assert!(matches!(
        Params::read("tid=1&order=asc&order=asc", Order::Asc),
        Err(ApiError::DuplicateParameter("order"))
    ));
}

#[test]
fn the_operator_chooses_the_order_of_those_who_do_not() {
    let order_of = |query| Params::read(query, Order::Desc).unwrap().order;
    assert_eq!(order_of("tid=1"), Order::Desc);
    assert_eq!(order_of("tid=1&order=asc"), Order::Asc);
}

proptest! {
    #[test]
    fn no_query_is_read_as_another_ticket(value in "\\PC{0,6}|[0-9+%. -]{0,24}") {
        let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        match Params::read(&format!("tid={encoded}"), Order::Asc) {
            Ok(params) => prop_assert_eq!(params.ticket.to_string(), value),
            Err(ApiError::MissingTicket) => prop_assert_eq!(value, ""),
            Err(error) => prop_assert!(matches!(error, ApiError::MalformedTicket(_))),
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(query in "\\PC{0,40}") {
        let _ = Params::read(&query, Order::Asc);
    }
}
