//! Tests of pages that are hidden, and of responses that arrive after the visitor has changed.

use serde_json::json;
use wts_domain::{Access, Status};
use wts_testkit::{ALICE, trace_of};

use crate::{
    OPERATOR,
    browser::{Browser, DESKTOP},
    history, insert_trace, link, service,
    support::token,
};

/// Lets the test hide the page with `setHidden`, and run timers of 10 s and more with `advance`. Counts the streams in
/// `openStreams`.
const CONTROL_TIME: &str = "\
    const { setTimeout, clearTimeout } = window; \
    const held = new Map(); \
    let now = 0, lastId = -1, isHidden = false; \
    window.setTimeout = (run, ms, ...values) => { \
        if (!(ms >= 10_000)) return setTimeout(run, ms, ...values); \
        held.set(--lastId, { run, due: now + ms }); \
        return lastId; \
    }; \
    window.clearTimeout = id => held.delete(id) || clearTimeout(id); \
    window.advance = ms => { \
        now += ms; \
        for (const [id, { run, due }] of [...held]) if (due <= now && held.delete(id)) run(); \
    }; \
    Object.defineProperty(document, 'hidden', { get: () => isHidden }); \
    window.setHidden = value => { isHidden = value; document.dispatchEvent(new Event('visibilitychange')); }; \
    const send = window.fetch; \
    window.openStreams = 0; \
    window.fetch = (url, options) => { \
        if (options.headers.Accept === 'text/event-stream') { \
            openStreams += 1; \
            options.signal.addEventListener('abort', () => openStreams -= 1); \
        } \
        return send(url, options); \
    }";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn hidden_page_closes_its_stream_and_catches_up() {
    let (database, service) = service(history(), &[]);
    let browser = Browser::start(DESKTOP).await;
    browser.run_before_page(CONTROL_TIME).await;
    browser
        .open(&link(&service, "tickets/123", &token(ALICE, Access::User)))
        .await;
    browser.wait_for("Record #4").await;
    browser.wait_for_true("return openStreams === 1").await;

    browser.run("setHidden(true); advance(29_999)").await;
    insert_trace(&database, 5, Status::Solved, "while hidden");
    browser.wait_for("Record #5").await;
    browser.run("advance(1)").await;
    assert_eq!(browser.run("return openStreams").await, json!(0));
    insert_trace(&database, 6, Status::Solved, "while closed");

    browser.run("setHidden(false)").await;
    browser.wait_for("Record #6").await;
    browser.wait_for_true("return openStreams === 1").await;

    // After another tab has renewed the shared token, the time begins again.
    browser.run("setHidden(true); advance(30_000)").await;
    assert_eq!(browser.run("return openStreams").await, json!(0));
    browser
        .set_shared_token(Some(&token(ALICE, Access::User)))
        .await;
    browser.wait_for_true("return openStreams === 1").await;
    browser.run("advance(30_000)").await;
    assert_eq!(browser.run("return openStreams").await, json!(0));
}

/// Delays the responses of the API while `isHeld` is true, until the test calls `release`. `heldCount` and `releasedCount` count
/// them. The page takes a released response in before `releasedCount` increases.
const DELAY_RESPONSES: &str = "\
    const send = window.fetch; \
    window.isHeld = false; \
    window.heldCount = window.releasedCount = 0; \
    const released = new Promise(resolve => window.release = resolve); \
    window.fetch = async (url, options) => { \
        if (!isHeld) return send(url, options); \
        const response = await send(url, options); \
        const body = await response.blob(); \
        const text = await body.text(); \
        heldCount += 1; \
        await released; \
        setTimeout(() => releasedCount += 1); \
        options.signal?.throwIfAborted(); \
        return Object.assign(new Response(null, response), { blob: async () => body, text: async () => text }); \
    }";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn late_responses_do_not_reach_the_next_visitor() {
    let traces = (1..=60)
        .map(|opid| trace_of(123, opid, opid * 3_600, "W007", "…"))
        .collect();
    let (_database, service) = service(traces, &[]);
    let browser = Browser::start(DESKTOP).await;
    browser.run_before_page(DELAY_RESPONSES).await;
    browser
        .run_before_page(
            "window.clicked = 0; HTMLAnchorElement.prototype.click = () => clicked += 1",
        )
        .await;
    let operator = token(OPERATOR, Access::Chief);
    let alice = token(ALICE, Access::User);

    // More entries of the board.
    browser
        .open(&format!("http://{}/activity", service.address()))
        .await;
    browser.wait_for("Please sign in").await;
    browser.set_shared_token(Some(&operator)).await;
    browser.wait_for("Record #60").await;
    browser.run("isHeld = true").await;
    browser.click(".fold").await;
    browser.wait_for_true("return heldCount === 1").await;
    browser.run("isHeld = false").await;
    browser.set_shared_token(Some(&alice)).await;
    browser.wait_for("This page is for staff").await;
    browser.run("release()").await;
    browser.wait_for_true("return releasedCount === 1").await;
    let text = browser.text().await;
    assert!(!text.contains("Record #"), "{text}");

    // A file, and the first response for a ticket.
    browser.set_shared_token(Some(&operator)).await;
    browser
        .open(&format!("http://{}/tickets/123", service.address()))
        .await;
    browser.wait_for("Record #60").await;
    browser.run("isHeld = true").await;
    browser.click(".toolbar button").await;
    browser.wait_for_true("return heldCount === 1").await;
    browser.set_shared_token(Some(&alice)).await;
    browser.wait_for_true("return heldCount === 2").await;
    browser.run("isHeld = false").await;
    browser
        .set_shared_token(Some(&token("2024319999", Access::User)))
        .await;
    browser.wait_for("This is not your ticket").await;
    browser.run("release()").await;
    browser.wait_for_true("return releasedCount === 2").await;
    let text = browser.text().await;
    assert!(!text.contains("Record #"), "{text}");
    assert_eq!(
        browser.run("return clicked").await,
        json!(0),
        "a file was saved"
    );
}
