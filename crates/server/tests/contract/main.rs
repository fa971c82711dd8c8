//! The contract of `GET /api/v3/get_traces`, over real HTTP, and `wts show`, which prints the same histories.
//!
//! Tests that depend on the database run on every kind of database, see the end of this file. The others run on SQLite.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod callers;
mod faults;
mod feed;
mod histories;
mod queries;
mod recheck;
mod representations;
mod show;
#[path = "../support/mod.rs"]
mod support;
mod updates;

use serde_json::json;
use wts_testkit::{Database, Kind, sample_records};

use crate::support::{Response, Service};

const PATH: &str = "/api/v3/get_traces";

/// Starts a service with the sample data. The database must be dropped after the service.
fn served(kind: Kind) -> (Service, Database) {
    let database = Database::with(kind, sample_records());
    (Service::on(&database.url()), database)
}

fn traces_of(ticket: &str) -> String {
    format!("{PATH}?tid={ticket}")
}

/// Asserts the status and the body of an error response.
fn assert_rejected(response: &Response, status: u16, err_type: u8, msg: &str) {
    assert_eq!(response.status, status, "{response:?}");
    assert_eq!(
        response.json(),
        json!({"success": false, "msg": msg, "errType": err_type})
    );
    assert_eq!(
        response.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    assert!(
        response
            .header("x-request-id")
            .is_some_and(|id| !id.is_empty())
    );
}

/// Declares these tests for every kind of database.
macro_rules! on_every_database {
    ($($file:ident::$story:ident)+) => {
        mod sqlite { $(story!(Sqlite $file $story);)+ }
        mod postgres { $(story!(Postgres $file $story);)+ }
        mod wts_v3 { $(story!(WtsV3 $file $story);)+ }
    };
}

macro_rules! story {
    ($kind:ident $file:ident $story:ident) => {
        #[test]
        fn $story() {
            crate::$file::$story(wts_testkit::Kind::$kind);
        }
    };
}

on_every_database! {
    feed::feed_is_followed_by_cursors
    feed::student_reads_only_own_tickets_in_the_feed
    histories::issuer_reads_the_documented_example
    histories::every_field_of_a_trace_is_present
    queries::absent_ticket_is_reported_as_missing
    representations::changes_and_state_follow_the_documented_example
    recheck::lower_rank_of_token_and_database_is_used_for_access
    recheck::unreadable_ranks_make_the_service_unready
    show::show_prints_the_bodies_of_the_api
    show::show_prints_a_page
    updates::news_reach_waiting_requests_and_streams
    updates::feed_is_followed_exactly
    faults::database_error_is_logged_once_and_recovered_from
}
