//! Takes the screenshot in the README.

use std::{env, path::Path};

use wts_domain::{Date, Status, Timestamp, Trace};
use wts_testkit::day;

use crate::{
    browser::{DESKTOP, Device},
    history, open_ticket, service,
    support::now,
};

/// The offset of the browser's time zone from UTC in seconds: see `Browser::start`.
const BROWSER_OFFSET: i64 = 8 * 3_600;

/// Returns a history that covers the last few days.
pub(crate) fn recent_history() -> Vec<Trace> {
    const HOUR: i64 = 3_600;
    let at = |mut trace: Trace, hours: i64| {
        trace.updated_at = Timestamp::from_unix_seconds(now() - hours * HOUR).unwrap();
        trace
    };
    let mut traces = history();
    traces[1].new_appointment = Some(day_in(-2));
    traces[3].new_status = Some(Status::Scheduled);
    traces[3].new_appointment = Some(day_in(1));
    traces[3].op = "W007".into();
    "重新约明天下午".clone_into(&mut traces[3].remark);
    let hours = [120, 100, 50, 20];
    traces
        .into_iter()
        .zip(hours)
        .map(|(trace, hours)| at(trace, hours))
        .collect()
}

/// Returns the date `days` days from today in the browser's time zone.
fn day_in(days: i64) -> Date {
    let timestamp = Timestamp::from_unix_seconds(now() + BROWSER_OFFSET + days * 86_400).unwrap();
    let text = timestamp.to_string();
    let mut parts = text[..10]
        .split('-')
        .map(|part| part.parse::<u16>().unwrap());
    let [year, month, date] = [(); 3].map(|()| parts.next().unwrap());
    day(
        year.into(),
        month.try_into().unwrap(),
        date.try_into().unwrap(),
    )
}

/// Writes the screenshot in the README to the file that `WTS_TEST_PICTURE` names.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn picture_of_page_is_a_small_png() {
    let (_database, service) = service(recent_history(), &[]);
    let device = Device {
        width: 800,
        height: 1_000,
        ..DESKTOP
    };
    let browser = open_ticket(&service, device).await;
    let directory = tempfile::tempdir().unwrap();
    let file = env::var_os("WTS_TEST_PICTURE");
    let file = file.map_or(directory.path().join("page.png"), Into::into);
    browser.screenshot(&file).await;
    assert_picture(&file);
}

/// Checks that `file` is a PNG file of at most 200 KiB.
fn assert_picture(file: &Path) {
    let bytes = std::fs::read(file).unwrap();
    assert!(
        bytes.starts_with(b"\x89PNG") && bytes.len() <= 200 * 1024,
        "{} bytes",
        bytes.len()
    );
}
