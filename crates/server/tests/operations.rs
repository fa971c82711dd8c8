//! Tests of health checks and the log.

mod support;

use serde_json::{Value, json};
use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, sample_records};

use crate::support::{Service, get, token};

const TRACES: &str = "/api/v3/get_traces?tid=123";

#[test]
fn healthy_service_returns_200_and_logs_no_health_check() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let mut service = Service::with(&database.url(), &[("WTS_METRICS_LISTEN", "127.0.0.1:0")]);
    for address in [service.address(), service.operations()] {
        for (path, msg) in [
            ("/livez", "alive"),
            ("/readyz", "ready"),
            ("/startupz", "started"),
        ] {
            let response = get(address, path);
            assert_eq!(response.status, 200, "{path}");
            assert_eq!(response.json(), json!({"success": true, "msg": msg}));
        }
    }
    let (_, log) = service.stop("TERM");
    assert!(!log.contains("handled a request"), "{log}");
}

#[test]
fn service_waiting_for_its_database_is_live_but_not_started() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "postgres://wts:hunter2@{}/wts",
        nobody.local_addr().unwrap()
    );
    drop(nobody);
    let mut command = support::wts(&["serve"]);
    command
        .env("WTS_DATABASE_URL", url)
        .env("WTS_JWT_SECRET", support::SECRET)
        .env("WTS_STARTUP_TIMEOUT", "1h")
        .env("WTS_METRICS_LISTEN", "127.0.0.1:0");
    let mut service = Service::spawn_serve(&mut command);

    let log = service.wait_for_output("waiting for the database");
    assert!(log.contains("refused") && !log.contains("hunter2"), "{log}");
    let operations = service.operations();
    assert_eq!(get(operations, "/livez").status, 200);
    for path in ["/startupz", "/readyz"] {
        let response = get(operations, path);
        assert_eq!(response.status, 503, "{path}");
        assert_eq!(response.json()["msg"], "the service is starting");
        assert_eq!(response.header("retry-after"), Some("1"));
    }
    let (status, _) = service.stop("TERM");
    assert!(status.success(), "the shutdown did not wait: {status}");
}

#[test]
fn service_waiting_for_its_keys_is_live_and_stops_on_a_signal() {
    let database = Database::with(Kind::Sqlite, sample_records());
    // This key server accepts connections and never responds.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/jwks.json", silent.local_addr().unwrap());
    let mut command = support::wts(&["serve"]);
    command
        .env("WTS_DATABASE_URL", database.url())
        .env("WTS_JWT_JWKS_URL", url)
        .env("WTS_LISTEN", "127.0.0.1:0")
        .env("WTS_STARTUP_TIMEOUT", "1h")
        .env("WTS_METRICS_LISTEN", "127.0.0.1:0");
    let mut service = Service::spawn_serve(&mut command);

    let operations = service.operations();
    assert_eq!(get(operations, "/livez").status, 200);
    assert_eq!(get(operations, "/startupz").status, 503);
    service.wait_for_output("waiting for the keys");
    let (status, log) = service.stop("TERM");

    assert!(status.success(), "{status}: {log}");
    assert!(log.contains("stopped during startup"), "{log}");
}

#[test]
fn json_log_has_one_object_per_line_with_searchable_fields() {
    const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    let database = Database::with(Kind::Sqlite, sample_records());
    let service = Service::with(
        &database.url(),
        &[("WTS_LOG_FORMAT", "json"), ("WTS_LOG", "info")],
    );
    let bearer = format!("Bearer {}", token(ALICE, Access::User));
    let response = service.request(
        "GET",
        TRACES,
        &[("Authorization", &bearer), ("traceparent", TRACEPARENT)],
    );
    let id = response.header("x-request-id").unwrap().to_owned();

    let (_, log) = service.stop("TERM");
    let records: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| unreachable!("{line}")))
        .collect();
    let access: Vec<_> = records
        .iter()
        .filter(|record| record["message"] == "handled a request")
        .collect();
    assert_eq!(access.len(), 1, "{log}");
    let record = access[0];
    for (field, value) in [
        ("request.id", json!(id)),
        ("trace.id", json!("0af7651916cd43dd8448eb211c80319c")),
        ("trace.parent_id", json!("b7ad6b7169203331")),
        ("method", json!("GET")),
        ("route", json!("/api/v3/get_traces")),
        ("ticket.id", json!(123)),
        ("caller.rank", json!("user")),
        ("status", json!(200)),
        ("level", json!("INFO")),
    ] {
        assert_eq!(record[field], value, "{field} in {record}");
    }
    assert!(
        record["duration_ms"].is_f64() && record["timestamp"].is_string(),
        "{record}"
    );
}

#[test]
fn json_log_has_the_cause_of_a_failed_start() {
    let mut serve = support::wts(&["serve"]);
    serve
        .env("WTS_DATABASE_URL", "sqlite:/nowhere/wts.db")
        .env("WTS_JWT_SECRET", support::SECRET)
        .env("WTS_LISTEN", "127.0.0.1:0")
        .env("WTS_LOG_FORMAT", "json");
    let (status, _, log) = support::outcome(&mut serve);
    assert_eq!(status.code(), Some(1), "{log}");
    let records: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| unreachable!("{line}")))
        .collect();
    let last = records.last().expect("a record");
    assert_eq!(last["level"], "ERROR");
    let cause = last["cause"].as_str().unwrap_or_default();
    assert!(
        cause.starts_with("WTS_DATABASE_URL: there is no database file"),
        "{log}"
    );
}

#[test]
fn request_cannot_forge_a_log_line() {
    for format in ["text", "json"] {
        let database = Database::with(Kind::Sqlite, sample_records());
        let service = Service::with(
            &database.url(),
            &[("WTS_LOG_FORMAT", format), ("WTS_LOG", "trace")],
        );
        let forged = "forged by a client";
        let alice = format!("Bearer {}", token(ALICE, Access::User));
        let path = format!(
            "/api/v3/get_traces?tid=1%0A%0D{}",
            forged.replace(' ', "%20")
        );
        service.request("GET", &path, &[("Authorization", &alice)]);
        service.request(
            "GET",
            TRACES,
            &[
                ("Authorization", &alice),
                ("traceparent", &format!("00-{forged}")),
                ("X-Request-Id", forged),
            ],
        );
        service.send(format!("GET / HTTP/1.1\r\nX: a\n{forged}\r\n\r\n").as_bytes());
        let (_, log) = service.stop("TERM");
        assert!(
            !log.lines()
                .any(|line| line.trim_start().starts_with(forged)),
            "{log}"
        );
    }
}
