//! Cursors: positions in the feed, in the form in which clients store them.
//!
//! A cursor is the base64url form of a version, the order and the id of a trace. It is not signed: a
//! client that changes it gets another page, but only of traces that it may read.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use wts_app::FeedPosition;
use wts_domain::TraceId;

use crate::settings::Order;

/// The cursor that skips all existing traces.
const END: &str = "end";
/// The version of the format.
const VERSION: u8 = 1;
/// The orders in a cursor.
const ASCENDING: u8 = 0;
const DESCENDING: u8 = 1;

/// Returns the cursor of a position.
pub(super) fn encode(position: FeedPosition) -> String {
    let (order, id) = match position {
        FeedPosition::Oldest => (ASCENDING, i64::MIN),
        FeedPosition::After(id) => (ASCENDING, id.get()),
        FeedPosition::Newest => (DESCENDING, i64::MAX),
        FeedPosition::Before(id) => (DESCENDING, id.get()),
        FeedPosition::End => return END.to_owned(),
    };
    let mut bytes = vec![VERSION, order];
    bytes.extend(id.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns the position of a cursor; `None` if the cursor is malformed or belongs to another order.
pub(super) fn decode(cursor: &str, order: Order) -> Option<FeedPosition> {
    if cursor == END {
        return (order == Order::Asc).then_some(FeedPosition::End);
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (&[version, direction], id) = bytes.split_first_chunk()?;
    let id = TraceId::new(i64::from_be_bytes(id.try_into().ok()?));
    match (version, direction, order) {
        (VERSION, ASCENDING, Order::Asc) => Some(FeedPosition::After(id)),
        (VERSION, DESCENDING, Order::Desc) => Some(FeedPosition::Before(id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cursor_format_is_pinned() {
        let after = FeedPosition::After(TraceId::new(123));
        assert_eq!(encode(after), "AQAAAAAAAAAAew");
        assert_eq!(decode("AQAAAAAAAAAAew", Order::Asc), Some(after));
        assert_eq!(decode("end", Order::Asc), Some(FeedPosition::End));
        assert_eq!(decode("end", Order::Desc), None);
    }

    #[test]
    fn malformed_cursor_is_rejected() {
        for cursor in [
            "",
            "END",
            "123",
            "AQAAAAAAAAAAew=",
            "AQAAAAAAAAAAe",
            "AQAAAAAAAAAAewA",
            "AQAAAAAAAAAAex", // trailing bits
            "AgAAAAAAAAAAew", // version 2
            "AQIAAAAAAAAAew", // another order
            "AQAAAAAAAAAA+/",
            " AQAAAAAAAAAAew",
        ] {
            for order in [Order::Asc, Order::Desc] {
                assert_eq!(decode(cursor, order), None, "{cursor}");
            }
        }
    }

    proptest! {
        #[test]
        fn cursor_is_url_safe_and_decoded_in_its_order_only(id: i64) {
            let id = TraceId::new(id);
            for (position, order, other) in [
                (FeedPosition::After(id), Order::Asc, Order::Desc),
                (FeedPosition::Before(id), Order::Desc, Order::Asc),
            ] {
                let cursor = encode(position);
                prop_assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
                prop_assert_eq!(decode(&cursor, order), Some(position));
                prop_assert_eq!(decode(&cursor, other), None);
            }
        }

        #[test]
        fn decoded_text_is_the_cursor_of_its_position(text in "[A-Za-z0-9_-]{14}|.{0,20}", is_desc: bool) {
            let order = if is_desc { Order::Desc } else { Order::Asc };
            if let Some(position) = decode(&text, order) {
                prop_assert_eq!(encode(position), text);
            }
        }
    }
}
