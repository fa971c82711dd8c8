//! The promises of the port, kept by every kind of database.
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

/// Runs every test on every kind of database.
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
    histories::missing_ticket_is_none
    histories::example_of_the_api_document_is_read
    histories::traces_are_ordered_by_time_then_id
    histories::ticket_without_traces_has_an_empty_history
    histories::deleted_operator_has_no_name
    histories::operator_without_student_has_no_name
    histories::long_history_is_complete
    histories::committed_traces_are_in_the_next_result
    histories::renamed_operator_has_the_new_name_at_once
    histories::results_are_fresh_while_others_write
    histories::concurrent_queries_get_their_own_histories
    ranks::rank_is_that_of_the_staff_record
    ranks::changed_rank_is_read_at_once
    ranks::concurrent_callers_get_their_own_ranks
    ranks::hostile_student_number_is_unregistered
    values::all_fields_of_a_trace_are_read
    values::every_label_is_read
    values::extreme_timestamps_and_dates_are_read
    values::largest_id_of_the_column_is_read
    values::id_too_wide_for_the_column_is_none
    values::texts_are_read_as_written
    values::unknown_label_fails_and_names_its_column
}
