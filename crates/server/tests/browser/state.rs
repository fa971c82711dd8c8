//! The state of a ticket, its next step, and the time in each status.

use serde_json::json;
use wts_domain::{Access, Status, Timestamp};
use wts_testkit::{ALICE, trace_of};

use crate::{
    browser::{Browser, DESKTOP, PHONE},
    history, link, open_ticket,
    picture::recent_history,
    service,
    support::token,
};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn next_step_is_the_coming_appointment() {
    let (_database, service) = service(recent_history(), &[]);
    let browser = open_ticket(&service, DESKTOP).await;
    let next = browser
        .run("return document.querySelector('.next').textContent")
        .await;
    let next = next.as_str().unwrap();
    assert!(next.contains("Appointment: Tomorrow, "), "{next}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn passed_appointment_is_not_the_next_step() {
    let (_database, service) = service(history(), &[]);
    let browser = open_ticket(&service, DESKTOP).await;
    browser.wait_for("Staff arrange a new appointment").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn times_stay_current_while_page_is_open() {
    let (_database, service) = service(recent_history(), &[]);
    let browser = Browser::start(DESKTOP).await;
    // The test runs the timers of the page.
    let timers = "const timers = []; \
        window.setInterval = timer => timers.push(timer); \
        window.runTimers = () => timers.forEach(timer => timer())";
    let script = json!({ "source": timers });
    browser
        .devtools("Page.addScriptToEvaluateOnNewDocument", script)
        .await;
    let token = token(ALICE, Access::User);
    browser.open(&link(&service, "tickets/123", &token)).await;
    // Scheduled for 50 hours until the delay, and again for the last 20 hours.
    let text = browser.wait_for("Scheduled 2 days 22 hours so far").await;
    assert!(text.contains("20 hours ago"), "{text}");

    let hour_later =
        "const present = Date.now; Date.now = () => present() + 3_600_000; runTimers()";
    browser.run(hour_later).await;

    let text = browser.text().await;
    assert!(text.contains("Scheduled 2 days 23 hours so far"), "{text}");
    assert!(!text.contains("20 hours ago"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn bar_shows_every_period_of_a_long_history() {
    let traces = (1..=200).map(|opid| {
        let mut trace = trace_of(123, opid, opid * 3_600, "W007", "");
        let is_even = opid % 2 == 0;
        trace.new_status = Some(if is_even {
            Status::Scheduled
        } else {
            Status::Delay
        });
        trace
    });
    let (_database, service) = service(traces.collect(), &[]);
    let browser = open_ticket(&service, PHONE).await;
    let overflow = "const right = selector => document.querySelector(selector).getBoundingClientRect().right; \
        return right('.segment:last-child') - right('.bar')";
    let overflow = browser.run(overflow).await.as_f64().unwrap();
    assert!(overflow < 1.0, "{overflow} px are cut off");
    assert_eq!(browser.count("details > ol > li").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn period_without_beginning_has_no_length() {
    let mut traces = history();
    traces[0].updated_at = Timestamp::NEG_INFINITY;
    let (_database, service) = service(traces, &[]);
    let browser = open_ticket(&service, DESKTOP).await;
    let text = browser.wait_for("Open unknown").await;
    assert!(text.contains("Open · Beginning of time – "), "{text}");
}
