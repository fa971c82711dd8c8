//! Tests of the history of a ticket, as its student and staff see it.

use serde_json::json;
use wts_domain::{Access, Status};
use wts_testkit::{ALICE, trace_of};

use crate::{
    OPERATOR,
    browser::{Browser, DESKTOP, PHONE},
    history, insert_trace, link, open_ticket, service,
    support::token,
};

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
    let browser = open_ticket(&service, PHONE).await;

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
    browser.go_to_fragment("trace-2000").await;
    browser.wait_for("This ticket has no entry 2000.").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn both_languages_have_the_same_texts() {
    let (_database, service) = service(history(), &[]);
    let browser = Browser::start(DESKTOP).await;
    browser
        .open(&format!("http://{}/", service.address()))
        .await;
    browser.wait_for("Open ticket").await;
    browser.assert_accessible("the start page").await;

    let shapes = "const shape = value => typeof value === 'object' ? Object.entries(value).map(([name, inner]) => [name, shape(inner)]) : typeof value; \
        const texts = ['en', 'zh'].map(async name => shape((await import(`/assets/texts-${name}.js`)).texts)); \
        return Promise.all(texts)";
    let shapes = browser.run(shapes).await;
    assert!(shapes[0].as_array().unwrap().len() > 50, "{shapes}");
    assert_eq!(shapes[0], shapes[1]);
}
