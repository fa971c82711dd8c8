//! What every database promises the use cases, written once and kept by each of them.

#[path = "contract/promises.rs"]
mod promises;

/// Runs every promise on every kind of database.
macro_rules! every_database_promises {
    ($($promise:ident)+) => {
        mod sqlite { $(promise!(Sqlite $promise);)+ }
        mod postgres { $(promise!(Postgres $promise);)+ }
        mod wts_v3 { $(promise!(WtsV3 $promise);)+ }
    };
}

macro_rules! promise {
    ($kind:ident $promise:ident) => {
        #[tokio::test]
        async fn $promise() {
            crate::promises::$promise(wts_testkit::Kind::$kind).await;
        }
    };
}

every_database_promises! {
    a_ticket_that_is_not_there_is_none
    the_documents_example_is_read_to_the_letter
    everything_that_a_trace_can_change_is_read
    traces_stand_in_time_order_and_ties_by_id
    a_ticket_without_traces_has_an_issuer_and_an_empty_history
    an_operator_who_is_gone_has_no_name
    an_operator_whose_student_is_gone_has_no_name
    every_label_is_read
    the_ends_of_time_are_read
    ids_are_read_up_to_the_width_of_the_column
    a_number_too_wide_for_the_column_is_no_ticket
    texts_of_every_kind_are_read_as_they_were_written
    a_long_history_is_whole
    what_was_committed_before_the_question_is_in_the_answer
    many_questions_at_once_get_each_their_own_answer
    a_label_that_nobody_knows_fails_and_names_its_column
}
