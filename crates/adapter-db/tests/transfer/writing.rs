//! Bringing histories in, all of them or none.

use wts_adapter_db::{SinkError, connect, migrate};
use wts_domain::{StaffId, StaffMember, StudentId};
use wts_testkit::{ALICE, BOB, Database, Kind, TraceOf, campus, find, ticket, ticket_of};

use super::*;

pub(crate) const OURS: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

/// The testkit's campus, as a stream of records.
pub(crate) fn stream() -> Vec<Record> {
    let records = campus();
    let name = |sid: &StudentId| {
        let student = records.students.iter().find(|student| student.sid == *sid);
        student
            .map(|student| student.name.clone())
            .unwrap_or_default()
    };
    let staff = records.operators.iter().map(|operator| {
        let mut staff =
            StaffMember::new(operator.wid.clone(), operator.sid.clone(), operator.access);
        staff.name = name(&operator.sid);
        Record::Staff(staff)
    });
    let mut traces = records.traces.clone();
    traces.sort_by_key(|trace| (trace.updated_at, trace.id));
    let histories = records.tickets.iter().flat_map(|filed| {
        let own = traces
            .iter()
            .filter(|trace| trace.ticket == filed.id)
            .cloned();
        std::iter::once(Record::Ticket(filed.clone())).chain(own.map(Record::Trace))
    });
    staff.chain(histories).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_brought_in_is_served() {
    for kind in OURS {
        let database = Database::new(kind);
        put(&database.owner_url(), &stream()).await.unwrap();
        let histories = connect(&database.parsed_url()).await.unwrap();
        let history = find(&*histories, 123).await.unwrap().unwrap();
        assert_eq!(history.issuer.as_str(), ALICE);
        let names: Vec<_> = history
            .traces
            .iter()
            .map(|trace| trace.op_name.as_str())
            .collect();
        assert_eq!(names, ["(系统操作)", "詹姆斯"], "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_go_on_after_those_that_were_brought_in() {
    for kind in OURS {
        let database = Database::new(kind);
        put(&database.owner_url(), &stream()).await.unwrap();
        let (tickets, traces) = (database.table("tickets"), database.table("ticket_traces"));
        let now = if kind == Kind::Sqlite { "0" } else { "now()" };
        database.execute(&format!(
            "insert into {tickets} (issuer, submitted_at, category, description) values ('{BOB}', {now}, 'others', '');
             insert into {traces} (tid, updated_at, op, remark) select max(tid), {now}, '-2', '' from {tickets}"
        ));
        let read = selected(
            &database.owner_url(),
            Selection::Tickets([ticket(126)].into()),
        )
        .await;
        let Some(Record::Trace(trace)) = read.last() else {
            panic!("{kind:?}: no trace of the ticket after 125");
        };
        assert_eq!(trace.id.get(), 10, "{kind:?}: the trace after 9");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identities_are_not_turned_back_and_not_left_at_a_number_that_is_taken() {
    let database = Database::new(Kind::Postgres);
    database.execute("select setval('wts.tickets_tid_seq', 500)");
    put(&database.owner_url(), &stream()).await.unwrap();
    let file = |number| {
        format!(
            "insert into wts.tickets (issuer, submitted_at, category, description)
             values ('{BOB}', now(), 'others', '');
             do $$ begin assert (select max(tid) from wts.tickets) = {number}; end $$"
        )
    };
    database.execute(&file(501));

    let database = Database::new(Kind::Postgres);
    put(&database.owner_url(), &[Record::Ticket(ticket_of(1, BOB))])
        .await
        .unwrap();
    database.execute(&file(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_can_be_brought_in_beside_what_is_there() {
    for kind in OURS {
        let database = Database::new(kind);
        let (url, all) = (database.owner_url(), stream());
        let (first, rest): (Vec<_>, Vec<_>) =
            all.iter().cloned().partition(|record| match record {
                Record::Staff(staff) => staff.id.as_str() != StaffId::USER,
                Record::Ticket(filed) => filed.id == ticket(123),
                Record::Trace(trace) => trace.ticket == ticket(123),
            });
        put(&url, &first).await.unwrap();
        let stored = put(&url, &rest).await.unwrap();
        assert_eq!(
            (stored.inserted.tickets, stored.unchanged.tickets),
            (2, 0),
            "{kind:?}"
        );
        assert_eq!(everything(&url).await, all, "{kind:?}");
        let stored = put(&url, &all).await.unwrap();
        assert_eq!(stored.inserted, Counts::default(), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_filed_tickets_gets_a_name_when_they_join_the_staff() {
    for kind in OURS {
        let database = Database::new(kind);
        let url = database.owner_url();
        put(&url, &[Record::Ticket(ticket_of(1, ALICE))])
            .await
            .unwrap();
        let mut member = StaffMember::new(
            StaffId::from("W100"),
            StudentId::from(ALICE),
            wts_domain::Access::FormalMember,
        );
        "爱丽丝".clone_into(&mut member.name);
        put(&url, &[Record::Staff(member.clone())]).await.unwrap();
        assert_eq!(
            everything(&url).await.first(),
            Some(&Record::Staff(member)),
            "{kind:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_known_stays_unknown_until_somebody_changes_it_elsewhere() {
    for kind in OURS {
        let database = Database::new(kind);
        let url = database.owner_url();
        let named = |name: &str| {
            let mut member = StaffMember::new(
                StaffId::from("W100"),
                StudentId::from(ALICE),
                wts_domain::Access::FormalMember,
            );
            name.clone_into(&mut member.name);
            [Record::Staff(member)]
        };
        put(&url, &named("")).await.unwrap();
        let told = put(&url, &named("爱丽丝")).await.unwrap_err().to_string();
        assert!(
            told.ends_with("line 2: staff \"W100\": name: another text is there"),
            "{kind:?}: {told}"
        );
        assert_eq!(put(&url, &named("")).await.unwrap().unchanged.staff, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_were_emptied_and_vacuumed_are_not_read_through_for_every_row() {
    let database = Database::new(Kind::Postgres);
    // As after an import that failed. Who owns no table leaves the foreign keys as they are.
    database.execute("analyze");
    database.execute("vacuum data.students, wts.operators, wts.tickets, wts.ticket_traces");
    database.execute(FILLER);
    let mut records = vec![Record::Staff(StaffMember::new(
        StaffId::from("-2"),
        StudentId::from("-2"),
        wts_domain::Access::User,
    ))];
    for number in 1..=3_000 {
        records.push(Record::Ticket(ticket_of(number, ALICE)));
        records.push(Record::Trace(TraceOf::ticket(number, number, 0, "-2", "")));
    }
    // The first that is asked for are few enough to be read through.
    put_by(&database.parsed_url(), &records, 20).await.unwrap();
    // The counts arrive a little after whoever did the counting is gone.
    let read = "do $$ begin
        for attempt in 1..100 loop
            perform pg_sleep(0.1);
            perform pg_stat_clear_snapshot();
            exit when (select n_tup_ins from pg_stat_user_tables where relname = 'ticket_traces') = 3000;
        end loop;
        assert (select sum(seq_tup_read) from pg_stat_user_tables where relname in ('tickets', 'students')) < 30000,
            'tables are read through';
    end $$";
    database.execute(read);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_there_when_the_last_record_is_bad() {
    for kind in OURS {
        let database = Database::new(kind);
        let mut records = stream();
        records.extend((1_000..5_000).map(|number| Record::Ticket(ticket_of(number, ALICE))));
        records.push(Record::Trace(TraceOf::ticket(4_999, 70, 0, "W999", "")));
        let told = put(&database.owner_url(), &records)
            .await
            .unwrap_err()
            .to_string();
        assert_eq!(
            told,
            "line 4013: trace 70: op: expected the number of somebody of the staff, here or there, not \"W999\"",
            "{kind:?}"
        );
        assert_eq!(everything(&database.owner_url()).await, [], "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_nothing_of_it_before_it_is_through_and_do_not_wait() {
    for kind in OURS {
        let database = Database::new(kind);
        let url = database.owner_url();
        let before = [Record::Ticket(ticket_of(1, BOB))];
        put(&url, &before).await.unwrap();
        let mut sink = sink(&url).await.unwrap();
        let batch = stream().into_iter().collect();
        let sink = spawn_blocking(move || sink.put(batch).map(|()| sink))
            .await
            .unwrap()
            .unwrap();

        assert_eq!(everything(&url).await, before, "{kind:?}");
        spawn_blocking(move || sink.finish())
            .await
            .unwrap()
            .unwrap();
        let staff = stream()
            .into_iter()
            .filter(|record| matches!(record, Record::Staff(_)));
        let rest = stream()
            .into_iter()
            .filter(|record| !matches!(record, Record::Staff(_)));
        let all: Vec<_> = staff.chain(before).chain(rest).collect();
        assert_eq!(everything(&url).await, all, "{kind:?}");
    }
}

/// Everything that the server says of the foreign keys.
const FOREIGN_KEYS: &str =
    "(select string_agg(concat_ws(' ', conrelid::regclass, conname, convalidated,
    pg_get_constraintdef(oid)), E'\n' order by conname) from pg_constraint where contype = 'f')";

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_postgresql_has_its_foreign_keys_again_after_it_was_filled() {
    let database = Database::new(Kind::Postgres);
    let url = database.owner_url();
    database.execute(&format!(
        "create table before as select {FOREIGN_KEYS} as keys"
    ));
    put(&url, &stream()).await.unwrap();
    let mut bad = stream();
    bad.push(Record::Trace(TraceOf::ticket(125, 70, 0, "W999", "")));
    put(&url, &bad).await.unwrap_err();
    database.execute(&format!(
        "do $$ begin assert (select keys from before) = {FOREIGN_KEYS}; end $$"
    ));
}

/// Lets the role that may only read, which is called as its database is, write as well.
const FILLER: &str = "do $$ begin execute format(
    'grant insert, update on all tables in schema data, wts to %1$I;
     grant usage, select, update on all sequences in schema wts to %1$I', current_database());
    end $$";

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_owns_no_table_can_fill_an_empty_postgresql() {
    let database = Database::new(Kind::Postgres);
    database.execute(FILLER);
    put(&database.parsed_url(), &stream()).await.unwrap();
    assert_eq!(everything(&database.owner_url()).await, stream());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postgresql_cannot_store_is_told_with_its_line_and_field() {
    let database = Database::new(Kind::Postgres);
    let told = async |change: &dyn Fn(&mut wts_domain::Trace)| {
        let mut records = stream();
        let mut odd = TraceOf::ticket(125, 70, 0, "-2", "");
        change(&mut odd);
        records.push(Record::Trace(odd));
        put(&database.owner_url(), &records)
            .await
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        told(&|trace| "a\0b".clone_into(&mut trace.remark)).await,
        "line 13: trace 70: remark: holds the character U+0000, which PostgreSQL cannot store"
    );
    let late = told(&|trace| {
        trace.updated_at = wts_domain::Timestamp::from_micros_since_2000(i64::MAX - 1);
    });
    assert!(
        late.await
            .starts_with("line 13: trace 70: updated_at: expected a moment from -004713-11-24")
    );
    let late = told(&|trace| {
        trace.new_appointment = Some(wts_domain::Day::from_days_since_2000(i32::MAX - 1));
    });
    assert!(
        late.await
            .starts_with("line 13: trace 70: new_appointment: expected a day from -004713-11-24")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_wts_v3_database_is_never_written_to() {
    let database = Database::with(Kind::WtsV3, campus());
    assert!(matches!(
        sink(&database.owner_url()).await,
        Err(SinkError::NotOurs)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_take_histories_is_told_of_at_once() {
    let missing = DatabaseUrl::sqlite("/no/such/file.db");
    assert!(matches!(
        sink(&missing).await,
        Err(SinkError::NoSuchFile(_))
    ));
    let bare = Database::without_tables(Kind::Postgres);
    assert!(matches!(
        sink(&bare.owner_url()).await,
        Err(SinkError::Unwritable(_))
    ));
    let reader = Database::new(Kind::Postgres);
    assert!(matches!(
        sink(&reader.parsed_url()).await,
        Err(SinkError::Unwritable(_))
    ));
    let bare = Database::without_tables(Kind::Sqlite);
    bare.execute("create table other (n integer)");
    assert!(matches!(
        sink(&bare.owner_url()).await,
        Err(SinkError::Unwritable(_))
    ));
    migrate(&bare.owner_url()).await.unwrap();
    assert!(sink(&bare.owner_url()).await.is_ok());
}
