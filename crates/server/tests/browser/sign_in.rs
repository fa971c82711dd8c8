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
    let shared = json!(token(ALICE, Access::User));
    browser
        .run(&format!("localStorage.setItem('jwt', {shared})"))
        .await;
    browser
        .open(&format!("http://{}/tickets/123", service.address()))
        .await;
    browser.wait_for("Record #4").await;

    // Another tab signs out; the event reaches only other tabs.
    browser.run("localStorage.removeItem('jwt'); dispatchEvent(new StorageEvent('storage', { key: 'jwt', storageArea: localStorage }))").await;

    let text = browser.wait_for("Please sign in").await;
    assert!(!text.contains("Record #"), "{text}");
}
