//! Tests of failed requests: the messages of the page, and how it recovers.

use wts_domain::{Access, Status};
use wts_testkit::ALICE;

use crate::{
    browser::{Browser, DESKTOP},
    history, insert_trace, link, open_ticket, service,
    support::{self, Service, token},
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
    let (_database, service) = service(history(), &[("WTS_CALLER_RATE_LIMIT", "1")]);
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
    for _ in 0..15 {
        service.get("/api/v3/get_traces?tid=123", &alice);
    }
    browser.forget_token().await;
    browser.open(&link(&service, "tickets/123", &alice)).await;
    browser.wait_for("Too many requests").await;
    browser.wait_for("Record #4").await;
}
