//! Clients that check every response.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where it stands"
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

use crate::support::{Answer, Service, get, token, wait_until};

/// The limits of the response time and of the recovery time on a busy machine. The documented limits are 3 s and 1 s;
/// `cargo xtask faults` checks those.
const SLOWEST: Duration = Duration::from_secs(6);
const RECOVERY: Duration = Duration::from_secs(6);
const CLIENTS: usize = 8;

/// Clients of a service with the sample data of the tests.
pub(crate) struct Clients {
    address: SocketAddr,
    operations: SocketAddr,
    bearer: String,
}

/// The results so far, shared by the clients.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    pub(crate) good: usize,
    pub(crate) failures: usize,
    pub(crate) became_unready: bool,
    slowest: Duration,
}

/// The results of all clients.
pub(crate) struct Outcome {
    pub(crate) seen: Seen,
    pub(crate) slowest: Duration,
    /// The time from the end of the fault to the first success response to a later request.
    pub(crate) recovery: Duration,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seen,
            slowest,
            recovery,
        } = self;
        write!(
            f,
            "{} good, {} failed, slowest {slowest:?}, good again after {recovery:?}, unready meanwhile: {}",
            seen.good, seen.failures, seen.became_unready
        )
    }
}

/// Prints a line of a table.
#[expect(clippy::print_stdout, reason = "what `cargo xtask faults` has to say")]
pub(crate) fn print(fault: &str, outcome: &Outcome) {
    println!("{fault:>24}: {outcome}");
}

/// A client's connection, kept alive or opened for every request.
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
            && let Some(answer) = Self::answer(&mut stream, request)
        {
            self.idle = Some(stream);
            return answer;
        }
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(2 * SLOWEST)).unwrap();
        let answer = Self::answer(&mut stream, request).expect("every request is answered");
        self.idle = Some(stream).filter(|_| self.is_kept);
        answer
    }

    /// Reads a whole response; `None` if the connection was closed before it began.
    fn answer(stream: &mut TcpStream, request: &[u8]) -> Option<Vec<u8>> {
        stream.write_all(request).ok()?;
        let mut answer = Vec::new();
        let mut bytes = [0; 4_096];
        loop {
            let read = stream.read(&mut bytes);
            match read.map(|read| bytes.get(..read).unwrap_or_default()) {
                Ok(&[]) | Err(_) if answer.is_empty() => return None,
                Ok(&[]) | Err(_) => panic!("half an answer: {}", String::from_utf8_lossy(&answer)),
                Ok(piece) => answer.extend_from_slice(piece),
            }
            let text = String::from_utf8_lossy(&answer);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let mut lines = head.lines();
                let length = lines.find_map(|line| line.strip_prefix("content-length: "));
                if body.len() >= length.unwrap().parse().unwrap() {
                    return Some(answer);
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
        // Often enough that every thread of the service has connected.
        for number in 0..3 * CLIENTS {
            assert!(clients.ask(number), "it is well before");
        }
        clients
    }

    /// Requests one of the tickets once.
    fn ask(&self, number: usize) -> bool {
        self.ask_over(&mut Connection::new(false), number)
    }

    /// Requests one of the tickets, checks the response, and returns whether it was a success response.
    fn ask_over(&self, connection: &mut Connection, number: usize) -> bool {
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
        let answer = Answer::parse(&connection.exchange(self.address, request.as_bytes()));
        match answer.status {
            200 => assert_eq!(answer.opids(), *opids, "a wrong answer"),
            500 => assert_eq!(
                answer.body,
                r#"{"success":false,"msg":"system met a uncaught error,please view logs.","errType":1}"#
            ),
            503 => {
                assert_eq!(answer.header("retry-after"), Some("1"));
                assert!(answer.body.ends_with(r#""errType":1}"#), "{}", answer.body);
            }
            other => panic!("{other}: {}", answer.body),
        }
        answer.status == 200
    }

    /// Sends requests from the beginning of a fault until enough are recorded and the service has recovered.
    pub(crate) fn see(
        &self,
        cause: impl FnOnce(),
        enough: impl Fn(&Seen) -> bool,
        cure: impl FnOnce(),
    ) -> Outcome {
        let over = AtomicBool::new(false);
        let seen = Mutex::new(Seen::default());
        let recovery = thread::scope(|scope| {
            // Also if an assertion fails; otherwise the clients would never end.
            let until_the_end = EndOnDrop(&over);
            for client in 0..CLIENTS {
                let (over, seen) = (&over, &seen);
                scope.spawn(move || {
                    let mut connection = Connection::new(client % 2 == 0);
                    for number in client.. {
                        if over.load(SeqCst) {
                            break;
                        }
                        let begun = Instant::now();
                        let good = self.ask_over(&mut connection, number);
                        let mut seen = seen.lock().unwrap();
                        seen.good += usize::from(good);
                        seen.failures += usize::from(!good);
                        seen.slowest = seen.slowest.max(begun.elapsed());
                    }
                });
            }
            scope.spawn(|| {
                while !over.load(SeqCst) {
                    if get(self.operations, "/readyz").status == 503 {
                        seen.lock().unwrap().became_unready = true;
                    }
                    thread::sleep(Duration::from_millis(50));
                }
            });
            cause();
            wait_until("enough", || {
                let seen = *seen.lock().unwrap();
                enough(&seen)
            });
            cure();
            let back = Instant::now();
            while !self.ask(0) {
                assert!(back.elapsed() < RECOVERY, "it does not recover");
                thread::sleep(Duration::from_millis(10));
            }
            let recovery = back.elapsed();
            while get(self.operations, "/readyz").status != 200 {
                assert!(back.elapsed() < RECOVERY, "it is well and does not say so");
            }
            drop(until_the_end);
            recovery
        });
        for number in 0..3 * CLIENTS {
            assert!(self.ask(number), "a failure remembered");
        }
        let seen = seen.into_inner().unwrap();
        let slowest = seen.slowest;
        assert!(slowest < SLOWEST, "an answer took {slowest:?}");
        Outcome {
            seen,
            slowest,
            recovery,
        }
    }
}

/// Ends the clients when it is dropped.
struct EndOnDrop<'a>(&'a AtomicBool);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}
