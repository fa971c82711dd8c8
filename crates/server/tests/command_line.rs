//! Tests of the command line: output, errors and exit codes.

mod support;

use std::{fs, net::TcpListener, process::Command};

use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, sample_records};

use crate::support::{SECRET, Service, outcome, token, wts};

/// Returns the command `wts serve` with all required settings and an SQLite database.
fn serve(database: &Database) -> Command {
    let mut command = wts(&["serve"]);
    command
        .env("WTS_DATABASE_URL", database.url())
        .env("WTS_JWT_SECRET", SECRET)
        .env("WTS_LISTEN", "127.0.0.1:0");
    command
}

/// Runs a `wts` command that must fail before it listens. Returns its error, which must have one line.
fn error(command: &mut Command) -> String {
    let (status, stdout, stderr) = outcome(command);
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert_eq!(stdout, "");
    assert!(!stderr.contains("listening"), "{stderr}");
    let error = stderr.lines().last().unwrap_or_default().to_owned();
    error
        .strip_prefix("wts: ")
        .unwrap_or_else(|| unreachable!("{error}"))
        .to_owned()
}

#[test]
fn invalid_or_missing_setting_is_named_with_the_expected_form() {
    let database = Database::new(Kind::Sqlite);
    let without = |name| error(serve(&database).env_remove(name));
    let with = |name, value| error(serve(&database).env(name, value));

    assert!(
        without("WTS_DATABASE_URL")
            .starts_with("WTS_DATABASE_URL is not set, nor is WTS_DATABASE_URL_FILE: expected")
    );
    assert!(without("WTS_JWT_SECRET").starts_with("WTS_JWT_SECRET is not set"));
    assert!(with("WTS_JWT_SECRET", "").starts_with("WTS_JWT_SECRET is not set"));
    assert!(with("WTS_LISTEN", "8080").starts_with("WTS_LISTEN: expected ADDRESS:PORT"));
    assert!(with("WTS_DEFAULT_ORDER", "up").starts_with("WTS_DEFAULT_ORDER: expected asc or desc"));
    assert!(with("WTS_LOG", "wts=loud").starts_with("WTS_LOG: "));
    assert!(
        with("WTS_DATABASE_URL", "sqlite:").starts_with("WTS_DATABASE_URL: expected a file path")
    );
    assert!(with("WTS_LISTNE", "127.0.0.1:1").starts_with("WTS_LISTNE is not a setting"));

    let weak = with("WTS_JWT_SECRET", "31-bytes-31-bytes-31-bytes-31-b");
    assert!(weak.starts_with("WTS_JWT_SECRET: "), "{weak}");
    assert!(weak.contains("31") && weak.contains("32"), "{weak}");
    assert!(!weak.contains("31-bytes-31"), "{weak}");
}

#[test]
fn serve_without_its_sqlite_file_fails_and_creates_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("wts.db");
    let database = Database::new(Kind::Sqlite);

    let error =
        error(serve(&database).env("WTS_DATABASE_URL", format!("sqlite:{}", file.display())));

    assert!(
        error.starts_with("WTS_DATABASE_URL: there is no database file at "),
        "{error}"
    );
    assert!(error.contains("wts migrate"), "{error}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn serve_without_tables_fails_and_suggests_migrate() {
    let database = Database::without_tables(Kind::Postgres);
    let error = error(&mut serve(&database));
    assert!(
        error.starts_with("WTS_DATABASE_URL: the database has no tables"),
        "{error}"
    );
    assert!(error.contains("wts migrate"), "{error}");
}

#[test]
fn serve_without_its_postgresql_fails_without_the_password() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let database = Database::new(Kind::Sqlite);

    let url = format!("postgres://wts:hunter2@{free}/wts");
    let error = error(
        serve(&database)
            .env("WTS_DATABASE_URL", url)
            .env("WTS_STARTUP_TIMEOUT", "0s"),
    );

    assert!(
        error.starts_with("WTS_DATABASE_URL: cannot connect to the database"),
        "{error}"
    );
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn serve_on_an_address_in_use_fails() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let database = Database::new(Kind::Sqlite);
    let address = taken.local_addr().unwrap().to_string();

    let error = error(serve(&database).env("WTS_LISTEN", &address));

    assert!(
        error.starts_with(&format!("WTS_LISTEN: cannot listen on {address}")),
        "{error}"
    );
}

#[test]
fn migrate_creates_a_database_that_serve_accepts() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/new.db", directory.path().display());
    let migrate = || outcome(wts(&["migrate"]).env("WTS_DATABASE_URL", &url));

    let (status, first, _) = migrate();
    assert!(status.success());
    assert!(
        first.contains("migrated: ") && first.ends_with("the database is up to date\n"),
        "{first}"
    );
    let (status, second, _) = migrate();
    assert!(status.success());
    assert_eq!(second, "the database is up to date\n");

    let service = Service::on(&url);
    assert_eq!(
        service
            .get("/api/v3/get_traces?tid=1", &token(ALICE, Access::User))
            .status,
        400
    );
}

#[test]
fn migrate_does_not_change_a_wts_v3_database() {
    let database = Database::with(Kind::WtsV3, sample_records());
    // The owner of the database has the permission to change it.
    let owner = database.owner_url_text();
    let error = error(wts(&["migrate"]).env("WTS_DATABASE_URL", owner));
    assert!(error.contains("must not be migrated"), "{error}");
}

#[test]
fn token_from_the_command_line_is_accepted() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let service = Service::with(
        &database.url(),
        &[("WTS_JWT_ISSUER", "sign-in"), ("WTS_JWT_AUDIENCE", "wts")],
    );
    let print = |arguments: &[&str]| {
        let mut command = wts(&["token"]);
        command
            .args(arguments)
            .env("WTS_JWT_SECRET", SECRET)
            .env("WTS_JWT_ISSUER", "sign-in")
            .env("WTS_JWT_AUDIENCE", "wts");
        outcome(&mut command)
    };
    let status_with = |arguments: &[&str]| {
        let (status, printed, stderr) = print(arguments);
        assert!(status.success(), "{stderr}");
        let token = printed.strip_suffix('\n').unwrap().to_owned();
        service.get("/api/v3/get_traces?tid=123", &token).status
    };

    assert_eq!(status_with(&["--sid", ALICE, "--access", "user"]), 200);
    assert_eq!(
        status_with(&["--sid", "2024310666", "--access", "user"]),
        403
    );
    assert_eq!(
        status_with(&["--sid", "", "--access", "api", "--ttl", "2h 30m"]),
        200
    );
    let (status, _, stderr) = print(&["--sid", "", "--access", "user"]);
    assert!(
        !status.success() && stderr.contains("--sid: expected a student number"),
        "{stderr}"
    );
    let everything = [
        "--sid",
        ALICE,
        "--access",
        "user",
        "--openid",
        "o",
        "--name",
        "名",
        "--username",
        "u",
    ];
    assert_eq!(status_with(&everything), 200);
    assert_eq!(
        status_with(&[
            "--sid",
            ALICE,
            "--access",
            "user",
            "--ttl",
            "100000000years"
        ]),
        200,
        "far, not wrapped"
    );
    assert_eq!(
        service
            .get("/api/v3/get_traces?tid=123", &token(ALICE, Access::User))
            .status,
        401,
        "without iss"
    );

    let (status, printed, error) = print(&["--sid", ALICE, "--access", "root"]);
    assert_eq!((status.code(), printed.as_str()), (Some(2), ""));
    assert!(error.contains("root"), "{error}");
}

#[test]
fn token_needs_only_the_secret() {
    let error = error(&mut wts(&["token", "--sid", "1", "--access", "user"]));
    assert!(error.starts_with("WTS_JWT_SECRET is not set"), "{error}");
}

#[test]
fn secrets_are_read_from_files_and_settings_from_a_file() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let directory = tempfile::tempdir().unwrap();
    let (secret, config) = (
        directory.path().join("secret"),
        directory.path().join("wts.toml"),
    );
    fs::write(&secret, format!("{SECRET}\n")).unwrap();
    let text = format!(
        "database_url = {:?}\njwt_secret_file = {:?}\ndefault_order = 'desc'\nlisten = '127.0.0.1:0'\n\
         workers = 1\n",
        database.url(),
        secret.display().to_string()
    );
    fs::write(&config, text).unwrap();

    let path = config.to_str().unwrap();
    let mut command = wts(&["serve", "--config", path, "--head-timeout", "1s"]);
    command.env("WTS_QUEUE", "1");
    let service = Service::run_serving(&mut command);

    let response = service.get("/api/v3/get_traces?tid=123", &token(ALICE, Access::User));
    assert_eq!(response.opids(), [3, 1]);
    let (_, log) = service.stop("TERM");
    for retired in ["--head-timeout", "WTS_QUEUE", &format!("workers in {path}")] {
        let warning = format!("WARN wts::settings: ignored the retired setting {retired}");
        assert!(log.contains(&warning), "{warning} in {log}");
    }
}

#[test]
fn service_exits_with_success_after_a_signal() {
    for signal in ["TERM", "INT"] {
        let database = Database::with(Kind::Sqlite, sample_records());
        let service = Service::on(&database.url());
        assert_eq!(
            service
                .get("/api/v3/get_traces?tid=123", &token(ALICE, Access::User))
                .status,
            200
        );
        let (status, log) = service.stop(signal);
        assert!(status.success(), "{signal}: {status:?}");
        assert!(log.lines().last().unwrap().contains("stopped"), "{log}");
    }
}

#[test]
fn config_prints_effective_settings_and_fails_on_invalid_ones() {
    let mut config = wts(&["config", "--default-order", "desc"]);
    config
        .env("WTS_DATABASE_URL", "postgres://wts:hunter2@db/wts")
        .env("WTS_JWT_SECRET", SECRET);
    let (status, printed, _) = outcome(&mut config);
    assert!(status.success(), "{printed}");
    assert!(
        !printed.contains("hunter2") && !printed.contains(SECRET),
        "{printed}"
    );
    assert!(
        printed.contains("default_order = \"desc\" # --default-order\n"),
        "{printed}"
    );

    let (status, printed, error) = outcome(config.env("WTS_LISTEN", "here"));
    assert_eq!(status.code(), Some(1));
    assert!(printed.contains("# listen is invalid\n"), "{printed}");
    assert!(error.starts_with("wts: WTS_LISTEN: expected "), "{error}");
}
