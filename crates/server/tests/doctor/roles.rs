//! Tests of the findings about privileges of the role, and about the roles for the Compose file.

use wts_testkit::{PostgresServer, sample_records, server_with};

use crate::{doctor, findings};

#[test]
fn excess_privileges_of_a_role_are_reported() {
    let cluster = server_with(sample_records());
    cluster
        .execute(
            "create role reader login password 'reader';
         grant usage on schema data, wts to reader;
         grant select on data.students, wts.operators, wts.tickets, wts.ticket_traces to reader;
         create role writers nologin; grant delete on wts.tickets to writers",
        )
        .unwrap();
    let url = cluster.url_for("reader", "reader");
    let output = findings(&mut doctor(&url));
    assert!(
        output.contains("ok    the role has read privileges only"),
        "{output}"
    );
    for (grant, revoke, privilege) in [
        (
            "alter role reader createrole",
            "alter role reader nocreaterole",
            "create roles",
        ),
        (
            "alter role reader createdb",
            "alter role reader nocreatedb",
            "create databases",
        ),
        (
            "alter role reader replication",
            "alter role reader noreplication",
            "replicate",
        ),
        (
            "alter role reader bypassrls",
            "alter role reader nobypassrls",
            "bypass row security",
        ),
        (
            "grant create on database postgres to reader",
            "revoke create on database postgres from reader",
            "create in the database",
        ),
        (
            "grant create on schema wts to reader",
            "revoke create on schema wts from reader",
            "create in schema wts",
        ),
        (
            "grant pg_execute_server_program to reader",
            "revoke pg_execute_server_program from reader",
            "act as pg_execute_server_program",
        ),
        (
            "grant pg_read_server_files to reader",
            "revoke pg_read_server_files from reader",
            "act as pg_read_server_files",
        ),
        (
            "grant update (remark) on wts.ticket_traces to reader",
            "revoke update (remark) on wts.ticket_traces from reader",
            "update wts.ticket_traces",
        ),
        (
            "grant insert on wts.users to reader",
            "revoke insert on wts.users from reader",
            "insert wts.users",
        ),
        (
            "alter table wts.operators owner to reader",
            "alter table wts.operators owner to postgres; grant select on wts.operators to reader",
            "own wts.operators",
        ),
        (
            "alter role reader noinherit; grant writers to reader",
            "revoke writers from reader",
            "delete wts.tickets as writers",
        ),
        (
            "alter role reader superuser",
            "alter role reader nosuperuser",
            "superuser",
        ),
    ] {
        cluster.execute(grant).unwrap();
        let output = findings(&mut doctor(&url));
        cluster.execute(revoke).unwrap();
        let warning = output
            .lines()
            .find_map(|line| line.strip_prefix("warn  the role has more than read privileges: "));
        assert!(
            warning.is_some_and(|warning| warning.contains(privilege)),
            "{grant}: {output}"
        );
    }
}

#[test]
fn false_replica_is_reported_and_compose_roles_pass() {
    let primary = server_with(sample_records());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/roles.sql");
    let passwords = [("READER_PASSWORD", "a'b"), ("STANDBY_PASSWORD", "c")];
    // Compose runs the script at every start.
    for _ in 0..2 {
        let mut psql = primary.command("psql");
        psql.args(["--no-psqlrc", "--quiet", "--file", script]);
        assert!(psql.envs(passwords).output().unwrap().status.success());
    }
    let standby = primary.start_standby().unwrap();
    let url_of = |server: &PostgresServer| server.url_for("wts_traces", "a%27b");
    let output = findings(
        doctor(&url_of(&primary))
            .env("WTS_RECHECK_ACCESS", "on")
            .env(
                "WTS_DATABASE_READ_URLS",
                format!("{} {}", url_of(&standby), url_of(&primary)),
            ),
    );
    for expected in [
        "ok    the role has read privileges only",
        "/postgres is a replica that can be read",
        "is not a replica, so it is not used",
    ] {
        assert!(output.contains(expected), "{expected} in {output}");
    }
}
