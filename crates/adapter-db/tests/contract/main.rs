//! What every database promises the use cases, written once and kept by each of them.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where it stands"
)]

mod histories;
mod ranks;
mod values;

use std::sync::Arc;

use wts_adapter_db::connect;
use wts_app::HistoryRepository;
use wts_domain::{TicketHistory, Trace};
use wts_testkit::{BOB, Database, Records, campus, find, ticket_of};

async fn open(database: &Database) -> Arc<dyn HistoryRepository> {
    connect(&database.parsed_url())
        .await
        .expect("the database opens")
}

async fn history(database: &Database, number: i64) -> Option<Arc<TicketHistory>> {
    let found = find(&*open(database).await, number).await;
    found.expect("the database answers")
}

async fn traces(database: &Database, number: i64) -> Vec<Trace> {
    history(database, number)
        .await
        .expect("the ticket is there")
        .traces
        .clone()
}

/// The campus, and a ticket 200 of Bob's with these traces.
fn campus_and(traces: impl IntoIterator<Item = Trace>) -> Records {
    let mut records = campus();
    records.tickets.push(ticket_of(200, BOB));
    records.traces.extend(traces);
    records
}

fn opids(traces: &[Trace]) -> Vec<i64> {
    traces.iter().map(|trace| trace.id.get()).collect()
}

/// Runs every promise on every kind of database.
macro_rules! every_database_promises {
    ($($file:ident::$promise:ident)+) => {
        mod sqlite { $(promise!(Sqlite $file $promise);)+ }
        mod postgres { $(promise!(Postgres $file $promise);)+ }
        mod wts_v3 { $(promise!(WtsV3 $file $promise);)+ }
    };
}

macro_rules! promise {
    ($kind:ident $file:ident $promise:ident) => {
        // Several threads ask, as they do in the service, and each over a connection of its own.
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $promise() {
            crate::$file::$promise(wts_testkit::Kind::$kind).await;
        }
    };
}

every_database_promises! {
    histories::a_ticket_that_is_not_there_is_none
    histories::the_documents_example_is_read_to_the_letter
    histories::traces_stand_in_time_order_and_ties_by_id
    histories::a_ticket_without_traces_has_an_issuer_and_an_empty_history
    histories::an_operator_who_is_gone_has_no_name
    histories::an_operator_whose_student_is_gone_has_no_name
    histories::a_long_history_is_whole
    histories::what_was_committed_before_the_question_is_in_the_answer
    histories::who_was_renamed_has_the_new_name_in_the_next_answer
    histories::answers_stay_fresh_while_others_write
    histories::many_questions_at_once_get_each_their_own_answer
    ranks::a_rank_is_that_of_the_staff_record_or_a_users_or_none
    ranks::a_rank_is_as_fresh_as_the_history_that_it_comes_with
    ranks::many_callers_at_once_get_each_their_own_rank
    ranks::whatever_a_caller_is_called_it_is_a_name_and_no_more
    values::everything_that_a_trace_can_change_is_read
    values::every_label_is_read
    values::the_ends_of_time_are_read
    values::ids_are_read_up_to_the_width_of_the_column
    values::a_number_too_wide_for_the_column_is_no_ticket
    values::texts_of_every_kind_are_read_as_they_were_written
    values::a_label_that_nobody_knows_fails_and_names_its_column
}
