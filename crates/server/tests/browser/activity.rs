//! Tests of `/activity`, the newest traces of all tickets.

use serde_json::json;
use wts_domain::{Access, Status};
use wts_testkit::ALICE;

use crate::{
    OPERATOR,
    browser::{Browser, DESKTOP, Device},
    history, insert_trace, link, service,
    support::token,
};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn activity_shows_operators_new_entries_of_all_tickets() {
    let (database, service) = service(history(), &[]);
    let browser = Browser::start(DESKTOP).await;
    browser
        .open(&link(&service, "activity", &token(ALICE, Access::User)))
        .await;
    browser.wait_for("This page is for staff").await;
    browser.assert_accessible("the board for a student").await;

    browser.forget_token().await;
    browser
        .open(&link(&service, "activity", &token(OPERATOR, Access::Chief)))
        .await;
    browser.wait_for("Record #4").await;
    let first = "return document.querySelector('.entry').id";
    assert_eq!(browser.run(first).await, json!("trace-4"));
    browser.click(".title-line button").await;
    insert_trace(&database, 5, Status::Solved, "fixed");
    let text = browser.wait_for("1 new entry").await;
    assert!(!text.contains("Record #5"), "{text}");
    browser.click(".title-line button").await;
    browser.wait_for("Record #5").await;
    assert_eq!(browser.run(first).await, json!("trace-5"));
    browser.assert_accessible("the board").await;
    browser.assert_clean().await;

    let address = format!("http://{}/activity?status=fresh,delay", service.address());
    browser.open(&address).await;
    let text = browser.wait_for("Record #1").await;
    assert!(!text.contains("Record #5"), "{text}");
    assert_eq!(browser.count(".filters[open] input:checked").await, 2);
    browser.assert_accessible("the board with filters").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn new_entry_moves_neither_scrolled_board_nor_focus() {
    let (database, service) = service(history(), &[]);
    let device = Device {
        height: 250,
        ..DESKTOP
    };
    let browser = Browser::start(device).await;
    let token = token(OPERATOR, Access::Chief);
    browser.open(&link(&service, "activity", &token)).await;
    browser.wait_for("Record #1").await;
    browser
        .run("document.querySelector('#trace-1 .when').focus()")
        .await;
    let position = "return [document.activeElement.closest('.entry')?.id, \
        Math.round(document.getElementById('trace-1').getBoundingClientRect().top)]";
    let before = browser.run(position).await;
    assert_eq!(before[0], json!("trace-1"));

    insert_trace(&database, 5, Status::Solved, "fixed");
    browser.wait_for("Record #5").await;

    assert_eq!(browser.run(position).await, before);
}
