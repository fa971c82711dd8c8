//! Invalid files and databases.

use super::*;

#[test]
fn import_of_a_damaged_file_changes_nothing() {
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
            "line 501: the file ends here without an end record: it was truncated".to_owned(),
        ),
        (changed, format!("line {bad_line}: trace ")),
        (
            campus.replacen("提交了报修", "提交了保修", 1),
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
            let told = fail(&mut on(&url, &["import", &file]));
            assert!(told.contains("nothing was imported: "), "{told}");
            assert!(told.contains(expected), "{told}");
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
    succeed(&mut on(&first.url(), &["export", "-o", &file]));

    for mut verify in [on(&first.url(), &["verify"]), wts(&["verify", &file])] {
        let (status, listed, told) = outcome(&mut verify);
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
        assert!(told.contains("rule violations in "), "{told}");
    }
    assert!(
        outcome(&mut wts(&["verify", &file]))
            .1
            .contains("line 9: ticket 124: trace 9: ")
    );

    let (status, said, logged) = outcome(&mut on(&second.url(), &["import", &file]));
    assert!(status.success());
    assert!(
        said.contains("rule violations in the imported histories"),
        "{said}"
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
    let file = files.arg("campus.jsonl");
    succeed(&mut on(&url, &["export", "-o", &file]));
    database.execute("update wts.tickets set status = 'canceled' where tid = 123");
    let told = fail(&mut on(&url, &["import", &file]));
    assert!(
        told.contains("line 5: ticket 123: status: fresh in the import, canceled in the database"),
        "{told}"
    );
}

#[test]
fn failure_to_open_is_reported_with_a_remedy() {
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
        told.contains("-: nothing was imported: line 1: not a file of histories"),
        "{told}"
    );
}
