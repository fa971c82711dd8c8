//! Tests that the privileges in OPERATIONS.md are sufficient and necessary for the role of the service.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, sample_records};

use crate::support::{SECRET, Service, outcome, token, wait_until, wts};

const TRACES: &str = "/api/v3/get_traces?tid=123";

/// The columns whose values are in responses, or are needed for authorization.
const SERVED: &str = "data.students.name data.students.sid wts.operators.access wts.operators.sid wts.operators.wid \
    wts.ticket_traces.new_appointment wts.ticket_traces.new_category wts.ticket_traces.new_priority \
    wts.ticket_traces.new_status wts.ticket_traces.op wts.ticket_traces.opid wts.ticket_traces.remark \
    wts.ticket_traces.tid wts.ticket_traces.updated_at wts.tickets.issuer wts.tickets.tid wts.users.sid";

/// A role that was created with the statements in OPERATIONS.md. It must be dropped before the database.
struct Documented {
    name: String,
    database: Database,
}

impl Documented {
    fn without(statement: Option<&str>) -> Self {
        Self::on(Kind::WtsV3, statement)
    }

    fn on(kind: Kind, statement: Option<&str>) -> Self {
        let database = Database::with(kind, sample_records());
        // The name is unique, because it contains the name of the database.
        let name = database.url().rsplit('/').next().unwrap().to_owned() + "_doc";
        let operations = include_str!("../OPERATIONS.md");
        let mut blocks = operations.split("```");
        let statements = blocks.find(|block| block.starts_with("sql\ncreate role"));
        let statements = statements
            .and_then(|block| block.strip_prefix("sql\n"))
            .unwrap();
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

    /// Returns whether the role can run this statement.
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
fn documented_grants_suffice_with_and_without_access_recheck() {
    for kind in [Kind::WtsV3, Kind::Postgres] {
        let role = Documented::on(kind, None);
        for recheck in ["off", "on"] {
            let service = Service::with(&role.url(), &[("WTS_RECHECK_ACCESS", recheck)]);
            let response = service.get(TRACES, &token(ALICE, Access::User));
            assert_eq!(response.opids(), [1, 3], "{kind:?}, {recheck}");
            let own = service.get("/api/v3/traces?tid=123,124", &token(ALICE, Access::User));
            assert_eq!(own.opids(), [1, 3], "{kind:?}, {recheck}");
            assert_eq!(own.json()["denied"], serde_json::json!([124]));
            let operator = token("2022310007", Access::Dev);
            let all = service.get("/api/v3/traces?include=changes", &operator);
            assert_eq!(all.opids(), [1, 2, 3, 5, 9], "{kind:?}, {recheck}");
        }
    }
    let role = Documented::without(Some("wts.users"));
    let service = Service::on(&role.url());
    assert_eq!(service.get(TRACES, &token(ALICE, Access::User)).status, 200);
}

#[test]
fn documented_role_can_read_exactly_the_served_columns() {
    let role = Documented::without(None);
    let name = &role.name;
    role.database.execute(&format!(
        "do $$ declare readable text; begin
             select string_agg(concat_ws('.', table_schema, table_name, column_name), ' '
                    order by table_schema::text, table_name::text, column_name::text collate \"C\")
             into readable from information_schema.columns
             where table_schema not in ('pg_catalog', 'information_schema') and has_column_privilege(
                 '{name}', format('%I.%I', table_schema, table_name), column_name::text, 'select');
             assert readable = '{SERVED}', readable;
         end $$"
    ));

    // Without the privilege for any one of the columns, requests fail.
    let service = Service::with(&role.url(), &[("WTS_RECHECK_ACCESS", "on")]);
    let status = || service.get(TRACES, &token(ALICE, Access::User)).status;
    for column in SERVED.split_whitespace() {
        let (table, column) = column.rsplit_once('.').unwrap();
        if table == "wts.ticket_traces" {
            continue; // granted as a whole table, and all its columns are used
        }
        let change = |verb: &str, toward: &str| {
            role.database.execute(&format!(
                "{verb} select ({column}) on {table} {toward} {name}"
            ));
        };
        change("revoke", "from");
        assert_eq!(status(), 500, "without {table}.{column}");
        change("grant", "to");
        wait_until(&format!("with {table}.{column}"), || status() == 200);
    }
}

#[test]
fn documented_export_grant_is_sufficient_and_necessary() {
    let role = Documented::without(None);
    let export = || outcome(wts(&["export"]).env("WTS_DATABASE_URL", role.url()));
    assert_eq!(export().0.code(), Some(1));
    let operations = include_str!("../OPERATIONS.md");
    let grant = operations
        .split('`')
        .find(|code| code.starts_with("grant select on wts.tickets"));
    role.database
        .execute(&grant.unwrap().replace("wts_traces", &role.name));
    let (status, file, stderr) = export();
    assert!(status.success(), "{stderr}");
    assert!(file.contains("工单已创建"), "{file}");
}

#[test]
fn missing_grant_for_ranks_is_reported_at_startup() {
    let role = Documented::without(Some("wts.users"));
    let mut command = wts(&["serve"]);
    command
        .env("WTS_DATABASE_URL", role.url())
        .env("WTS_JWT_SECRET", SECRET)
        .env("WTS_LISTEN", "127.0.0.1:0")
        .env("WTS_RECHECK_ACCESS", "on");
    let (status, _, stderr) = outcome(&mut command);
    assert_eq!(status.code(), Some(1));
    let output = stderr.lines().last().unwrap();
    assert!(
        output.starts_with("wts: WTS_RECHECK_ACCESS: the ranks in the database cannot be read"),
        "{output}"
    );
    assert!(output.contains("permission denied"), "{output}");
}

#[test]
fn documented_role_cannot_write_or_read_other_tables() {
    let role = Documented::without(None);
    assert!(
        role.may("perform 1 from wts.tickets"),
        "the role can read the table"
    );
    for forbidden in [
        "perform phone from wts.users",
        "perform wx from wts.users",
        "perform * from wts.users",
        "perform female from wts.operators",
        "perform description from wts.tickets",
        "perform notes from wts.tickets",
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
