//! Tests of errors: invalid files, rule violations, conflicts and invalid databases.

use super::*;

#[test]
fn import_of_a_damaged_file_changes_nothing() {
    let files = Files::new();
    let sample = fs::read_to_string(files.sample_file()).unwrap();
    let lines: Vec<_> = sample.lines().collect();
    let cut = lines[..500].join("\n") + "\n";
    let changed = sample.replacen("\"delay\"", "\"delayed\"", 1);
    let bad_line = changed
        .lines()
        .position(|line| line.contains("delayed"))
        .unwrap()
        + 1;
    let cases = [
        (
            cut,
            "line 501: the file ends here without an end record: it was truncated".to_owned(),
        ),
        (changed, format!("line {bad_line}: trace ")),
        (
            sample.replacen("提交了报修", "提交了保修", 1),
            "sha256: ".to_owned(),
        ),
    ];
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let mut records = sample_records();
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
            let error = fail(&mut on(&url, &["import", &file]));
            assert!(error.contains("nothing was imported: "), "{error}");
            assert!(error.contains(expected), "{error}");
        }
        assert_eq!(succeed(&mut on(&url, &["export"])), before, "{kind:?}");
    }
}

#[test]
fn rule_violations_are_listed_and_imported_with_a_warning() {
    let files = Files::new();
    let (first, second) = (
        Database::with(Kind::Sqlite, sample_records()),
        Database::new(Kind::Sqlite),
    );
    let file = files.arg("odd.jsonl");
    succeed(&mut on(&first.url(), &["export", "--force", "-o", &file]));

    for mut verify in [on(&first.url(), &["verify"]), wts(&["verify", &file])] {
        let (status, listed, error) = outcome(&mut verify);
        assert_eq!(status.code(), Some(1));
        assert!(
            listed.contains(
                "ticket 124: trace 9: the first trace does not create the ticket: expected status fresh, found none"
            ),
            "{listed}"
        );
        assert!(
            listed.contains("ticket 125: the ticket has no traces"),
            "{listed}"
        );
        assert!(error.contains("rule violations in "), "{error}");
    }
    assert!(
        outcome(&mut wts(&["verify", &file]))
            .1
            .contains("line 9: ticket 124: trace 9: ")
    );

    let (status, output, logged) = outcome(&mut on(&second.url(), &["import", &file]));
    assert!(status.success());
    assert!(
        output.contains("rule violations in the imported histories"),
        "{output}"
    );
    assert!(
        logged.contains("WARN") && logged.contains("does not create the ticket"),
        "{logged}"
    );
    assert!(
        !logged.contains("鲍勃") && !logged.contains("詹姆斯"),
        "{logged}"
    );
}

#[test]
fn import_conflict_is_reported_with_its_location() {
    let files = Files::new();
    let database = Database::with(Kind::Postgres, sample_records());
    let url = database.owner_url_text();
    let file = files.arg("sample.jsonl");
    succeed(&mut on(&url, &["export", "--force", "-o", &file]));
    database.execute("update wts.tickets set status = 'canceled' where tid = 123");
    let error = fail(&mut on(&url, &["import", &file]));
    assert!(
        error.contains("line 5: ticket 123: status: fresh in the import, canceled in the database"),
        "{error}"
    );
}

#[test]
fn failure_to_open_is_reported_with_a_remedy() {
    let files = Files::new();
    let sample = files.sample_file();
    let missing = format!("sqlite:{}", files.arg("no.db"));
    assert!(fail(&mut on(&missing, &["import", &sample])).contains("run `wts migrate`"));
    assert!(fail(&mut on(&missing, &["export"])).contains("run `wts migrate`"));
    let v3 = Database::new(Kind::WtsV3);
    assert!(
        fail(&mut on(&v3.owner_url_text(), &["import", &sample]))
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
    let error = String::from_utf8(import.wait_with_output().unwrap().stderr).unwrap();
    assert!(
        error.contains("-: nothing was imported: line 1: not a file of histories"),
        "{error}"
    );
}
