//! Tests of the contract of `HistoryRepository`, run on every kind of database.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic fails the test"
)]

mod feed;
mod histories;
mod ranks;
mod replay;
mod values;
mod watch;

use std::sync::Arc;

use wts_adapter_db::connect;
use wts_app::HistoryRepository;
use wts_domain::{TicketHistory, Trace};
use wts_testkit::{BOB, Database, Records, find, sample_records, ticket_of};

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
        .expect("the ticket exists")
        .traces
        .clone()
}

/// Returns the sample records and Bob's ticket 200 with these traces.
fn records_with_traces(traces: impl IntoIterator<Item = Trace>) -> Records {
    let mut records = sample_records();
    records.tickets.push(ticket_of(200, BOB));
    records.traces.extend(traces);
    records
}

fn opids(traces: &[Trace]) -> Vec<i64> {
    traces.iter().map(|trace| trace.id.get()).collect()
}

/// Declares each test for every kind of database.
macro_rules! contract_tests {
    ($($file:ident::$contract_test:ident)+) => {
        mod sqlite { $(contract_test!(Sqlite $file $contract_test);)+ }
        mod postgres { $(contract_test!(Postgres $file $contract_test);)+ }
        mod wts_v3 { $(contract_test!(WtsV3 $file $contract_test);)+ }
    };
}

macro_rules! contract_test {
    ($kind:ident $file:ident $contract_test:ident) => {
        // Queries come from several threads, as in the service, and each thread has its own connection.
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $contract_test() {
            crate::$file::$contract_test(wts_testkit::Kind::$kind).await;
        }
    };
}

contract_tests! {
    feed::feed_has_all_traces_in_ascending_order
    feed::full_page_has_more_only_if_traces_follow
    feed::descending_pages_begin_with_the_newest
    feed::new_traces_follow_the_end
    feed::empty_feed_has_a_position
    feed::page_has_traces_that_meet_all_conditions
    feed::page_with_conditions_scans_a_limited_number
    feed::issuers_and_ranks_are_found
    histories::missing_ticket_returns_none
    histories::api_document_example_is_read
    histories::traces_are_ordered_by_time_then_id
    histories::ticket_without_traces_has_an_empty_history
    histories::deleted_operator_has_no_name
    histories::operator_without_student_has_no_name
    histories::long_history_is_complete
    histories::next_result_contains_committed_traces
    histories::next_result_contains_a_changed_operator_name
    histories::results_are_fresh_during_concurrent_writes
    histories::concurrent_queries_get_the_requested_histories
    ranks::rank_is_read_from_the_staff_record
    ranks::changed_rank_is_read_at_once
    ranks::concurrent_callers_get_their_own_ranks
    ranks::sql_in_a_student_number_is_unregistered
    replay::states_equal_a_replay_in_sql
    values::all_fields_of_a_trace_are_read
    values::every_label_is_read
    values::extreme_timestamps_and_dates_are_read
    values::largest_id_of_the_column_is_read
    values::id_too_large_for_the_column_returns_none
    values::texts_are_read_unchanged
    values::unknown_label_fails_and_names_its_column
    watch::news_begin_at_the_end_and_have_each_trace_once
    watch::news_of_an_import_are_read_in_parts
    watch::histories_are_read_together_with_ranks
}
