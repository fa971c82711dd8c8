//! Event streams and waiting requests behind nginx and `HAProxy`, with the default settings of both.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread::{self, sleep},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use wts_domain::Access;
use wts_testkit::{Database, Kind, Records, sample_records, trace_of};

use crate::{
    FEED, JAMES,
    support::{Response, Service, events::EventStream, send, skipped, token, wait_until},
};

/// A running proxy in front of the service.
struct ProxyServer {
    process: Child,
    command: Command,
    address: SocketAddr,
    _directory: TempDir,
}

impl ProxyServer {
    fn start(mut command: Command, address: SocketAddr, directory: TempDir) -> Self {
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().unwrap();
        let server = Self {
            process,
            command,
            address,
            _directory: directory,
        };
        server.wait_until_it_listens();
        server
    }

    fn wait_until_it_listens(&self) {
        wait_until("the proxy listens", || {
            TcpStream::connect(self.address).is_ok()
        });
    }

    fn restart(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.process = self.command.spawn().unwrap();
        self.wait_until_it_listens();
    }
}

impl Drop for ProxyServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Writes the configuration of a proxy that listens on the first address and forwards to the second one.
type Configure = fn(&Path, SocketAddr, SocketAddr) -> String;

fn nginx(directory: &Path, listen: SocketAddr, upstream: SocketAddr) -> String {
    let directory = directory.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {directory}/{kind};\n"))
        .concat();
    format!(
        "daemon off; master_process off; pid {directory}/pid;
         events {{}}
         http {{ access_log off; {temporary}
             server {{ listen {listen}; location / {{ proxy_pass http://{upstream}; }} }}
         }}"
    )
}

fn haproxy(_: &Path, listen: SocketAddr, upstream: SocketAddr) -> String {
    // HAProxy has no default timeouts; these are the ones of its packages.
    format!(
        "defaults\n mode http\n timeout connect 5000\n timeout client 50000\n timeout server 50000\n\
         frontend clients\n bind {listen}\n default_backend instances\n\
         backend instances\n server instance {upstream}\n"
    )
}

/// Starts a proxy; `None` if it is not installed.
fn proxy_before(
    service: &Service,
    program: &str,
    arguments: &[&str],
    configure: Configure,
) -> Option<ProxyServer> {
    if Command::new(program).arg("-v").output().is_err() {
        skipped::list(&format!(
            "event streams behind {program}, because it is not installed"
        ));
        return None;
    }
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("configuration");
    let configuration = configure(directory.path(), address, service.address());
    std::fs::write(&file, configuration).unwrap();
    let mut command = Command::new(program);
    command.args(arguments).arg(file);
    Some(ProxyServer::start(command, address, directory))
}

/// Reads the feed until the trace `last`, and resumes whenever the stream breaks. Returns all ids.
fn follow(address: SocketAddr, last: i64) -> Vec<i64> {
    let james = token(JAMES, Access::FormalMember);
    let begun = Instant::now();
    let mut seen = Vec::new();
    let mut last_id: Option<String> = None;
    while seen.last() != Some(&last) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{seen:?}");
        let events = EventStream::open(address, FEED, &james, last_id.as_deref());
        for event in events.into_iter().flatten() {
            seen.push(event.opid());
            last_id = Some(event.id);
            if seen.last() == Some(&last) {
                break;
            }
        }
        sleep(Duration::from_millis(50));
    }
    seen
}

fn assert_updates_pass(program: &str, arguments: &[&str], configure: Configure) {
    let database = Database::with(Kind::Sqlite, sample_records());
    let service = Service::on(&database.url());
    let Some(mut proxy) = proxy_before(&service, program, arguments, configure) else {
        return;
    };
    let james = token(JAMES, Access::FormalMember);
    let request = format!(
        "GET {FEED}?cursor=end HTTP/1.1\r\nHost: wts\r\nAuthorization: Bearer {james}\r\n\
         Prefer: wait=2\r\nConnection: close\r\n\r\n"
    );
    let begun = Instant::now();
    let response = Response::parse(&send(proxy.address, request.as_bytes()));
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(response.header("preference-applied"), Some("wait=2"));
    assert!(begun.elapsed() >= Duration::from_secs(2));

    let (first, last) = (100, 140);
    let address = proxy.address;
    thread::scope(|scope| {
        let reader = scope.spawn(move || follow(address, last));
        scope.spawn(|| {
            for id in first..=last {
                database.insert(Records {
                    traces: vec![trace_of(123, id, 30_000, "W007", "回访")],
                    ..Records::default()
                });
                sleep(Duration::from_millis(100));
            }
        });
        for _ in 0..2 {
            sleep(Duration::from_millis(1_300));
            proxy.restart();
        }
        let expected: Vec<_> = [1, 2, 3, 5, 9].into_iter().chain(first..=last).collect();
        assert_eq!(reader.join().unwrap(), expected);
    });
}

#[test]
fn updates_pass_nginx_and_resume_when_it_restarts() {
    assert_updates_pass("nginx", &["-e", "stderr", "-c"], nginx);
}

#[test]
fn updates_pass_haproxy_and_resume_when_it_restarts() {
    assert_updates_pass("haproxy", &["-q", "-f"], haproxy);
}
