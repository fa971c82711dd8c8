//! Tests of tokens: from links, from the storage of the browser, and after they have expired.

use serde_json::json;
use wts_domain::Access;
use wts_testkit::ALICE;

use crate::{
    OPERATOR,
    browser::{Browser, DESKTOP},
    history, link, open_ticket, service,
    support::{now, signed, token},
};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn expired_token_leads_to_sign_in() {
    let sign_in = "https://sso.example/login?back={return}";
    let (_database, service) = service(history(), &[("WTS_SIGN_IN_URL", sign_in)]);
    let browser = Browser::start(DESKTOP).await;
    // The server accepts a token for 30 s longer.
    let claims = json!({ "sid": ALICE, "access": "user", "exp": now() - 30 + 8 });
    browser
        .open(&link(&service, "tickets/123", &signed(&claims)))
        .await;
    browser.wait_for("Record #4").await;

    let text = browser.wait_for("Your sign-in has expired").await;
    assert!(
        text.contains("Sign in") && text.contains("Record #4"),
        "{text}"
    );
    let target = browser
        .run("return document.querySelector('a.primary').href")
        .await;
    let target = target.as_str().unwrap();
    assert!(
        target.starts_with("https://sso.example/login?back=http%3A%2F%2F127.0.0.1"),
        "{target}"
    );
    assert!(!target.contains("token"), "{target}");
    browser.assert_accessible("an expired token").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn token_of_another_person_is_used_only_after_consent() {
    let (_database, service) = service(history(), &[]);
    let browser = open_ticket(&service, DESKTOP).await;

    let operator = token(OPERATOR, Access::Chief);
    browser.go_to_fragment(&format!("token={operator}")).await;
    browser.wait_for("Use the token of this link?").await;
    assert!(!browser.address().await.contains("token"));
    browser
        .assert_accessible("the question about a token")
        .await;
    browser.click(".actions button:not(.primary)").await;
    let text = browser.wait_for("You created the ticket").await;
    assert!(!text.contains("Use the token"), "{text}");

    browser.go_to_fragment(&format!("token={operator}")).await;
    browser.wait_for("Use the token of this link?").await;
    browser.click(".actions .primary").await;
    browser.wait_for("Student created the ticket").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn page_is_cleared_when_shared_token_is_removed() {
    let (_database, service) = service(history(), &[]);
    let browser = Browser::start(DESKTOP).await;
    browser
        .open(&format!("http://{}/tickets/123", service.address()))
        .await;
    browser.wait_for("Please sign in").await;
    browser
        .set_shared_token(Some(&token(ALICE, Access::User)))
        .await;
    browser.wait_for("Record #4").await;

    browser.set_shared_token(None).await;

    let text = browser.wait_for("Please sign in").await;
    assert!(!text.contains("Record #"), "{text}");

    // The token of a link for the same person is gone too, that of another person is not.
    let alice = token(ALICE, Access::User);
    for (signed_out, words) in [(ALICE, "Please sign in"), (OPERATOR, "Record #4")] {
        browser.run("localStorage.clear()").await;
        browser.open(&link(&service, "tickets/123", &alice)).await;
        browser.wait_for("Record #4").await;
        let shared = json!(token(signed_out, Access::User));
        let event = "dispatchEvent(new StorageEvent('storage', { storageArea: localStorage }))";
        browser
            .run(&format!("localStorage.setItem('jwt', {shared}); {event}"))
            .await;
        browser.run(&format!("localStorage.clear(); {event}")).await;
        browser.wait_for(words).await;
    }
}

/// Makes the storage of the browser unavailable.
const FORBID_STORAGE: &str = "\
    for (const name of ['localStorage', 'sessionStorage']) \
        Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError'); } })";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn page_works_without_storage() {
    let (_database, service) = service(history(), &[]);
    let browser = Browser::start(DESKTOP).await;
    browser.run_before_page(FORBID_STORAGE).await;
    let token = token(ALICE, Access::User);
    browser.open(&link(&service, "tickets/123", &token)).await;
    browser.wait_for("Record #4").await;
    browser.click("#header button").await;
    browser.wait_for("原始记录 #4").await;
    browser.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn valid_shared_token_replaces_rejected_token_of_tab() {
    let (_database, service) = service(history(), &[]);
    let browser = Browser::start(DESKTOP).await;
    browser.open(&link(&service, "tickets/123", "x.y.z")).await;
    browser.wait_for("Your sign-in was not accepted").await;
    let shared = token(ALICE, Access::User);
    browser.set_shared_token(Some(&shared)).await;
    browser.wait_for("Record #4").await;
    browser
        .open(&format!("http://{}/tickets/123", service.address()))
        .await;
    browser.wait_for("Record #4").await;
    let stored = browser.run("return localStorage.getItem('jwt')").await;
    assert_eq!(stored, json!(shared));

    // A rejected shared token leads to the notice, and stays.
    browser.forget_token().await;
    browser.set_shared_token(Some("x.y.z")).await;
    let text = browser.wait_for("Your sign-in was not accepted").await;
    assert!(!text.contains("Record #"), "{text}");
    let stored = browser.run("return localStorage.getItem('jwt')").await;
    assert_eq!(stored, json!("x.y.z"));
}
