//! The contract of `GET /api/v3/get_traces`, over real HTTP, on every kind of database.
//!
//! Each story is a function that is told on every kind; a test is made of each for each at the end of this file.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops where it stands"
)]

mod callers;
mod faults;
mod histories;
mod http;
mod queries;
mod recheck;
#[path = "../support/mod.rs"]
mod support;

use serde_json::json;
use wts_testkit::{Database, Kind, campus};

use crate::support::{Answer, Service};

const PATH: &str = "/api/v3/get_traces";

/// The small campus, served. The database is dropped after the service.
fn served(kind: Kind) -> (Service, Database) {
    let database = Database::with(kind, campus());
    (Service::on(&database.url()), database)
}

fn traces_of(ticket: &str) -> String {
    format!("{PATH}?tid={ticket}")
}

/// An error has the envelope and nothing else in it.
fn assert_refused(answer: &Answer, status: u16, err_type: u8, msg: &str) {
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

fn assert_unauthorized(answer: &Answer, challenge: &str) {
    assert_eq!(answer.status, 401, "{answer:?}");
    assert_eq!(answer.json()["success"], json!(false));
    assert_eq!(answer.json()["errType"], json!(3));
    assert_eq!(answer.json().as_object().unwrap().len(), 3);
    assert_eq!(answer.header("www-authenticate"), Some(challenge));
}

/// Tells every story on every kind of database.
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
    histories::the_issuer_reads_the_documents_example
    histories::every_field_of_a_trace_is_there
    histories::a_ticket_without_traces_has_an_empty_history
    histories::traces_come_oldest_first_or_newest_first
    histories::no_call_changes_anything
    callers::every_rank_with_its_own_and_with_anothers_ticket
    callers::nobody_owns_a_ticket_through_an_empty_student_number
    callers::without_a_good_token_nobody_is_told_anything
    callers::the_first_check_that_fails_answers
    recheck::every_rank_with_its_own_anothers_and_no_ticket_as_the_database_lets_it_stand
    recheck::a_database_that_tells_no_ranks_any_more_makes_the_service_unready
    queries::a_ticket_number_has_one_spelling
    queries::a_ticket_that_is_not_there_is_said_to_be_missing
    queries::unknown_parameters_are_ignored
    http::head_is_answered_as_get_without_a_body
    http::other_methods_and_other_paths_are_refused_in_the_envelope
    http::who_has_the_history_already_is_sent_it_again_when_it_has_changed
    http::every_answer_bears_a_request_id_that_is_in_the_log
    faults::a_database_that_fails_is_not_told_of_and_is_used_again_when_it_is_back
    faults::the_log_tells_neither_tokens_nor_names_nor_remarks
}
