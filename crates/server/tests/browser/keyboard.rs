//! Tests of the page of a ticket, used only with the keyboard.

use fantoccini::key::Key;
use serde_json::json;
use wts_domain::Access;
use wts_testkit::{ALICE, trace_of};

use crate::{
    browser::{Browser, DESKTOP},
    history, link, open_ticket, service,
    support::token,
};

/// Returns the place of the focused element among all elements that can have the focus. Returns -1 if its outline cannot be seen.
const FOCUSED: &str = "\
    const focusable = [...document.querySelectorAll('a[href], button, select, input, summary')]; \
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement); \
    const { top, bottom, width } = document.activeElement.getBoundingClientRect(); \
    const isVisible = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && bottom > 0 && top < innerHeight && width > 4; \
    return isVisible ? focusable.indexOf(document.activeElement) : -1";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn tab_key_reaches_every_control_in_order() {
    let (_database, service) = service(history(), &[]);
    let browser = open_ticket(&service, DESKTOP).await;
    let controls = browser
        .count("a[href], button, select, input, summary")
        .await;
    assert!(controls > 10, "{controls}");
    for control in 0..controls {
        browser.press(Key::Tab).await;
        assert_eq!(browser.run(FOCUSED).await, json!(control));
    }
    // The last one opens the fields of the last entry.
    browser.press(Key::Enter).await;
    let text = browser.wait_for("updated_at").await;
    assert!(text.contains("new_status"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn keyboard_changes_order_unfolds_and_changes_language() {
    let traces = (1..=70)
        .map(|opid| trace_of(123, opid, opid * 3_600, "W007", "…"))
        .collect();
    let (_database, service) = service(traces, &[]);
    let browser = Browser::start(DESKTOP).await;
    let token = token(ALICE, Access::User);
    browser.open(&link(&service, "tickets/123", &token)).await;
    browser.wait_for("Show 30 entries in between").await;
    let press_until = async |key: Key, selector: &str| {
        for _ in 0..100 {
            if browser.count(&format!("{selector}:focus")).await == 1 {
                return;
            }
            browser.press(key).await;
        }
        panic!("never focused: {selector}");
    };

    press_until(Key::Tab, "select").await;
    browser.press(Key::Down).await;
    let first = "return document.querySelector('.entry').id";
    assert_eq!(browser.run(first).await, json!("trace-70"));
    assert_eq!(browser.count("select:focus").await, 1, "focus is lost");

    press_until(Key::Tab, ".fold").await;
    browser.press(Key::Enter).await;
    assert_eq!(browser.count(".entry").await, 70);
    let focused = "return document.activeElement.closest('.entry')?.id";
    assert_eq!(
        browser.run(focused).await,
        json!("trace-50"),
        "focus is lost"
    );

    browser.run("document.querySelector('.skip').focus()").await;
    press_until(Key::Tab, "#header button").await;
    browser.press(Key::Enter).await;
    browser.wait_for("处理记录").await;
}
