//! What `wts doctor` finds, and what it says to do.

mod support;

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use wts_testkit::{Cluster, Database, Kind, campus};

use crate::support::{SECRET, Service, outcome, wts};

fn doctor(url: &str) -> Command {
    let mut doctor = wts(&["doctor"]);
    doctor
        .env("WTS_DATABASE_URL", url)
        .env("WTS_JWT_SECRET", SECRET)
        .env("WTS_LISTEN", "127.0.0.1:0");
    doctor
}

/// What it prints of a deployment that can serve.
fn findings(doctor: &mut Command) -> String {
    let (status, findings, complaint) = outcome(doctor);
    assert!(status.success(), "{findings}{complaint}");
    findings
}

#[test]
fn a_good_deployment_is_well_on_every_database() {
    for kind in [Kind::Sqlite, Kind::Postgres, Kind::WtsV3] {
        let database = Database::with(kind, campus());
        let findings = findings(&mut doctor(&database.url()));
        // How long a read takes is for the machine to say.
        let unwise = findings.lines().filter(|line| line.starts_with("warn  "));
        let unwise: Vec<_> = unwise
            .filter(|line| !line.contains("a read takes"))
            .collect();
        assert!(unwise.is_empty(), "{kind:?}: {findings}");
        assert!(
            findings.ends_with(" to look at, none that keeps the service from serving\n"),
            "{findings}"
        );
        for said in [
            "ok    histories can be read from ",
            "ok    a ticket's traces are found by an index",
        ] {
            assert!(findings.contains(said), "{said} in {findings}");
        }
    }
}

#[test]
fn what_is_unwise_is_said_with_what_to_do_and_no_failure() {
    let database = Database::with(Kind::Postgres, campus());
    database
        .execute("drop index wts.ticket_traces_in_order; delete from __diesel_schema_migrations");
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("secret");
    fs::write(&secret, SECRET).unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    let service = Service::on(&database.url());

    let findings = findings(
        doctor(&database.owner_url_text())
            .env_remove("WTS_JWT_SECRET")
            .env("WTS_JWT_SECRET_FILE", &secret)
            .env("WTS_LISTEN", service.address().to_string()),
    );

    for (said, remedy) in [
        ("everyone on this machine may read ", "chmod o= "),
        ("somebody listens on ", "WTS_LISTEN"),
        ("there is no index", "create index"),
        ("migrations are yet to be run", "wts migrate"),
        ("the role may more than read: superuser", "README"),
    ] {
        let (_, after) = findings
            .split_once(&format!("warn  {said}"))
            .or_else(|| findings.split_once(said))
            .unwrap_or_else(|| unreachable!("{said} in {findings}"));
        let remedied = after.lines().nth(1).unwrap_or_default();
        assert!(
            remedied.contains("-> ") && remedied.contains(remedy),
            "{said}: {remedied}"
        );
    }
}

#[test]
fn what_keeps_the_service_from_serving_is_a_failure_with_what_to_do() {
    let database = Database::without_tables(Kind::Postgres);
    let unreachable = "postgres://wts:hunter2@127.0.0.1:1/wts";
    for (mut doctor, said, remedy) in [
        (
            doctor(&database.owner_url_text()),
            "holds no ticket histories",
            "wts migrate",
        ),
        (
            doctor(unreachable),
            "cannot connect to the database",
            "is it running",
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
        let (status, findings, complaint) = outcome(&mut doctor);
        assert_eq!(status.code(), Some(1), "{findings}");
        assert!(
            findings.contains("FAIL  ") && findings.contains(said),
            "{said} in {findings}"
        );
        assert!(findings.contains(remedy), "{remedy} in {findings}");
        assert!(!(findings + &complaint).contains("hunter2"));
    }
    let (_, findings, _) = outcome(doctor("sqlite:x").env("WTS_JWT_SECRET", "short"));
    assert!(
        findings.contains("FAIL  tokens cannot be checked"),
        "{findings}"
    );
}

#[test]
fn a_replica_that_is_none_is_found_out() {
    let primary = Cluster::with(campus());
    let standby = primary.standby();
    let said = findings(doctor(&primary.url()).env(
        "WTS_DATABASE_READ_URLS",
        format!("{} {}", standby.url(), primary.url()),
    ));
    assert!(
        said.contains("/postgres is a replica that can be read"),
        "{said}"
    );
    assert!(
        said.contains("is no replica, and is not read from"),
        "{said}"
    );
}
