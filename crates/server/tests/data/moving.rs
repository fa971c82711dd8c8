//! Tests of round trips of histories through export and import.

use super::*;

#[test]
fn sample_data_round_trips_through_both_databases() {
    let files = Files::new();
    let sample = files.sample_file();
    let mut last = sample.clone();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = Database::new(kind);
        let url = database.owner_url_text();
        let imported = succeed(&mut on(&url, &["import", &last]));
        assert!(
            imported.starts_with("imported 18 staff, 300 tickets, "),
            "{imported}"
        );
        last = files.arg(&format!("{kind:?}.jsonl"));
        succeed(&mut on(&url, &["export", "--force", "-o", &last]));
        assert!(same(&last, &sample), "{kind:?}");

        let again = succeed(&mut on(&url, &["import", &last]));
        assert!(again.starts_with("imported 0 staff, 0 tickets, 0 traces\nalready present and unchanged: 18 staff, 300 tickets"), "{again}");
        let verified = succeed(&mut on(&database.url(), &["verify"]));
        assert!(
            verified.starts_with("the database: found no rule violations"),
            "{verified}"
        );
    }
}

#[test]
fn generated_file_is_the_same_in_every_version() {
    let files = Files::new();
    let sample = fs::read_to_string(files.sample_file()).unwrap();
    let end = sample.lines().last().unwrap();
    assert_eq!(
        end,
        r#"{"type":"end","staff":18,"tickets":300,"traces":1373,"sha256":"545d13d822b3bd8c6e08a241e6517c986d063732e36491fe9018c39e5bb0eb25"}"#
    );
}

/// Statements that insert tickets and traces as WTS v3 does. Triggers of the database update the other columns.
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

/// Unusual timestamps: before the year 1, infinite, and the last possible one.
const ODD: &str = "
    insert into wts.ticket_traces (tid, op, remark, updated_at) values
        (7, '-2', 'v.\u{a0}Chr.', '0044-03-15 12:00:00+00 BC'), (14, '-1', '从不', 'infinity'),
        (21, '-1', '一直', '-infinity'), (28, 'W007', '', '294276-12-31 23:59:59.999999+00')";

#[test]
fn wts_v3_database_copied_to_sqlite_gives_equal_responses() {
    let files = Files::new();
    let (v3, sqlite) = (Database::new(Kind::WtsV3), Database::new(Kind::Sqlite));
    v3.execute(WRITERS);
    let file = files.arg("v3.jsonl");
    succeed(&mut on(
        &v3.url(),
        &["export", "--force", "--output", &file],
    ));
    let verified = succeed(&mut wts(&["verify", &file]));
    assert!(
        verified.contains("found no rule violations in 3 staff, 60 tickets"),
        "{verified}"
    );
    v3.execute(ODD);
    succeed(&mut on(
        &v3.url(),
        &["export", "--force", "--output", &file],
    ));
    succeed(&mut on(&sqlite.url(), &["import", &file]));

    let services = [&v3, &sqlite]
        .map(|database| Service::with(&database.url(), &[("WTS_RECHECK_ACCESS", "on")]));
    let callers = [
        (token(ALICE, Access::User), 200),
        (token("2022310007", Access::FormalMember), 200),
        (token(BOB, Access::User), 403),
        (token(BOB, Access::Unregistered), 403),
    ];
    for ticket in 1..=61 {
        for (token, status) in &callers {
            let order = if ticket % 2 == 0 { "asc" } else { "desc" };
            let path = format!("/api/v3/get_traces?tid={ticket}&order={order}");
            let responses = services.each_ref().map(|service| {
                let response = service.get(&path, token);
                let tag = response.header("etag").map(str::to_owned);
                (response.status, tag, response.body)
            });
            assert_eq!(responses[0], responses[1], "{path}");
            let expected = if ticket == 61 && *status == 200 {
                400
            } else {
                *status
            };
            assert_eq!(responses[0].0, expected, "{path}");
        }
    }
}

#[test]
fn export_can_be_piped_and_compressed() {
    let files = Files::new();
    let sample = files.sample_file();
    let first = Database::new(Kind::Sqlite);
    succeed(&mut on(&first.url(), &["import", &sample]));
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
            &["export", "--force", "-o", &file, "--compress", how],
        ));
        let sizes = [&file, &sample].map(|file| fs::metadata(file).unwrap().len());
        assert!(sizes[0] * 2 < sizes[1], "{how}: {sizes:?}");
        assert!(succeed(&mut wts(&["verify", &file])).contains("found no rule violations"));
    }
}

#[test]
fn export_selects_by_number_and_by_filing_time() {
    let files = Files::new();
    let database = Database::new(Kind::Sqlite);
    succeed(&mut on(&database.url(), &["import", &files.sample_file()]));
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
    let missing = fail(&mut on(
        &database.url(),
        &["export", "--ticket", "123", "--ticket", "999"],
    ));
    assert!(missing.contains("there is no ticket 999"), "{missing}");
    let never = fail(&mut on(
        &database.url(),
        &[
            "export",
            "--filed-since",
            "2026-02-01",
            "--filed-before",
            "2026-02-01",
        ],
    ));
    assert!(
        never.contains("no ticket can be filed at or after 2026-02-01"),
        "{never}"
    );
    assert!(before.len() > 10 && since.len() > 10);
    let (status, _, error) = outcome(&mut on(
        &database.url(),
        &["export", "--filed-since", "yesterday"],
    ));
    assert_eq!(status.code(), Some(2));
    assert!(
        error.contains("expected a time such as 2025-09-01"),
        "{error}"
    );
}

#[test]
fn arbitrary_histories_round_trip_through_both_databases() {
    let files = Files::new();
    let mut runner = TestRunner::default();
    for _ in 0..4 {
        let records = postgres_histories()
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let mut last = files.arg("hostile.jsonl");
        let mut sink = FileSink::create(last.as_ref(), None).unwrap();
        sink.put(records.iter().cloned().collect()).unwrap();
        Box::new(sink).finish().unwrap();

        let first = last.clone();
        for kind in [Kind::Sqlite, Kind::Postgres] {
            let database = Database::new(kind);
            let url = database.owner_url_text();
            succeed(&mut on(&url, &["import", &last]));
            last = files.arg(&format!("{kind:?}.jsonl"));
            succeed(&mut on(&url, &["export", "--force", "-o", &last]));
            assert!(same(&first, &last), "{kind:?}: {records:?}");
        }
    }
}
