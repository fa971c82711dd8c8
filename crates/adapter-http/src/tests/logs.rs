//! Tests of the access log.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, OnceLock},
};

use wts_app::RepositoryError;

use super::*;

/// The records that this process logs, at all levels.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the log of this process. All tests share it, because the workers of a server are separate threads. Each test
/// searches for its own records.
pub(super) fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        log
    })
}

/// Returns the access log record of `response`. There must be exactly one record with its request id.
pub(super) fn record_of(response: &str) -> String {
    let id = response
        .lines()
        .find_map(|line| line.strip_prefix("x-request-id: "))
        .unwrap();
    let text = String::from_utf8(log().0.lock().unwrap().clone()).unwrap();
    let records: Vec<_> = text.lines().filter(|line| line.contains(id)).collect();
    assert_eq!(records.len(), 1, "{records:?}");
    records[0].to_owned()
}

#[tokio::test]
async fn every_request_has_one_access_log_record() {
    log();
    let app = App::with_repository(|histories| {
        histories
            .expect_find()
            .returning(|_| Ok(found(history_of(ALICE))));
    });
    for (path, token, expected) in [
        (
            PATH,
            token(ALICE, Access::User),
            &[
                "INFO",
                "method=GET",
                "route=\"/api/v3/get_traces\"",
                "status=200",
                "ticket.id=123",
            ][..],
        ),
        (
            PATH,
            token("2", Access::User),
            &[
                "INFO",
                "status=403",
                "ticket.id=123",
                "reason=the ticket belongs to another student",
            ],
        ),
        (
            PATH,
            "x".to_owned(),
            &[
                "INFO",
                "status=401",
                "reason=invalid token: it does not consist of three",
            ],
        ),
        ("/nowhere?令", "x".to_owned(), &["INFO", "status=404"]),
        ("/livez", "x".to_owned(), &["DEBUG", "status=200"]),
    ] {
        let response = app.get(&path.replace('令', "%E4"), &token).await;
        let record = record_of(&response);
        for words in expected {
            assert!(record.contains(words), "{words:?} in {record}");
        }
    }
}

#[tokio::test]
async fn cause_of_a_database_error_is_logged_and_not_sent() {
    log();
    let app = App::with_repository(|histories| {
        histories.expect_find().times(1).returning(|_| {
            let cause = io::Error::new(io::ErrorKind::ConnectionReset, "connection reset by peer");
            Err(RepositoryError::Failed(Box::new(cause)))
        });
        histories
            .expect_find()
            .returning(|_| Err(RepositoryError::Busy));
    });
    let alice = token(ALICE, Access::User);

    let response = app.get(PATH, &alice).await;
    assert!(
        response.starts_with("HTTP/1.1 500 ") && !response.contains("cable"),
        "{response}"
    );
    let record = record_of(&response);
    assert!(
        record.contains("ERROR") && record.contains("connection reset by peer"),
        "{record}"
    );

    let response = app.get(PATH, &alice).await;
    assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
    let record = record_of(&response);
    assert!(record.contains("WARN"), "{record}");
}

#[tokio::test]
async fn log_contains_no_token_name_remark_or_query() {
    log();
    let app = App::with_repository(|histories| {
        histories
            .expect_find()
            .returning(|_| Ok(found(history_of(ALICE))));
    });
    let alice = token(ALICE, Access::User);
    for path in [
        PATH,
        "/nowhere?access_token=canary-of-the-query",
        "/canary-of-the-path",
    ] {
        app.get(path, &alice).await;
        app.get(path, &format!("{alice}x")).await;
    }
    let text = String::from_utf8(log().0.lock().unwrap().clone()).unwrap();
    for secret in [&alice, "令牌里的名字", "詹姆斯", "工单已创建", "canary"] {
        assert!(!text.contains(secret), "{secret:?} in {text}");
    }
}

#[tokio::test]
async fn panic_is_logged_with_request_id() {
    log();
    let app = App::with_repository(|histories| {
        histories.expect_find().returning(|_| panic!("a bug"));
    });
    let response = app.get(PATH, &token(ALICE, Access::User)).await;
    let record = record_of(&response);
    assert!(
        record.contains("ERROR") && record.contains("handler panicked"),
        "{record}"
    );
}
