//! No request that was sent before the end is lost.

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
use wts_testkit::{ALICE, Database, Fault, Kind, Proxy, campus};

use crate::{
    receive, send, slow,
    support::{Service, token, wait_until},
};

/// Sends so many requests at a time, again and again until told to stop, and counts those that are answered. Nobody is told
/// between a client's look at that and its request, so that every request is sent before.
fn ask_until_told(
    address: SocketAddr,
    bearer: &str,
    at_a_time: usize,
    (told, answered): (&RwLock<bool>, &AtomicUsize),
) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    loop {
        {
            let told = told.read().unwrap();
            if *told {
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
            // What was sent behind this one is sent again by any client (RFC 9112 9.3.2).
            if head.contains("connection: close") {
                return;
            }
        }
    }
}

#[test]
fn no_request_is_lost_that_was_sent_before_the_signal() {
    let database = Database::with(Kind::Postgres, campus());
    let proxy = Proxy::before(&database.url());
    let url = proxy.url(&database.url());
    let service = Service::with(&url, &slow(&[("WTS_KEEP_ALIVE", "1h")]));
    let (address, bearer) = (service.address(), token(ALICE, Access::User));
    let (told, answered) = (RwLock::new(false), AtomicUsize::new(0));

    thread::scope(|scope| {
        // Half of them send several at a time, so that some always wait in the socket.
        for at_a_time in [1, 4].repeat(8) {
            let (bearer, state) = (&bearer, (&told, &answered));
            scope.spawn(move || ask_until_told(address, bearer, at_a_time, state));
        }
        wait_until("connected", || answered.load(Relaxed) >= 100);
        // The database answers a while after it was asked, so that every client waits when the signal comes.
        proxy.set(Fault::Slow(Duration::from_millis(25)));
        wait_until("under load", || answered.load(Relaxed) >= 300);
        let mut told = told.write().unwrap();
        *told = true;
        service.signal("TERM");
    });

    let (status, log) = service.ended();
    assert!(status.success(), "{log}");
}

#[test]
fn a_request_that_lies_unread_on_an_idle_connection_is_answered() {
    let database = Database::with(Kind::Sqlite, campus());
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
            let head = receive(stream).expect("an answer");
            assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        }
        let (status, log) = service.ended();
        assert!(status.success(), "{log}");
    }
}
