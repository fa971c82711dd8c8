//! The example client in JavaScript, in a page of another origin.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use wts_domain::{Access, Status};
use wts_testkit::{ALICE, Fault, Proxy};

use crate::{
    browser::{Browser, DESKTOP},
    history, insert_trace, service,
    support::{Service, now, signed, token},
};

/// Starts a web server with an empty page and the files of the client.
fn web_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut request = BufReader::new(stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && request.read_line(&mut head).unwrap_or(0) > 0 {}
            let (kind, body) = match head.split(' ').nth(1) {
                Some("/follow.js") => (
                    "text/javascript",
                    include_str!("../../../adapter-http/examples/follow.js"),
                ),
                Some("/event-stream.js") => (
                    "text/javascript",
                    include_str!("../../../adapter-http/examples/event-stream.js"),
                ),
                _ => ("text/html", "<!doctype html><title>client</title>"),
            };
            let length = body.len();
            let response = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            let _ = request.into_inner().write_all(response.as_bytes());
        }
    });
    address
}

/// Waits until a script returns this value.
async fn wait_for(browser: &Browser, script: &str, expected: Value) {
    let start = Instant::now();
    loop {
        let value = browser.run(script).await;
        if value == expected {
            return;
        }
        let is_late = start.elapsed() > Duration::from_secs(30);
        assert!(!is_late, "{script}: expected {expected}, found {value}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn example_client_follows_the_feed_in_a_browser() {
    let page = format!("http://{}", web_server());
    let environment = [("WTS_CORS_ORIGINS", page.as_str())];
    let (database, first) = service(history(), &environment);
    let origin = format!("http://{}", first.address());
    let proxy = Proxy::before(&origin);
    proxy.set(Fault::Slices(1));
    // The service accepts a token for 30 s after `exp`.
    let short_lived = signed(
        &json!({"openid": "o-1", "sid": ALICE, "username": "u", "avatar": "", "access": "user",
        "name": "n", "iat": now(), "exp": now() - 22}),
    );
    let tokens = json!([short_lived, token(ALICE, Access::User)]);
    let url = proxy.url(&origin) + "/api/v3/traces?tid=123";
    let browser = Browser::start(DESKTOP).await;
    browser.open(&page).await;
    let script = format!(
        "const tokens = {tokens};
        window.opids = [];
        window.refusals = 0;
        window.controller = new AbortController();
        const getToken = ({{ refused }}) => {{
            if (refused) window.refusals += 1;
            return tokens[window.refusals];
        }};
        (async () => {{
            try {{
                const {{ follow }} = await import('./follow.js');
                for await (const {{ data }} of follow('{url}', {{ getToken, signal: controller.signal }})) {{
                    opids.push(JSON.parse(data).opid);
                }}
            }} catch (error) {{
                window.failure = error.name;
            }}
        }})()"
    );
    browser.run(&script).await;
    wait_for(&browser, "return opids", json!([1, 2, 3, 4])).await;

    // Without another response, the first token expires.
    wait_for(&browser, "return refusals", json!(1)).await;
    insert_trace(&database, 5, Status::Solved, "网络已恢复");
    wait_for(&browser, "return opids", json!([1, 2, 3, 4, 5])).await;
    let second = Service::with(&database.url(), &environment);
    proxy.set_upstream(&format!("http://{}", second.address()));
    first.stop("KILL");
    insert_trace(&database, 6, Status::Solved, "回访");
    wait_for(&browser, "return opids", json!([1, 2, 3, 4, 5, 6])).await;

    browser.run("controller.abort()").await;
    wait_for(&browser, "return failure", json!("AbortError")).await;
}
