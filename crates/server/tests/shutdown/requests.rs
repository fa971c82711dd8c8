//! Tests that a graceful shutdown loses no request that was sent before the signal.

use std::{
    net::{SocketAddr, TcpStream},
    sync::{
        RwLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use wts_domain::Access;
use wts_testkit::{ALICE, Database, Fault, Kind, Proxy, sample_records};

use crate::{
    receive, send, slow,
    support::{Service, token, wait_until},
};

/// Sends batches of `at_a_time` pipelined requests until `stopped` is set, and counts the responses. It holds the read lock
/// while it checks the flag and sends a batch, so that no request follows the shutdown signal.
fn send_until_stopped(
    address: SocketAddr,
    bearer: &str,
    at_a_time: usize,
    (stopped, answered): (&RwLock<bool>, &AtomicUsize),
) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    loop {
        {
            let stopped = stopped.read().unwrap();
            if *stopped {
                return;
            }
            for _ in 0..at_a_time {
                assert!(send(&mut stream, bearer));
            }
        }
        for _ in 0..at_a_time {
            let head = receive(&mut stream).expect("no request is lost");
            assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
            answered.fetch_add(1, Relaxed);
            // Clients must repeat the remaining pipelined requests (RFC 9112 9.3.2).
            if head.contains("connection: close") {
                return;
            }
        }
    }
}

#[test]
fn request_sent_before_the_signal_is_not_lost() {
    let database = Database::with(Kind::Postgres, sample_records());
    let proxy = Proxy::before(&database.url());
    let url = proxy.url(&database.url());
    let service = Service::with(&url, &slow(&[("WTS_KEEP_ALIVE", "1h")]));
    let (address, bearer) = (service.address(), token(ALICE, Access::User));
    let (stopped, answered) = (RwLock::new(false), AtomicUsize::new(0));

    thread::scope(|scope| {
        // Half of the clients pipeline several requests, so that unread requests are always in the socket buffers.
        for at_a_time in [1, 4].repeat(8) {
            let (bearer, state) = (&bearer, (&stopped, &answered));
            scope.spawn(move || send_until_stopped(address, bearer, at_a_time, state));
        }
        wait_until("connected", || answered.load(Relaxed) >= 100);
        // The responses of the database are delayed, so that every client waits for a response when the signal arrives.
        proxy.set(Fault::Slow(Duration::from_millis(25)));
        wait_until("under load", || answered.load(Relaxed) >= 300);
        let mut stopped = stopped.write().unwrap();
        *stopped = true;
        service.signal("TERM");
    });

    let (status, log) = service.ended();
    assert!(status.success(), "{log}");
}

#[test]
fn unread_request_on_an_idle_connection_gets_a_response() {
    let database = Database::with(Kind::Sqlite, sample_records());
    for _ in 0..20 {
        let service = Service::with(&database.url(), &[("WTS_KEEP_ALIVE", "1h")]);
        let bearer = token(ALICE, Access::User);
        let mut idle: Vec<_> = (0..8)
            .map(|_| {
                let mut stream = TcpStream::connect(service.address()).unwrap();
                stream
                    .set_read_timeout(Some(Duration::from_secs(30)))
                    .unwrap();
                assert!(send(&mut stream, &bearer) && receive(&mut stream).is_some());
                stream
            })
            .collect();
        let mut new: Vec<_> = (0..8)
            .map(|_| TcpStream::connect(service.address()).unwrap())
            .collect();

        for stream in idle.iter_mut().chain(&mut new) {
            assert!(send(stream, &bearer));
        }
        service.signal("TERM");

        for stream in idle.iter_mut().chain(&mut new) {
            let head = receive(stream).expect("a response");
            assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        }
        let (status, log) = service.ended();
        assert!(status.success(), "{log}");
    }
}
