//! Tests of the pages in a real browser. `cargo xtask browser` installs Chromium and axe-core and runs these tests.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where it stands"
)]

mod activity;
mod browser;
mod client;
mod failures;
mod keyboard;
mod lifecycle;
mod picture;
mod prefix;
mod sign_in;
mod state;
#[path = "../support/mod.rs"]
mod support;
mod ticket;

use wts_domain::{Access, Category, Priority, Status, Trace};
use wts_testkit::{ALICE, BOB, Database, Kind, Records, day, ticket_of, trace_of};

use self::browser::{Browser, Device};
use crate::support::{Service, token};

const OPERATOR: &str = "2022310007";

/// Returns a ticket of Alice with a history in which every field changes.
fn history() -> Vec<Trace> {
    let mut filed = trace_of(123, 1, 0, "-2", "晚上网速只有 1Mbps");
    filed.new_status = Some(Status::Fresh);
    filed.new_priority = Some(Priority::Normal);
    filed.new_category = Some(Category::LowSpeed);
    let mut scheduled = trace_of(123, 2, 50_000, "W007", "已电话联系");
    scheduled.new_status = Some(Status::Scheduled);
    scheduled.new_appointment = Some(day(2025, 12, 8));
    let mut delayed = trace_of(123, 3, 190_000, "W007", "宿舍没人,\n改日再去");
    delayed.new_status = Some(Status::Delay);
    delayed.new_priority = Some(Priority::Mainline);
    let mut again = trace_of(123, 4, 200_000, "-1", "");
    again.new_status = Some(Status::Delay);
    vec![filed, scheduled, delayed, again]
}

/// Starts a service on SQLite in which Alice's ticket 123 has `traces`.
fn service(traces: Vec<Trace>, environment: &[(&str, &str)]) -> (Database, Service) {
    let mut records: Records = wts_testkit::sample_records();
    records.tickets = vec![ticket_of(123, ALICE), ticket_of(124, BOB)];
    records.traces = traces;
    let database = Database::with(Kind::Sqlite, records);
    let service = Service::with(&database.url(), environment);
    (database, service)
}

fn link(service: &Service, path: &str, token: &str) -> String {
    format!("http://{}/{path}#token={token}", service.address())
}

fn insert_trace(database: &Database, opid: i64, status: Status, remark: &str) {
    let mut trace = trace_of(123, opid, 300_000, "W007", remark);
    trace.new_status = Some(status);
    database.insert(Records {
        traces: vec![trace],
        ..Records::default()
    });
}

/// Opens Alice's ticket with her token, and waits until its last entry is shown.
async fn open_ticket(service: &Service, device: Device) -> Browser {
    let browser = Browser::start(device).await;
    let token = token(ALICE, Access::User);
    browser.open(&link(service, "tickets/123", &token)).await;
    browser.wait_for("#4").await;
    browser
}
