//! Tests of failed requests: the messages of the page, and how it recovers.

use serde_json::json;
use wts_domain::{Access, Status};
use wts_testkit::ALICE;

use crate::{
    browser::{Browser, DESKTOP},
    history, insert_trace, link, open_ticket, service,
    support::{self, Service, token, wait_until},
};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn page_stays_while_server_is_away_and_goes_on() {
    let (database, first) = service(history(), &[]);
    let address = first.address().to_string();
    let browser = open_ticket(&first, DESKTOP).await;

    first.stop("KILL");
    let text = browser.wait_for("cannot be reached").await;
    assert!(
        text.contains("Record #4") && text.contains("What you see is from"),
        "{text}"
    );
    browser.assert_accessible("a page without a server").await;

    insert_trace(&database, 5, Status::Solved, "back");
    let _second = Service::with(&database.url(), &[("WTS_LISTEN", &address)]);
    let text = browser.wait_for("Record #5").await;
    assert!(!text.contains("cannot be reached"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn every_failure_has_words_and_is_accessible() {
    let (_database, service) = service(history(), &[]);
    let browser = Browser::start(DESKTOP).await;
    let alice = token(ALICE, Access::User);
    let stranger = token("2024319999", Access::User);
    for (path, token, words) in [
        ("tickets/124", alice.as_str(), "This is not your ticket"),
        ("tickets/999", &stranger, "There is no such ticket"),
        ("tickets/abc", &stranger, "This address is not valid"),
        ("tickets/123", "x.y.z", "Your sign-in was not accepted"),
        (
            "tickets/123",
            &support::token_for("1", "unregistered"),
            "Your account is not active",
        ),
    ] {
        browser.forget_token().await;
        browser.open(&link(&service, path, token)).await;
        let text = browser.wait_for(words).await;
        assert!(text.contains("Request ID"), "{text}");
        browser.assert_accessible(words).await;
    }
    // After another attempt, the visitor can quote its request.
    let shown = "return document.querySelector('.request-id code').textContent";
    let first = browser.run(shown).await;
    browser.click(".notice .actions button").await;
    browser.wait_for_true(&format!("{shown} !== {first}")).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn page_waits_as_long_as_retry_after() {
    let (_database, service) = service(history(), &[("WTS_CALLER_RATE_LIMIT", "1")]);
    let browser = Browser::start(DESKTOP).await;
    browser.run_before_page(RECORD_RESPONSES).await;
    browser
        .open(&link(&service, "tickets/123", &token(ALICE, Access::User)))
        .await;
    browser.wait_for("Too many requests").await;
    browser.assert_accessible("too many requests").await;
    browser.wait_for("Record #4").await;

    let earliest = "return responses.flatMap(({ at, retryAfter }, index) => \
        retryAfter && responses[index + 1] ? [responses[index + 1].sentAt - at - 1000 * retryAfter] : [])";
    let spare = browser.run(earliest).await;
    let spare = spare.as_array().unwrap();
    assert!(!spare.is_empty());
    assert!(
        spare.iter().all(|spare| spare.as_f64() >= Some(0.0)),
        "milliseconds after Retry-After: {spare:?}"
    );
}

/// Repeats the first request until it gets 429, and records the responses of the API in `responses`.
const RECORD_RESPONSES: &str = "\
    const send = window.fetch; \
    window.responses = []; \
    window.fetch = async (...request) => { \
        const sentAt = performance.now(); \
        let response; \
        do response = await send(...request); \
        while (responses.length === 0 && response.status !== 429); \
        responses.push({ sentAt, at: performance.now(), retryAfter: Number(response.headers.get('Retry-After')) }); \
        return response; \
    }";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn offline_page_stays_and_continues_by_itself() {
    let (database, service) = service(history(), &[]);
    let browser = open_ticket(&service, DESKTOP).await;

    browser.set_online(false).await;
    let text = browser.wait_for("You are offline.").await;
    assert!(
        text.contains("Record #4") && text.contains("What you see is from"),
        "{text}"
    );
    assert_eq!(browser.count(".live:not([hidden])").await, 0);
    browser.assert_accessible("a page without a network").await;

    insert_trace(&database, 5, Status::Solved, "back");
    browser.set_online(true).await;
    let text = browser.wait_for("Record #5").await;
    assert!(!text.contains("You are offline."), "{text}");
    assert_eq!(browser.count(".live:not([hidden])").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn failed_download_shows_request_id_once() {
    let (_database, service) = service(history(), &[]);
    let browser = open_ticket(&service, DESKTOP).await;
    let directory = tempfile::tempdir().unwrap();
    browser
        .devtools(
            "Page.setDownloadBehavior",
            json!({ "behavior": "allow", "downloadPath": directory.path() }),
        )
        .await;
    let download = ".toolbar button:not([disabled])";
    browser.click(download).await;
    let file = directory.path().join("ticket-123.csv");
    wait_until("the file is complete", || {
        std::fs::read_to_string(&file).is_ok_and(|text| text.contains("已电话联系"))
    });

    browser.run("const send = window.fetch; window.fetch = (url, options) => send(url, { ...options, headers: { Authorization: 'Bearer x' } })").await;
    for _ in 0..2 {
        browser.click(download).await;
        browser.wait_for("Request ID").await;
    }
    let shown = browser
        .run("return document.querySelector('.toolbar [role=alert]').textContent")
        .await;
    let shown = shown.as_str().unwrap();
    assert_eq!(shown.matches("not accepted").count(), 1, "{shown}");
    assert_eq!(browser.count(".toolbar .detail").await, 1);
    browser.assert_accessible("a failed download").await;
}
