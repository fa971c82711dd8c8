//! Tests of the pages behind a reverse proxy, under a path prefix.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

use wts_domain::Access;
use wts_testkit::ALICE;

use crate::{
    browser::{Browser, DESKTOP},
    history, service,
    support::token,
};

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
