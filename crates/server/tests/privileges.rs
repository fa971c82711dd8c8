//! What a role needs that the service reads with: what the README says, and no more.
#![expect(clippy::unwrap_used, reason = "a test stops where it stands")]

mod support;

use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, campus};

use crate::support::{SECRET, Service, outcome, token, wts};

/// A role made with the statements of the README, in a WTS v3 database as it stands. It is dropped first of all.
struct Documented {
    name: String,
    database: Database,
}

impl Documented {
    fn without(statement: Option<&str>) -> Self {
        let database = Database::with(Kind::WtsV3, campus());
        // As everything about this database is called.
        let name = database.url().rsplit('/').next().unwrap().to_owned() + "_doc";
        let readme = include_str!("../../../README.md");
        let (_, rest) = readme.split_once("```sql\n").unwrap();
        let (statements, _) = rest.split_once("```").unwrap();
        let statements: Vec<_> = statements
            .lines()
            .filter(|line| statement.is_none_or(|left_out| !line.contains(left_out)))
            .map(|line| line.replace("wts_traces", &name).replace('…', &name))
            .collect();
        database.execute(&statements.join("\n"));
        Self { name, database }
    }

    fn url(&self) -> String {
        let url = self.database.url();
        let (_, host) = url.split_once('@').unwrap();
        format!("postgres://{0}:{0}@{host}", self.name)
    }

    /// Whether the role may do this.
    fn may(&self, sql: &str) -> bool {
        let statements = format!(
            "set role {0};
             do $$ begin
                 {sql};
                 raise exception 'it may';
             exception when insufficient_privilege then null; end $$;",
            self.name
        );
        let database = &self.database;
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            database.execute(&statements);
        }))
        .is_err()
    }
}

impl Drop for Documented {
    fn drop(&mut self) {
        self.database
            .execute(&format!("drop owned by {0}; drop role {0}", self.name));
    }
}

#[test]
fn the_documented_grants_are_enough_with_and_without_a_second_look_at_ranks() {
    let role = Documented::without(None);
    for recheck in ["off", "on"] {
        let service = Service::with(&role.url(), &[("WTS_RECHECK_ACCESS", recheck)]);
        let answer = service.get("/api/v3/get_traces?tid=123", &token(ALICE, Access::User));
        assert_eq!(answer.opids(), [1, 3], "{recheck}");
    }
}

#[test]
fn whoever_leaves_out_the_grant_for_ranks_is_told_when_the_service_starts() {
    let role = Documented::without(Some("wts.users"));
    let mut command = wts(&["serve"]);
    command
        .env("WTS_DATABASE_URL", role.url())
        .env("WTS_JWT_SECRET", SECRET)
        .env("WTS_LISTEN", "127.0.0.1:0")
        .env("WTS_RECHECK_ACCESS", "on");
    let (status, _, stderr) = outcome(&mut command);
    assert_eq!(status.code(), Some(1));
    let said = stderr.lines().last().unwrap();
    assert!(
        said.starts_with("wts: WTS_RECHECK_ACCESS: the database does not tell ranks"),
        "{said}"
    );
    assert!(said.contains("permission denied"), "{said}");
}

#[test]
fn the_documented_role_may_change_nothing_and_read_nothing_else() {
    let role = Documented::without(None);
    assert!(
        role.may("perform 1 from wts.tickets"),
        "the question can be answered yes"
    );
    for forbidden in [
        "perform phone from wts.users",
        "perform wx from wts.users",
        "perform * from wts.users",
        "insert into wts.ticket_traces (tid, op, remark) values (123, '-1', '')",
        "update wts.tickets set status = 'solved'",
        "update wts.operators set access = 'dev'",
        "delete from wts.ticket_traces",
        "truncate wts.tickets cascade",
        "lock table wts.tickets",
        "perform setval('wts.tickets_tid_seq', 1)",
        "create table wts.mine (n integer)",
        "alter table wts.tickets add mine integer",
        "drop table wts.tickets cascade",
        "perform pg_read_file('/etc/passwd')",
        "copy wts.tickets to program 'true'",
    ] {
        assert!(!role.may(forbidden), "{forbidden}");
    }
}
