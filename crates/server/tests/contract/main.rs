//! The contract of `GET /api/v3/get_traces`, over real HTTP, and `wts show`, which prints the same histories.
//!
//! A test that depends on the database runs on every kind of database, see the end of this file; the others run on SQLite.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops where it stands"
)]

mod callers;
mod faults;
mod histories;
mod queries;
mod recheck;
mod representations;
mod show;
#[path = "../support/mod.rs"]
mod support;

use serde_json::json;
use wts_testkit::{Database, Kind, sample_records};

use crate::support::{Answer, Service};

const PATH: &str = "/api/v3/get_traces";

/// Serves the sample data set. The database is dropped after the service.
fn served(kind: Kind) -> (Service, Database) {
    let database = Database::with(kind, sample_records());
    (Service::on(&database.url()), database)
}

fn traces_of(ticket: &str) -> String {
    format!("{PATH}?tid={ticket}")
}

/// Checks that an error response consists of the envelope only.
fn assert_rejected(answer: &Answer, status: u16, err_type: u8, msg: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(
        answer.json(),
        json!({"success": false, "msg": msg, "errType": err_type})
    );
    assert_eq!(
        answer.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    assert!(
        answer
            .header("x-request-id")
            .is_some_and(|id| !id.is_empty())
    );
}

/// Declares each of these tests for every kind of database.
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
    histories::issuer_reads_the_documented_example
    histories::every_field_of_a_trace_is_present
    queries::absent_ticket_is_reported_as_missing
    representations::changes_and_state_follow_the_documented_example
    recheck::lower_rank_of_token_and_database_counts
    recheck::unreadable_ranks_make_the_service_unready
    show::show_prints_the_bodies_of_the_api
    show::show_prints_a_page
    faults::database_error_is_logged_once_and_recovered_from
}
