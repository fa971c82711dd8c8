//! The pages in a real browser. `cargo xtask browser` installs Chromium and axe-core and runs these tests.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where it stands"
)]

mod browser;
#[path = "../support/mod.rs"]
mod support;

use std::{
    env,
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    thread,
};

use serde_json::json;
use wts_domain::{Access, Category, Date, Priority, Status, Timestamp, Trace};
use wts_testkit::{ALICE, BOB, Database, Kind, Records, day, ticket_of, trace_of};

use self::browser::{Browser, DESKTOP, Device, PHONE};
use crate::support::{Service, now, signed, token};

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

/// Starts a service on SQLite with these traces of Alice's ticket 123.
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

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn owner_on_phone_sees_state_and_every_entry() {
    let (_database, service) = service(history(), &[]);
    let browser = Browser::start(PHONE).await;

    let token = token(ALICE, Access::User);
    browser
        .open(&(link(&service, "tickets/123", &token) + "&trace=3"))
        .await;
    let text = browser.wait_for("原始记录 #4").await;

    assert_eq!(
        browser.address().await,
        format!("http://{}/tickets/123#trace-3", service.address())
    );
    for words in [
        "123 号工单",
        "改日修",
        "网速慢",
        "主线任务",
        "您",
        "创建了工单",
        "待解决",
        "已预约",
        "2025年12月8日星期一",
        "宿舍没人,\n改日再去",
        "系统",
        "状态仍为改日修",
        "各状态用时",
        "13小时 53分钟",
    ] {
        assert!(text.contains(words), "{words} is missing in {text}");
    }
    assert_eq!(browser.count(".entry").await, 4);
    assert_eq!(browser.count("#trace-3.target").await, 1);
    assert_eq!(
        browser.run("return document.documentElement.lang").await,
        json!("zh-CN")
    );
    browser.assert_accessible("the owner's page").await;
    browser.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn operator_on_desktop_switches_order_and_language() {
    let (_database, service) = service(history(), &[]);
    let browser = Browser::start(DESKTOP).await;

    browser
        .open(&link(
            &service,
            "tickets/123",
            &token(OPERATOR, Access::Chief),
        ))
        .await;
    let text = browser.wait_for("Record #4").await;
    assert!(
        text.contains("Student created the ticket") && text.contains("Slow network"),
        "{text}"
    );

    browser.run("const order = document.querySelector('select'); order.value = 'desc'; order.dispatchEvent(new Event('change'))").await;
    let first = "return document.querySelector('.entry').id";
    assert_eq!(browser.run(first).await, json!("trace-4"));
    browser.click("#header button").await;
    browser.wait_for("处理记录").await;
    assert_eq!(
        browser.run(first).await,
        json!("trace-4"),
        "the order is kept"
    );
    browser.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn new_entry_appears_and_is_announced() {
    let (database, service) = service(history(), &[]);
    let browser = Browser::start(PHONE).await;
    browser
        .open(&link(&service, "tickets/123", &token(ALICE, Access::User)))
        .await;
    browser.wait_for("原始记录 #4").await;

    browser
        .run("document.querySelector('#trace-1 .when').focus()")
        .await;
    insert_trace(&database, 5, Status::Solved, "已修好");

    let text = browser.wait_for("原始记录 #5").await;
    assert!(text.contains("已解决"), "{text}");
    let announced = browser
        .run("return document.getElementById('announcer').textContent")
        .await;
    assert!(
        announced.as_str().unwrap().contains("已修好"),
        "{announced}"
    );
    let focused = "return document.activeElement.closest('.entry')?.id";
    assert_eq!(
        browser.run(focused).await,
        json!("trace-1"),
        "focus is lost"
    );
    browser.assert_accessible("a page with a new entry").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn page_stays_while_server_is_away_and_goes_on() {
    let (database, first) = service(history(), &[]);
    let address = first.address().to_string();
    let browser = Browser::start(DESKTOP).await;
    browser
        .open(&link(&first, "tickets/123", &token(ALICE, Access::User)))
        .await;
    browser.wait_for("Record #4").await;

    first.stop("KILL");
    browser
        .run("document.dispatchEvent(new Event('visibilitychange'))")
        .await;
    browser.run("dispatchEvent(new Event('tokenchange'))").await;
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
async fn expired_token_leads_to_sign_in() {
    let sign_in = "https://sso.example/login?back={return}";
    let (_database, service) = service(history(), &[("WTS_SIGN_IN_URL", sign_in)]);
    let browser = Browser::start(DESKTOP).await;
    let claims = json!({ "sid": ALICE, "access": "user", "exp": now() + 4 });
    browser
        .open(&link(&service, "tickets/123", &signed(&claims)))
        .await;

    let text = browser.wait_for("Your sign-in has expired").await;
    assert!(text.contains("Sign in"), "{text}");
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
    let browser = Browser::start(DESKTOP).await;
    browser
        .open(&link(&service, "tickets/123", &token(ALICE, Access::User)))
        .await;
    browser.wait_for("Record #4").await;

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

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn hostile_remark_is_shown_as_text() {
    let mut traces = history();
    traces[0].remark =
        "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"
            .to_owned();
    traces[1].remark = "left\u{202e}right\u{200b}zero\u{7}bell".to_owned();
    traces[2].remark = "long ".repeat(1_000_000);
    let (_database, service) = service(traces, &[]);
    let browser = Browser::start(DESKTOP).await;
    browser
        .open(&link(&service, "tickets/123", &token(ALICE, Access::User)))
        .await;

    let text = browser.wait_for("Record #4").await;
    for words in [
        "<img src=x onerror",
        "leftU+202ErightU+200BzeroU+0007bell",
        "Show the whole remark (5 MB)",
    ] {
        assert!(text.contains(words), "{words} is missing");
    }
    assert_eq!(browser.count("img, main script").await, 0);
    let title = browser.run("return document.title").await;
    assert_eq!(title, json!("Ticket 123 · Postponed"));
    browser.assert_accessible("hostile remarks").await;
    browser.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn long_history_is_folded_and_can_be_reached() {
    let traces = (1..=1_000)
        .map(|opid| trace_of(123, opid, opid * 3_600, "W007", "…"))
        .collect();
    let (_database, service) = service(traces, &[]);
    let browser = Browser::start(DESKTOP).await;
    let token = token(ALICE, Access::User);
    browser.open(&link(&service, "tickets/123", &token)).await;
    browser.wait_for("Show 960 entries in between").await;
    assert_eq!(browser.count(".entry").await, 40);
    // Printing shows the whole history.
    browser.run("dispatchEvent(new Event('beforeprint'))").await;
    assert_eq!(browser.count(".entry").await, 1_000);
    browser.open("about:blank").await;
    browser.open(&link(&service, "tickets/123", &token)).await;
    browser.wait_for("Show 960 entries in between").await;
    browser.click(".fold").await;
    assert_eq!(browser.count(".entry").await, 1_000);

    browser
        .open(&(link(&service, "tickets/123", &token) + "&trace=500"))
        .await;
    browser.wait_for("Record #500").await;
    let is_visible = "const { top } = document.getElementById('trace-500').getBoundingClientRect(); return top > 0 && top < innerHeight";
    assert_eq!(browser.run(is_visible).await, json!(true));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn page_is_accessible_at_every_width_and_scheme() {
    let (_database, service) = service(history(), &[]);
    let browser = Browser::start(DESKTOP).await;
    browser
        .open(&link(&service, "tickets/123", &token(ALICE, Access::User)))
        .await;
    browser.wait_for("Record #4").await;
    for width in [320, 768, 1280] {
        for is_dark in [false, true] {
            let device = Device {
                width,
                is_dark,
                ..DESKTOP
            };
            browser.set_device(device).await;
            browser
                .assert_accessible(&format!("{width} px, dark: {is_dark}"))
                .await;
        }
    }
    browser
        .open(&format!("http://{}/", service.address()))
        .await;
    browser.wait_for("Open ticket").await;
    browser.assert_accessible("the start page").await;
}

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

/// Starts a reverse proxy that serves a server under the prefix `/wts/`, and returns its address.
fn prefix_proxy(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let forward = move |mut client: TcpStream| -> io::Result<()> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            client.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).replacen(" /wts/", " /", 1);
        let head = head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
        let head = head.replacen("Connection: keep-alive\r\n", "", 1);
        let mut upstream = TcpStream::connect(server)?;
        upstream.write_all(head.as_bytes())?;
        io::copy(&mut upstream, &mut client).map(drop)
    };
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || forward(client));
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn page_works_under_a_path_prefix() {
    let (_database, service) = service(history(), &[]);
    let proxy = prefix_proxy(service.address());
    let browser = Browser::start(DESKTOP).await;
    let token = token(ALICE, Access::User);
    browser
        .open(&format!("http://{proxy}/wts/tickets/123#token={token}"))
        .await;
    browser.wait_for("Record #4").await;
    browser.assert_clean().await;
    browser.click(".home").await;
    browser.wait_for("Open ticket").await;
    assert_eq!(browser.address().await, format!("http://{proxy}/wts/"));
}

/// Returns a history of the last days, for the picture.
fn recent_history() -> Vec<Trace> {
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

/// Returns the date of the day that is this number of days from today.
fn day_in(days: i64) -> Date {
    let timestamp = Timestamp::from_unix_seconds(now() + days * 86_400).unwrap();
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

/// Makes the picture of the README, in the file that `WTS_TEST_PICTURE` names.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn picture_of_page_is_a_small_png() {
    let (_database, service) = service(recent_history(), &[]);
    let device = Device {
        width: 800,
        height: 1_000,
        ..DESKTOP
    };
    let browser = Browser::start(device).await;
    browser
        .open(&link(&service, "tickets/123", &token(ALICE, Access::User)))
        .await;
    browser.wait_for("Record #4").await;
    let directory = tempfile::tempdir().unwrap();
    let file = env::var_os("WTS_TEST_PICTURE");
    let file = file.map_or(directory.path().join("page.png"), Into::into);
    browser.screenshot(&file).await;
    assert_picture(&file);
}

/// Checks that a file is a PNG of at most 200 KiB.
fn assert_picture(file: &Path) {
    let bytes = std::fs::read(file).unwrap();
    assert!(
        bytes.starts_with(b"\x89PNG") && bytes.len() <= 200 * 1024,
        "{} bytes",
        bytes.len()
    );
}
