//! Tests of importing histories, which either succeeds completely or changes nothing.

use wts_adapter_db::{OpenError, connect, migrate};
use wts_domain::{Date, StaffId, Timestamp, Trace};
use wts_testkit::{BOB, Database, find, ticket};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn imported_history_is_served() {
    for kind in WRITABLE {
        let database = Database::new(kind);
        import(&database.owner_url(), &sample()).await.unwrap();
        let histories = connect(&database.parsed_url()).await.unwrap();
        let history = find(&*histories, 123).await.unwrap().unwrap();
        assert_eq!(history.issuer.as_str(), ALICE);
        let names = history.traces.iter().map(|trace| trace.op_name.as_str());
        assert!(names.eq(["(系统操作)", "詹姆斯"]), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_ids_follow_the_imported_ids() {
    for kind in WRITABLE {
        let database = Database::new(kind);
        let url = database.owner_url();
        import(&url, &sample()).await.unwrap();
        let (tickets, traces) = (database.table("tickets"), database.table("ticket_traces"));
        let now = if kind == Kind::Sqlite { "0" } else { "now()" };
        database.execute(&format!(
            "insert into {tickets} (issuer, submitted_at, category, description) values ('{BOB}', {now}, 'others', '');
             insert into {traces} (tid, updated_at, op, remark) select max(tid), {now}, '-2', '' from {tickets}"
        ));
        let read = export_selected(&url, Selection::Tickets([ticket(126)].into())).await;
        let Some(Record::Trace(trace)) = read.last() else {
            panic!("{kind:?}: no trace of the ticket after 125");
        };
        assert_eq!(trace.id.get(), 10, "{kind:?}: the trace after 9");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sequence_is_not_set_back_and_skips_used_ids() {
    for (sequence, imported, next) in [
        (Some(500), sample(), 501),
        (None, vec![ticket_record(1)], 2),
    ] {
        let database = Database::new(Kind::Postgres);
        if let Some(last) = sequence {
            database.execute(&format!("select setval('wts.tickets_tid_seq', {last})"));
        }
        import(&database.owner_url(), &imported).await.unwrap();
        database.execute(&format!(
            "insert into wts.tickets (issuer, submitted_at, category, description)
             values ('{ALICE}', now(), 'others', '');
             do $$ begin assert (select max(tid) from wts.tickets) = {next}; end $$"
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn second_import_adds_missing_records() {
    for kind in WRITABLE {
        let database = Database::new(kind);
        let (url, all) = (database.owner_url(), sample());
        let (first, rest): (Vec<_>, Vec<_>) =
            all.iter().cloned().partition(|record| match record {
                Record::Staff(staff) => staff.id.as_str() != StaffId::USER,
                Record::Ticket(ticket_entry) => ticket_entry.id == ticket(123),
                Record::Trace(trace) => trace.ticket == ticket(123),
            });
        import(&url, &first).await.unwrap();
        let report = import(&url, &rest).await.unwrap();
        let tickets = (report.inserted.tickets, report.unchanged.tickets);
        assert_eq!(tickets, (2, 0), "{kind:?}");
        assert_eq!(export(&url).await, all, "{kind:?}");
        let report = import(&url, &all).await.unwrap();
        assert_eq!(report.inserted, Counts::default(), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn issuer_imported_as_staff_gets_a_name() {
    for kind in WRITABLE {
        let database = Database::new(kind);
        let url = database.owner_url();
        import(&url, &[ticket_record(1)]).await.unwrap();
        let member = [Record::Staff(staff("W100", ALICE, "爱丽丝"))];
        import(&url, &member).await.unwrap();
        assert_eq!(export(&url).await[..1], member, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn import_does_not_change_an_empty_staff_name() {
    for kind in WRITABLE {
        let database = Database::new(kind);
        let url = database.owner_url();
        let named = |name: &str| [Record::Staff(staff("W100", ALICE, name))];
        import(&url, &named("")).await.unwrap();
        let error = import_error(&url, &named("爱丽丝")).await;
        let expected = "line 2: staff \"W100\": name: the database has a different text";
        assert!(error.ends_with(expected), "{kind:?}: {error}");
        let report = import(&url, &named("")).await.unwrap();
        assert_eq!(report.unchanged.staff, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn import_into_emptied_tables_avoids_sequential_scans() {
    let database = Database::new(Kind::Postgres);
    // Reproduces the state after a failed import. The role owns no table, so foreign keys are not dropped.
    database.execute("analyze");
    database.execute("vacuum data.students, wts.operators, wts.tickets, wts.ticket_traces");
    database.execute(GRANT_WRITE);
    let mut records = vec![Record::Staff(staff("-2", "-2", ""))];
    for number in 1..=3_000 {
        records.extend([ticket_record(number), trace_record(number, number, "-2")]);
    }
    // With small batches, the planner could choose sequential scans.
    import_by(&database.parsed_url(), &records, 20)
        .await
        .unwrap();
    // The statistics are updated shortly after the connection has closed.
    database.execute(
        "do $$ begin
        for attempt in 1..100 loop
            perform pg_sleep(0.1);
            perform pg_stat_clear_snapshot();
            exit when (select n_tup_ins from pg_stat_user_tables where relname = 'ticket_traces') = 3000;
        end loop;
        assert (select sum(seq_tup_read) from pg_stat_user_tables where relname in ('tickets', 'students')) < 30000,
            'tables are scanned';
    end $$",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_last_record_rolls_back_the_import() {
    for kind in WRITABLE {
        let database = Database::new(kind);
        let url = database.owner_url();
        let mut records = sample();
        records.extend((1_000..5_000).map(ticket_record));
        records.push(trace_record(4_999, 70, "W999"));
        assert_eq!(
            import_error(&url, &records).await,
            "line 4013: trace 70: op: expected the id of a staff member in the import or in the database, found \"W999\"",
            "{kind:?}"
        );
        assert_eq!(export(&url).await, [], "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_are_not_blocked_by_an_unfinished_import() {
    for kind in WRITABLE {
        let database = Database::new(kind);
        let url = database.owner_url();
        let before = [ticket_record(1)];
        import(&url, &before).await.unwrap();
        let mut sink = sink(&url).await.unwrap();
        let batch = sample().into_iter().collect();
        let put = spawn_blocking(move || sink.put(batch).map(|()| sink)).await;
        let sink = put.unwrap().unwrap();

        assert_eq!(export(&url).await, before, "{kind:?}");
        let finished = spawn_blocking(move || sink.finish()).await;
        finished.unwrap().unwrap();
        let (mut all, rest): (Vec<_>, Vec<_>) = sample()
            .into_iter()
            .partition(|record| matches!(record, Record::Staff(_)));
        all.extend(before.into_iter().chain(rest));
        assert_eq!(export(&url).await, all, "{kind:?}");
    }
}

/// The SQL expression for the definitions of all foreign keys.
const FOREIGN_KEYS: &str =
    "(select string_agg(concat_ws(' ', conrelid::regclass, conname, convalidated,
    pg_get_constraintdef(oid)), E'\n' order by conname) from pg_constraint where contype = 'f')";

#[tokio::test(flavor = "multi_thread")]
async fn foreign_keys_are_unchanged_after_an_import() {
    let database = Database::new(Kind::Postgres);
    let url = database.owner_url();
    database.execute(&format!(
        "create table before as select {FOREIGN_KEYS} as keys"
    ));
    import(&url, &sample()).await.unwrap();
    let mut invalid = sample();
    invalid.push(trace_record(125, 70, "W999"));
    import(&url, &invalid).await.unwrap_err();
    database.execute(&format!(
        "do $$ begin assert (select keys from before) = {FOREIGN_KEYS}; end $$"
    ));
}

/// Grants write privileges to the read-only role, which has the name of the database.
const GRANT_WRITE: &str = "do $$ begin execute format(
    'grant insert, update on all tables in schema data, wts to %1$I;
     grant usage, select, update on all sequences in schema wts to %1$I', current_database());
    end $$";

#[tokio::test(flavor = "multi_thread")]
async fn role_that_owns_no_table_can_import() {
    let database = Database::new(Kind::Postgres);
    database.execute(GRANT_WRITE);
    import(&database.parsed_url(), &sample()).await.unwrap();
    assert_eq!(export(&database.owner_url()).await, sample());
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_postgresql_cannot_store_are_rejected() {
    type Change = fn(&mut Trace);
    let changes: [(Change, &str); 3] = [
        (
            |trace| "a\0b".clone_into(&mut trace.remark),
            "remark: holds the character U+0000, which PostgreSQL cannot store",
        ),
        (
            |trace| trace.updated_at = Timestamp::from_micros_since_2000(i64::MAX - 1),
            "updated_at: expected a moment from -004713-11-24",
        ),
        (
            |trace| trace.new_appointment = Some(Date::from_days_since_2000(i32::MAX - 1)),
            "new_appointment: expected a day from -004713-11-24",
        ),
    ];
    let database = Database::new(Kind::Postgres);
    for (change, expected) in changes {
        let mut trace_out_of_range = trace_of(125, 70, 0, "-2", "");
        change(&mut trace_out_of_range);
        let mut records = sample();
        records.push(Record::Trace(trace_out_of_range));
        let error = import_error(&database.owner_url(), &records).await;
        let expected = format!("line 13: trace 70: {expected}");
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_database_fails_when_the_sink_is_opened() {
    let v3 = Database::with(Kind::WtsV3, sample_records());
    let outcome = sink(&v3.owner_url()).await;
    assert!(matches!(outcome, Err(OpenError::UnmanagedSchema)));
    let missing = DatabaseUrl::sqlite("/no/such/file.db");
    let outcome = sink(&missing).await;
    assert!(matches!(outcome, Err(OpenError::NoSuchFile(_))));

    let without_tables = Database::without_tables(Kind::Sqlite);
    without_tables.execute("create table other (n integer)");
    let outcome = sink(&Database::new(Kind::Postgres).parsed_url()).await;
    assert!(matches!(outcome, Err(OpenError::Unwritable(_))));
    let outcome = sink(&Database::without_tables(Kind::Postgres).owner_url()).await;
    assert!(matches!(outcome, Err(OpenError::NoTables)));
    let outcome = sink(&without_tables.owner_url()).await;
    assert!(matches!(outcome, Err(OpenError::MissingTables(_))));
    migrate(&without_tables.owner_url()).await.unwrap();
    assert!(sink(&without_tables.owner_url()).await.is_ok());
}
