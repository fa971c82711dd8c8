//! Histories in and out, with the real binary.
#![expect(clippy::expect_used, reason = "a test stops where it stands")]

mod support;

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use support::{Service, outcome, token, wts};
use tempfile::TempDir;
use wts_adapter_file::FileSink;
use wts_app::{Entry, HistorySink};
use wts_domain::Access;
use wts_generator::hostile::storable_histories;
use wts_testkit::{ALICE, Database, Kind, campus};

/// A folder with files of histories in it.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder can be made"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The path as an argument.
    fn arg(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// A made-up campus of 300 tickets.
    fn campus(&self) -> String {
        let file = self.arg("campus.jsonl");
        succeed(&mut wts(&[
            "generate",
            "--tickets",
            "300",
            "--days",
            "200",
            "--output",
            &file,
        ]));
        file
    }
}

/// What a command printed that did what it should.
fn succeed(command: &mut Command) -> String {
    let (status, stdout, stderr) = outcome(command);
    assert!(status.success(), "{command:?}: {stderr}");
    stdout
}

/// What a command said that could not do what it should.
fn fail(command: &mut Command) -> String {
    let (status, stdout, stderr) = outcome(command);
    assert_eq!(status.code(), Some(1), "{command:?}: {stdout}{stderr}");
    stderr
}

fn on(database: &str, arguments: &[&str]) -> Command {
    let mut command = wts(arguments);
    command.env("WTS_DATABASE_URL", database);
    command
}

fn same(one: &str, other: &str) -> bool {
    fs::read(one).expect("a file") == fs::read(other).expect("a file")
}

#[test]
fn a_campus_goes_from_file_to_sqlite_to_postgresql_and_is_the_same_file_again() {
    let files = Files::new();
    let campus = files.campus();
    let mut last = campus.clone();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = Database::new(kind);
        let url = database.owner_url_text();
        let imported = succeed(&mut on(&url, &["import", &last]));
        assert!(
            imported.starts_with("imported 18 staff, 300 tickets, "),
            "{imported}"
        );
        last = files.arg(&format!("{kind:?}.jsonl"));
        succeed(&mut on(&url, &["export", "-o", &last]));
        assert!(same(&last, &campus), "{kind:?}");

        let again = succeed(&mut on(&url, &["import", &last]));
        assert!(again.starts_with("imported 0 staff, 0 tickets, 0 traces\nthere already, the same: 18 staff, 300 tickets"), "{again}");
        let verified = succeed(&mut on(&database.url(), &["verify"]));
        assert!(
            verified.starts_with("the database: every rule is kept"),
            "{verified}"
        );
    }
}

#[test]
fn the_same_seed_makes_the_same_file_in_every_version() {
    let files = Files::new();
    let campus = fs::read_to_string(files.campus()).unwrap();
    let end = campus.lines().last().unwrap();
    assert_eq!(
        end,
        r#"{"type":"end","staff":18,"tickets":300,"traces":1373,"sha256":"545d13d822b3bd8c6e08a241e6517c986d063732e36491fe9018c39e5bb0eb25"}"#
    );
}

/// What the predecessor's writers do: they insert tickets and traces, and triggers do the rest.
const WRITERS: &str = "
    insert into data.students values ('2024310001', '爱丽丝'), ('2022310007', '詹姆斯');
    insert into wts.users (sid, wx) values ('2024310001', 'a'), ('2022310007', 'b');
    insert into wts.operators values ('W007', '2022310007', 'formal-member', false);
    do $$ declare filed integer; begin
        for n in 1..60 loop
            insert into wts.tickets (issuer, submitted_at, category, description, appointed_at)
            values ('2024310001', now(), 'low-speed', '很慢 ' || n, case when n % 2 = 0 then date '2026-03-01' + n end)
            returning tid into filed;
            for step in 1..n % 7 loop
                insert into wts.ticket_traces (tid, op, new_status, new_priority, new_appointment, remark, updated_at)
                values (filed, case step % 3 when 0 then '-1' when 1 then 'W007' else '-2' end,
                    case when step % 2 = 1 then wts.status 'scheduled' else wts.status 'delay' end,
                    case when step = 3 then wts.priority 'highest' end, case when step = 2 then date 'infinity' end,
                    E'第 ' || step || E' 步\n\"引号\" \\\\ 😀', now() + step * interval '1.000001 second');
            end loop;
        end loop;
    end $$";

#[test]
fn a_database_filled_by_the_predecessors_writers_is_moved_to_sqlite_and_answers_the_same() {
    let files = Files::new();
    let (v3, sqlite) = (Database::new(Kind::WtsV3), Database::new(Kind::Sqlite));
    v3.execute(WRITERS);
    let file = files.arg("v3.jsonl");
    succeed(&mut on(&v3.url(), &["export", "--output", &file]));
    let verified = succeed(&mut wts(&["verify", &file]));
    assert!(
        verified.contains("every rule is kept, in 3 staff, 60 tickets"),
        "{verified}"
    );
    succeed(&mut on(&sqlite.url(), &["import", &file]));

    let services = [Service::on(&v3.url()), Service::on(&sqlite.url())];
    let token = token(ALICE, Access::User);
    for ticket in 1..=61 {
        for order in ["asc", "desc"] {
            let path = format!("/api/v3/get_traces?tid={ticket}&order={order}");
            let [before, after] = services
                .each_ref()
                .map(|service| service.get(&path, &token));
            assert_eq!(
                (before.status, &before.body),
                (after.status, &after.body),
                "{path}"
            );
            assert_eq!(before.status, if ticket == 61 { 400 } else { 200 });
        }
    }
}

#[test]
fn an_export_can_be_piped_into_an_import_and_compressed() {
    let files = Files::new();
    let campus = files.campus();
    let first = Database::new(Kind::Sqlite);
    succeed(&mut on(&first.url(), &["import", &campus]));
    for how in ["gzip", "zstd"] {
        let second = Database::new(Kind::Sqlite);
        let mut export = on(&first.url(), &["export", "--compress", how])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let pipe = export.stdout.take().unwrap();
        succeed(on(&second.url(), &["import"]).stdin(pipe));
        assert!(export.wait().unwrap().success());

        let file = files.arg(how);
        succeed(&mut on(
            &second.url(),
            &["export", "-o", &file, "--compress", how],
        ));
        let sizes = [&file, &campus].map(|file| fs::metadata(file).unwrap().len());
        assert!(sizes[0] * 2 < sizes[1], "{how}: {sizes:?}");
        assert!(succeed(&mut wts(&["verify", &file])).contains("every rule is kept"));
    }
}

#[test]
fn tickets_are_picked_by_number_and_by_the_time_of_their_filing() {
    let files = Files::new();
    let database = Database::new(Kind::Sqlite);
    succeed(&mut on(&database.url(), &["import", &files.campus()]));
    let exported = |picked: &[&str]| {
        let arguments = [&["export"], picked].concat();
        let file = succeed(&mut on(&database.url(), &arguments));
        let tickets = file.lines().filter(|line| line.contains("\"ticket\""));
        tickets.map(str::to_owned).collect::<Vec<_>>()
    };
    let picked = exported(&["--ticket", "123", "--ticket", "200"]);
    assert_eq!(picked.len(), 2);
    assert!(picked[0].contains("\"tid\":123,"), "{picked:?}");

    let before = exported(&["--filed-before", "2026-02-01"]);
    let since = exported(&["--filed-since", "2026-02-01T00:00:00Z"]);
    assert_eq!(before.len() + since.len(), 300);
    assert!(before.len() > 10 && since.len() > 10);
    let (status, _, told) = outcome(&mut on(
        &database.url(),
        &["export", "--filed-since", "yesterday"],
    ));
    assert_eq!(status.code(), Some(2));
    assert!(
        told.contains("expected a moment such as 2025-09-01"),
        "{told}"
    );
}

#[test]
fn a_file_that_was_cut_off_or_changed_leaves_the_database_as_it_was() {
    let files = Files::new();
    let campus = fs::read_to_string(files.campus()).unwrap();
    let lines: Vec<_> = campus.lines().collect();
    let cut = lines[..500].join("\n") + "\n";
    let changed = campus.replacen("\"delay\"", "\"delayed\"", 1);
    let bad_line = changed
        .lines()
        .position(|line| line.contains("delayed"))
        .unwrap()
        + 1;
    let cases = [
        (
            cut,
            "line 501: the file ends here, before an end record: it was cut off".to_owned(),
        ),
        (changed, format!("line {bad_line}: trace ")),
        (
            campus.replacen("提交了报修", "提交了保修", 1),
            "sha256: ".to_owned(),
        ),
    ];
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let mut records = wts_testkit::campus();
        records.tickets = vec![wts_testkit::ticket_of(1, ALICE)];
        records.traces.clear();
        records.operators.clear();
        records
            .students
            .retain(|student| student.sid.as_str() == ALICE);
        let database = Database::with(kind, records);
        let url = database.owner_url_text();
        let before = succeed(&mut on(&url, &["export"]));
        for (text, expected) in &cases {
            let file = files.arg("bad.jsonl");
            fs::write(&file, text).unwrap();
            let told = fail(&mut on(&url, &["import", &file]));
            assert!(told.contains("nothing was imported: "), "{told}");
            assert!(told.contains(expected), "{told}");
        }
        assert_eq!(succeed(&mut on(&url, &["export"])), before, "{kind:?}");
    }
}

#[test]
fn what_breaks_the_rules_is_listed_and_imported_all_the_same_but_not_in_silence() {
    let files = Files::new();
    let (first, second) = (
        Database::with(Kind::Sqlite, campus()),
        Database::new(Kind::Sqlite),
    );
    let file = files.arg("odd.jsonl");
    succeed(&mut on(&first.url(), &["export", "-o", &file]));

    for mut verify in [on(&first.url(), &["verify"]), wts(&["verify", &file])] {
        let (status, listed, told) = outcome(&mut verify);
        assert_eq!(status.code(), Some(1));
        assert!(
            listed.contains(
                "ticket 124: trace 9: the first trace is not the creation: it gives no status"
            ),
            "{listed}"
        );
        assert!(
            listed.contains("ticket 125: the ticket has no traces, not even of its creation"),
            "{listed}"
        );
        assert!(
            told.contains("the rules of a history are broken in "),
            "{told}"
        );
    }
    assert!(
        outcome(&mut wts(&["verify", &file]))
            .1
            .contains("line 9: ticket 124: trace 9: ")
    );

    let (status, said, logged) = outcome(&mut on(&second.url(), &["import", &file]));
    assert!(status.success());
    assert!(
        said.contains("the rules of a history are broken in "),
        "{said}"
    );
    assert!(
        logged.contains("WARN") && logged.contains("not the creation"),
        "{logged}"
    );
    assert!(
        !logged.contains("鲍勃") && !logged.contains("詹姆斯"),
        "{logged}"
    );
}

#[test]
fn a_file_that_contradicts_what_is_there_says_where() {
    let files = Files::new();
    let database = Database::with(Kind::Postgres, campus());
    let url = database.owner_url_text();
    let file = files.arg("campus.jsonl");
    succeed(&mut on(&url, &["export", "-o", &file]));
    database.execute("update wts.tickets set status = 'canceled' where tid = 123");
    let told = fail(&mut on(&url, &["import", &file]));
    assert!(
        told.contains("line 5: ticket 123: status: fresh here, canceled there"),
        "{told}"
    );
}

#[test]
fn who_is_told_to_stop_leaves_nothing_behind() {
    let files = Files::new();
    let file = files.arg("large.jsonl");
    let mut generate = wts(&["generate", "--tickets", "100000", "-o", &file])
        .spawn()
        .unwrap();
    let names = || fs::read_dir(files.0.path()).unwrap().count();
    while names() == 0 {
        thread::sleep(Duration::from_millis(10));
    }
    let kill = Command::new("kill")
        .args(["-s", "TERM", &generate.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    assert_eq!(generate.wait().unwrap().code(), Some(1));
    assert_eq!(names(), 0);
}

#[test]
fn what_cannot_be_opened_is_told_with_what_to_do() {
    let files = Files::new();
    let campus = files.campus();
    let missing = format!("sqlite:{}", files.arg("no.db"));
    assert!(fail(&mut on(&missing, &["import", &campus])).contains("run `wts migrate`"));
    assert!(fail(&mut on(&missing, &["export"])).contains("run `wts migrate`"));
    let v3 = Database::new(Kind::WtsV3);
    assert!(
        fail(&mut on(&v3.owner_url_text(), &["import", &campus]))
            .contains("only read and never written to")
    );
    assert!(
        fail(&mut on(&missing, &["import", "/no/such/file"])).contains("cannot read /no/such/file")
    );
    let database = Database::new(Kind::Sqlite);
    let mut import = on(&database.url(), &["import"]);
    let mut import = import
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    import.stdin.take().unwrap().write_all(b"hello\n").unwrap();
    let told = String::from_utf8(import.wait_with_output().unwrap().stderr).unwrap();
    assert!(
        told.contains("-: nothing was imported: line 1: this is no file of histories"),
        "{told}"
    );
}

#[test]
fn hostile_histories_go_from_file_to_sqlite_to_postgresql_and_are_the_same_file_again() {
    let files = Files::new();
    let mut runner = TestRunner::default();
    for _ in 0..4 {
        let records = storable_histories()
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let mut last = files.arg("hostile.jsonl");
        let mut sink = FileSink::create(last.as_ref(), None).unwrap();
        let entries = records.iter().map(|record| Entry {
            line: None,
            record: record.clone(),
        });
        sink.put(entries.collect()).unwrap();
        Box::new(sink).finish().unwrap();

        let first = last.clone();
        for kind in [Kind::Sqlite, Kind::Postgres] {
            let database = Database::new(kind);
            let url = database.owner_url_text();
            succeed(&mut on(&url, &["import", &last]));
            last = files.arg(&format!("{kind:?}.jsonl"));
            succeed(&mut on(&url, &["export", "-o", &last]));
            assert!(same(&first, &last), "{kind:?}: {records:?}");
        }
    }
}
