//! Clients that send requests during a fault and check every response.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{
    fmt,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use wts_domain::Access;

use crate::support::{Response, Service, get, token, wait_until};

/// The maximum response time and recovery time on a busy machine. The documented limits are 3 s and 1 s, which
/// `cargo xtask faults` checks.
const SLOWEST: Duration = Duration::from_secs(6);
const RECOVERY: Duration = Duration::from_secs(6);
const CLIENTS: usize = 8;

/// Clients of a service that serves the sample data of the tests.
pub(crate) struct Clients {
    address: SocketAddr,
    operations: SocketAddr,
    bearer: String,
}

/// The results of the requests so far. All clients share them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Results {
    pub(crate) succeeded: usize,
    pub(crate) failures: usize,
    pub(crate) became_unready: bool,
    slowest: Duration,
}

/// The outcome of a fault.
pub(crate) struct Outcome {
    pub(crate) results: Results,
    pub(crate) slowest: Duration,
    /// The time from the end of the fault to the first success response to a later request.
    pub(crate) recovery: Duration,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            results,
            slowest,
            recovery,
        } = self;
        write!(
            f,
            "{} succeeded, {} failed, slowest {slowest:?}, succeeded again after {recovery:?}, unready meanwhile: {}",
            results.succeeded, results.failures, results.became_unready
        )
    }
}

/// Prints the outcome of a fault as a line of a table.
#[expect(clippy::print_stdout, reason = "the output of `cargo xtask faults`")]
pub(crate) fn print(fault: &str, outcome: &Outcome) {
    println!("{fault:>24}: {outcome}");
}

/// The connection of a client, which is kept alive or is opened for every request.
struct Connection {
    is_kept: bool,
    idle: Option<TcpStream>,
}

impl Connection {
    fn new(is_kept: bool) -> Self {
        Self {
            is_kept,
            idle: None,
        }
    }

    /// Sends a request and returns the response.
    fn exchange(&mut self, address: SocketAddr, request: &[u8]) -> Vec<u8> {
        // The service may have closed an idle connection.
        if let Some(mut stream) = self.idle.take()
            && let Some(response) = Self::response(&mut stream, request)
        {
            self.idle = Some(stream);
            return response;
        }
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(2 * SLOWEST)).unwrap();
        let response = Self::response(&mut stream, request).expect("every request gets a response");
        self.idle = Some(stream).filter(|_| self.is_kept);
        response
    }

    /// Sends a request and returns the complete response, or `None` if the connection was closed before the response.
    fn response(stream: &mut TcpStream, request: &[u8]) -> Option<Vec<u8>> {
        stream.write_all(request).ok()?;
        let mut response = Vec::new();
        let mut bytes = [0; 4_096];
        loop {
            let read = stream.read(&mut bytes);
            match read.map(|read| bytes.get(..read).unwrap_or_default()) {
                Ok(&[]) | Err(_) if response.is_empty() => return None,
                Ok(&[]) | Err(_) => panic!(
                    "an incomplete response: {}",
                    String::from_utf8_lossy(&response)
                ),
                Ok(piece) => response.extend_from_slice(piece),
            }
            let text = String::from_utf8_lossy(&response);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let mut lines = head.lines();
                let length = lines.find_map(|line| line.strip_prefix("content-length: "));
                if body.len() >= length.unwrap().parse().unwrap() {
                    return Some(response);
                }
            }
        }
    }
}

impl Clients {
    pub(crate) fn of(service: &mut Service) -> Self {
        let clients = Self {
            address: service.address(),
            operations: service.operations(),
            bearer: token("", Access::Dev),
        };
        // This is a sufficient number of requests for every thread of the service to connect to the database.
        for number in 0..3 * CLIENTS {
            assert!(
                clients.request(number),
                "a request before the fault succeeds"
            );
        }
        clients
    }

    /// Requests one of the tickets over a new connection, and returns whether the request succeeded.
    fn request(&self, number: usize) -> bool {
        self.request_over(&mut Connection::new(false), number)
    }

    /// Requests one of the tickets, checks the response, and returns whether the request succeeded.
    fn request_over(&self, connection: &mut Connection, number: usize) -> bool {
        const HISTORIES: [(u32, &[i64]); 3] = [(123, &[1, 3]), (124, &[9, 2, 5]), (125, &[])];
        let Some((ticket, opids)) = HISTORIES.get(number % HISTORIES.len()) else {
            return false;
        };
        let request = format!(
            "GET /api/v3/get_traces?tid={ticket} HTTP/1.1\r\nHost: a\r\n{}Authorization: Bearer {}\r\n\r\n",
            if connection.is_kept {
                ""
            } else {
                "Connection: close\r\n"
            },
            self.bearer
        );
        let response = Response::parse(&connection.exchange(self.address, request.as_bytes()));
        match response.status {
            200 => assert_eq!(response.opids(), *opids, "a wrong response"),
            500 => assert_eq!(
                response.body,
                r#"{"success":false,"msg":"system met a uncaught error,please view logs.","errType":1}"#
            ),
            503 => {
                assert_eq!(response.header("retry-after"), Some("1"));
                assert!(
                    response.body.ends_with(r#""errType":1}"#),
                    "{}",
                    response.body
                );
            }
            other => panic!("{other}: {}", response.body),
        }
        response.status == 200
    }

    /// Sends requests while a fault is injected, until `is_complete` returns `true` and the service has recovered.
    pub(crate) fn run_during(
        &self,
        inject: impl FnOnce(),
        is_complete: impl Fn(&Results) -> bool,
        remove: impl FnOnce(),
    ) -> Outcome {
        let is_finished = AtomicBool::new(false);
        let results = Mutex::new(Results::default());
        let recovery = thread::scope(|scope| {
            // The guard also stops the clients if an assertion fails; otherwise they would never end.
            let end_guard = EndOnDrop(&is_finished);
            for client in 0..CLIENTS {
                let (is_finished, results) = (&is_finished, &results);
                scope.spawn(move || {
                    let mut connection = Connection::new(client % 2 == 0);
                    for number in client.. {
                        if is_finished.load(SeqCst) {
                            break;
                        }
                        let begun = Instant::now();
                        let succeeded = self.request_over(&mut connection, number);
                        let mut results = results.lock().unwrap();
                        results.succeeded += usize::from(succeeded);
                        results.failures += usize::from(!succeeded);
                        results.slowest = results.slowest.max(begun.elapsed());
                    }
                });
            }
            scope.spawn(|| {
                while !is_finished.load(SeqCst) {
                    if get(self.operations, "/readyz").status == 503 {
                        results.lock().unwrap().became_unready = true;
                    }
                    thread::sleep(Duration::from_millis(50));
                }
            });
            inject();
            wait_until("the results are complete", || {
                let results = *results.lock().unwrap();
                is_complete(&results)
            });
            remove();
            let recovering_since = Instant::now();
            while !self.request(0) {
                assert!(
                    recovering_since.elapsed() < RECOVERY,
                    "requests do not succeed again"
                );
                thread::sleep(Duration::from_millis(10));
            }
            let recovery = recovering_since.elapsed();
            while get(self.operations, "/readyz").status != 200 {
                assert!(
                    recovering_since.elapsed() < RECOVERY,
                    "requests succeed, but /readyz does not return 200"
                );
            }
            drop(end_guard);
            recovery
        });
        for number in 0..3 * CLIENTS {
            assert!(
                self.request(number),
                "a request after the recovery succeeds"
            );
        }
        let results = results.into_inner().unwrap();
        let slowest = results.slowest;
        assert!(slowest < SLOWEST, "a response took {slowest:?}");
        Outcome {
            results,
            slowest,
            recovery,
        }
    }
}

/// A guard that stops the clients when it is dropped.
struct EndOnDrop<'a>(&'a AtomicBool);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}
