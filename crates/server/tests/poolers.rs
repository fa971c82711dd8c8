//! Tests of the service and of commands behind PgBouncer.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod support;

use std::{
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
    time::Duration,
};

use wts_domain::Access;
use wts_testkit::{Database, Kind, PgBouncer, PoolMode, sample_records};

use crate::support::{SECRET, Service, get, outcome, token, wait_until, wts};

const UNSUPPORTED: &str = "pooler in transaction or statement mode";
const REMEDY: &str = "set pool_mode = session";

fn pooler(database: &Database, mode: PoolMode) -> PgBouncer {
    let url = database.owner_url_text();
    let (url, _) = url.split_once('?').unwrap();
    PgBouncer::start(url, mode, &["server_round_robin = 1"]).unwrap()
}

/// Runs a command with the database at `url`. Returns its exit code and its output.
fn run(arguments: &[&str], url: &str) -> (Option<i32>, String) {
    let mut command = wts(arguments);
    command
        .env("WTS_DATABASE_URL", url)
        .env("WTS_JWT_SECRET", SECRET)
        .env("WTS_LISTEN", "127.0.0.1:0");
    let (status, stdout, stderr) = outcome(&mut command);
    (status.code(), stdout + &stderr)
}

#[test]
fn unsupported_pool_mode_is_named_by_every_command() {
    let database = Database::with(Kind::Postgres, sample_records());
    for mode in [PoolMode::Transaction, PoolMode::Statement] {
        let pooler = pooler(&database, mode);
        for command in ["doctor", "doctor", "serve", "export", "verify", "migrate"] {
            let (code, output) = run(&[command], &pooler.url());
            assert_eq!(code, Some(1), "{command}: {output}");
            assert!(output.contains(UNSUPPORTED), "{command}: {output}");
            assert!(output.contains(REMEDY), "{command}: {output}");
            assert!(!output.contains("wts migrate"), "{command}: {output}");
        }
    }
}

#[test]
fn service_behind_a_pooler_in_session_mode_is_ready() {
    let database = Database::with(Kind::Postgres, sample_records());
    let pooler = pooler(&database, PoolMode::Session);
    let (code, findings) = run(&["doctor"], &pooler.url());
    assert_eq!(code, Some(0), "{findings}");
    assert!(
        findings.contains("ok    the connection goes through a pooler in session mode"),
        "{findings}"
    );
    let service = Service::on(&pooler.url());
    for _ in 0..50 {
        assert!(read(&service));
    }
    pooler.kill();
    wait_until("unready", || !is_ready(&service));
    pooler.restart().unwrap();
    wait_until("ready", || is_ready(&service));
    assert!(read(&service));
}

#[test]
fn service_is_not_ready_while_the_pooler_is_in_transaction_mode() {
    let database = Database::with(Kind::Postgres, sample_records());
    for parameters in ["", "?pool_mode=session"] {
        let pooler = pooler(&database, PoolMode::Session);
        let url = pooler.url() + parameters;
        let service = Service::with(&url, &[("WTS_LOG", "warn,wts=info")]);
        let is_ended = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    while !is_ended.load(SeqCst) {
                        read(&service);
                    }
                });
            }
            pooler.reload(PoolMode::Transaction).unwrap();
            wait_until("unready", || !is_ready(&service));
            // Some reads still succeed. They must not make the service ready.
            let stays_unready = (0..20).all(|_| {
                thread::sleep(Duration::from_millis(20));
                !is_ready(&service)
            });
            pooler.reload(PoolMode::Session).unwrap();
            wait_until("ready", || is_ready(&service));
            is_ended.store(true, SeqCst);
            assert!(stays_unready, "{}", service.output());
        });
        assert!(
            service.output().contains(UNSUPPORTED),
            "{}",
            service.output()
        );
        wait_until("readable", || read(&service));
    }
}

fn is_ready(service: &Service) -> bool {
    get(service.address(), "/readyz").status == 200
}

/// Returns whether the service returns the traces of a ticket.
fn read(service: &Service) -> bool {
    let token = token("2022310007", Access::Chief);
    service.get("/api/v3/get_traces?tid=123", &token).status == 200
}
