//! Tests of the pages behind nginx, under a path prefix.

use std::{
    env, fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command},
};

use wts_domain::{Access, Status};
use wts_testkit::ALICE;

use crate::{
    browser::{Browser, DESKTOP},
    history, insert_trace, service,
    support::{skipped, token, wait_until},
};

/// An nginx process. It is killed when dropped.
struct Nginx(Child);

impl Nginx {
    /// Starts nginx with its files in `directory`, and with `location` in its only server. Returns `None` if nginx is not
    /// installed. Also returns the address.
    fn start(directory: &Path, location: &str) -> Option<(Self, SocketAddr)> {
        let free_port = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free_port.local_addr().unwrap();
        drop(free_port);
        let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {name};"))
            .concat();
        let configuration = format!(
            "daemon off; master_process off; pid nginx.pid; error_log error.log; events {{}} \
             http {{ access_log off; {paths} server {{ listen {address}; {location} }} }}"
        );
        let file = directory.join("nginx.conf");
        fs::write(&file, configuration).unwrap();
        let search = format!("{}:/usr/sbin", env::var("PATH").unwrap_or_default());
        let child = Command::new("nginx")
            .env("PATH", search)
            .arg("-p")
            .arg(directory)
            .args(["-e", "error.log", "-c", "nginx.conf"])
            .spawn()
            .ok()?;
        let nginx = Self(child);
        wait_until("nginx listens", || TcpStream::connect(address).is_ok());
        Some((nginx, address))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask browser"]
async fn page_works_behind_nginx_under_a_path_prefix() {
    let (database, service) = service(history(), &[]);
    let directory = tempfile::tempdir().unwrap();
    // The configuration of OPERATIONS.md.
    let location = format!(
        "location /wts/ {{ proxy_pass http://{}/; }}",
        service.address()
    );
    let Some((_nginx, proxy)) = Nginx::start(directory.path(), &location) else {
        skipped::list("the pages behind nginx, because nginx is not installed");
        return;
    };
    let browser = Browser::start(DESKTOP).await;
    let token = token(ALICE, Access::User);
    browser
        .open(&format!("http://{proxy}/wts/tickets/123#token={token}"))
        .await;
    browser.wait_for("Record #4").await;
    insert_trace(&database, 5, Status::Solved, "live");
    browser.wait_for("Record #5").await;
    browser.assert_clean().await;
    browser.click(".home").await;
    browser.wait_for("Open ticket").await;
    assert_eq!(browser.address().await, format!("http://{proxy}/wts/"));
}
