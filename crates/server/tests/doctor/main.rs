//! Tests of the findings and remedies of `wts doctor`.

mod roles;
#[path = "../support/mod.rs"]
mod support;

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, process::Command};

use wts_testkit::{Database, Kind, sample_records};

use crate::support::{SECRET, Service, issuer::Issuer, outcome, wts};

fn doctor(url: &str) -> Command {
    let mut doctor = wts(&["doctor"]);
    doctor
        .env("WTS_DATABASE_URL", url)
        .env("WTS_JWT_SECRET", SECRET)
        .env("WTS_LISTEN", "127.0.0.1:0");
    doctor
}

/// Returns the findings for a deployment that must not have failures.
fn findings(doctor: &mut Command) -> String {
    let (status, findings, error) = outcome(doctor);
    assert!(status.success(), "{findings}{error}");
    findings
}

#[test]
fn valid_deployment_has_no_findings_on_any_database() {
    for kind in [Kind::Sqlite, Kind::Postgres, Kind::WtsV3] {
        let database = Database::with(kind, sample_records());
        let findings = findings(&mut doctor(&database.url()));
        // The duration of a database read depends on the machine.
        let unwise = findings.lines().filter(|line| line.starts_with("warn  "));
        let unwise: Vec<_> = unwise
            .filter(|line| !line.contains("a database read takes"))
            .collect();
        assert!(unwise.is_empty(), "{kind:?}: {findings}");
        assert!(findings.ends_with(" warnings, no failures\n"), "{findings}");
        let has_roles = kind != Kind::Sqlite;
        assert_eq!(
            findings.contains("ok    the role has read privileges only"),
            has_roles,
            "{findings}"
        );
        for output in [
            "ok    histories can be read from ",
            "ok    reads use an index on the traces",
            "ok    traces get ascending ids",
        ] {
            assert!(findings.contains(output), "{output} in {findings}");
        }
    }
}

#[test]
fn unwise_settings_are_warnings_with_a_remedy() {
    let database = Database::with(Kind::Postgres, sample_records());
    database.execute(
        "drop index wts.ticket_traces_in_order; delete from __diesel_schema_migrations;
                 alter table wts.ticket_traces alter column opid set cache 20",
    );
    let service = Service::on(&database.url());

    let findings = findings(
        doctor(&database.owner_url_text()).env("WTS_LISTEN", service.address().to_string()),
    );

    for (output, remedy) in [
        ("is already in use", "WTS_LISTEN"),
        ("there is no index", "create index"),
        ("sessions reserve ids", "set cache 1"),
        ("migrations have not been run", "wts migrate"),
        (
            "the role has more than read privileges: superuser",
            "OPERATIONS.md",
        ),
    ] {
        let (_, after) = findings
            .split_once(&format!("warn  {output}"))
            .or_else(|| findings.split_once(output))
            .unwrap_or_else(|| unreachable!("{output} in {findings}"));
        let remedied = after.lines().nth(1).unwrap_or_default();
        assert!(
            remedied.contains("-> ") && remedied.contains(remedy),
            "{output}: {remedied}"
        );
    }
}

#[test]
fn source_of_trace_ids_is_checked() {
    let database = Database::with(Kind::Postgres, sample_records());
    let ids = |sql: &str| {
        database.execute(sql);
        let findings = findings(&mut doctor(&database.url()));
        let line = findings.lines().find(|line| line.contains("feed"));
        line.unwrap_or_default().trim().to_owned()
    };
    let ascending = "ok    traces get ascending ids, so that the feed misses none";
    assert_eq!(ids(""), ascending);
    let no_sequence = ids("alter table wts.ticket_traces alter column opid drop identity");
    assert!(
        no_sequence.contains("do not come from an ascending sequence"),
        "{no_sequence}"
    );
    let default = ids("create sequence wts.ids start 100;
         alter table wts.ticket_traces alter column opid set default nextval('wts.ids')");
    assert_eq!(default, ascending);
    let reserved = ids("alter sequence wts.ids cache 2");
    assert!(reserved.contains("sessions reserve ids"), "{reserved}");
    let cycling = ids("alter sequence wts.ids cache 1 cycle");
    assert!(
        cycling.contains("do not come from an ascending sequence"),
        "{cycling}"
    );
}

#[test]
fn world_readable_or_writable_files_are_reported() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str, mode: u32| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path.display().to_string()
    };
    let public = Issuer::jwks(&[&Issuer::new("a")]);
    let shared = r#"{"keys":[{"kty":"oct","kid":"b","alg":"HS256","k":"dncj1Ks0Wdf0aIdwYU0MZUSrm8ce7-I8oFEPEbYDtEp7e_5ubpvAlFun1Nm7QoAR"}]}"#;
    let inline = format!("jwt_secret = '{SECRET}'\n");
    let cases = [
        (
            "WTS_JWT_SECRET_FILE",
            file("secret", SECRET, 0o644),
            Some("read"),
        ),
        ("WTS_JWT_SECRET_FILE", file("kept", SECRET, 0o640), None),
        ("WTS_JWT_JWKS_FILE", file("public", &public, 0o644), None),
        (
            "WTS_JWT_JWKS_FILE",
            file("shared", shared, 0o644),
            Some("read"),
        ),
        (
            "WTS_JWT_JWKS_FILE",
            file("open", &public, 0o666),
            Some("write to"),
        ),
        ("WTS_CONFIG", file("wts.toml", &inline, 0o644), Some("read")),
        ("WTS_CONFIG", file("kept.toml", &inline, 0o600), None),
    ];
    for (setting, path, may) in &cases {
        let output = findings(
            doctor(&database.url())
                .env_remove("WTS_JWT_SECRET")
                .env(setting, path),
        );
        let warning = format!(
            "warn  all users of this machine can {} {path}\n      -> chmod o= {path}",
            may.unwrap_or_default()
        );
        let warned = output.contains("warn  all users of this machine");
        assert_eq!(warned, may.is_some(), "{path}: {output}");
        assert!(
            !warned || output.contains(&warning),
            "{warning} in {output}"
        );
    }
}

#[test]
fn duplicate_kid_in_a_key_set_is_a_warning() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let directory = tempfile::tempdir().unwrap();
    let set = directory.path().join("keys.json");
    let issuers = ["a", "b", "b"].map(Issuer::new);
    fs::write(&set, Issuer::jwks(&issuers.each_ref())).unwrap();

    let findings = findings(doctor(&database.url()).env("WTS_JWT_JWKS_FILE", &set));

    let warning = "warn  several keys of one type have the kid \"b\"\n      -> give every key of the set a different kid";
    assert!(findings.contains(warning), "{findings}");
    assert!(!findings.contains("the kid \"a\""), "{findings}");
}

#[test]
fn startup_errors_are_reported_as_failures() {
    let existing = Database::with(Kind::WtsV3, sample_records());
    existing.execute(
        "do $$ begin execute format('revoke select (sid) on wts.users from %I', current_database()); end $$",
    );
    let sqlite = Database::with(Kind::Sqlite, sample_records());
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    for (url, settings, output) in [
        (
            existing.url(),
            vec![("WTS_RECHECK_ACCESS", "on")],
            "WTS_RECHECK_ACCESS: the ranks in the database cannot be read",
        ),
        (
            sqlite.url(),
            vec![("WTS_LOG", "info,a=b=c")],
            "WTS_LOG: expected a level or directives",
        ),
        (
            sqlite.url(),
            vec![("WTS_LISTEN", &*free), ("WTS_METRICS_LISTEN", &*free)],
            "is also the listen address for clients",
        ),
        (
            sqlite.url(),
            vec![("WTS_DATABASE_READ_URLS", "postgres://a@127.0.0.1/b")],
            "read replicas are for PostgreSQL only",
        ),
    ] {
        let mut command = doctor(&url);
        command.envs(settings.iter().copied());
        let (status, findings, _) = outcome(&mut command);
        assert_eq!(status.code(), Some(1), "{findings}");
        let failure = findings.lines().find(|line| line.starts_with("FAIL  "));
        assert!(
            failure.is_some_and(|failure| failure.contains(output)),
            "{output} in {findings}"
        );
        let mut serve = wts(&["serve"]);
        serve
            .env("WTS_DATABASE_URL", &url)
            .env("WTS_JWT_SECRET", SECRET)
            .env("WTS_LISTEN", "127.0.0.1:0")
            .envs(settings);
        let (status, _, log) = outcome(&mut serve);
        assert_eq!(status.code(), Some(1), "{log}");
    }
    let (status, _, error) = outcome(wts(&["config"]).env("WTS_LOG", "info,a=b=c"));
    assert!(
        !status.success() && error.contains("WTS_LOG: expected"),
        "{error}"
    );
}

#[test]
fn problem_that_prevents_serving_is_a_failure_with_a_remedy() {
    let database = Database::without_tables(Kind::Postgres);
    let unreachable = "postgres://wts:hunter2@127.0.0.1:1/wts";
    for (mut doctor, output, remedy) in [
        (
            doctor(&database.owner_url_text()),
            "the database has no tables",
            "wts migrate",
        ),
        (
            doctor(unreachable),
            "cannot connect to the database",
            "check that it is running",
        ),
        (
            doctor("sqlite:/nowhere/wts.db"),
            "there is no database file",
            "wts migrate",
        ),
        (
            doctor("mysql://x"),
            "WTS_DATABASE_URL: expected",
            "wts config",
        ),
    ] {
        let (status, findings, error) = outcome(&mut doctor);
        assert_eq!(status.code(), Some(1), "{findings}");
        assert!(
            findings.contains("FAIL  ") && findings.contains(output),
            "{output} in {findings}"
        );
        assert!(findings.contains(remedy), "{remedy} in {findings}");
        assert!(!(findings + &error).contains("hunter2"));
    }
    let (_, findings, _) = outcome(doctor("sqlite:x").env("WTS_JWT_SECRET", "short"));
    assert!(
        findings.contains("FAIL  tokens cannot be verified"),
        "{findings}"
    );
}
