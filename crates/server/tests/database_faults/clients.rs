//! Clients who check every answer.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where it stands"
)]

use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use wts_domain::Access;

use crate::support::{Answer, Service, get, send, token};

/// How long any answer may take, and how soon there have to be good ones, on a busy machine. What is promised is 3 s and
/// 1 s; `cargo xtask faults` holds the service to that.
const SLOWEST: Duration = Duration::from_secs(6);
const RECOVERY: Duration = Duration::from_secs(6);
const CLIENTS: usize = 8;

/// Clients of a service with the tests' campus behind it.
pub(crate) struct Clients {
    address: SocketAddr,
    operations: SocketAddr,
    bearer: String,
}

/// What they saw.
pub(crate) struct Outcome {
    pub(crate) good: usize,
    pub(crate) failures: usize,
    pub(crate) slowest: Duration,
    /// From the fault's end to the first good answer to a request that was sent after it.
    pub(crate) recovery: Duration,
    pub(crate) became_unready: bool,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            good,
            failures,
            slowest,
            recovery,
            became_unready,
        } = self;
        write!(
            f,
            "{good} good, {failures} failed, slowest {slowest:?}, good again after {recovery:?}, \
             unready meanwhile: {became_unready}"
        )
    }
}

/// Prints a line of a table.
#[expect(clippy::print_stdout, reason = "what `cargo xtask faults` has to say")]
pub(crate) fn print(fault: &str, outcome: &Outcome) {
    println!("{fault:>24}: {outcome}");
}

impl Clients {
    pub(crate) fn of(service: &mut Service) -> Self {
        let clients = Self {
            address: service.address(),
            operations: service.operations(),
            bearer: token("", Access::Dev),
        };
        assert!(clients.ask(0), "it is well before");
        clients
    }

    /// Asks for one ticket or another. Says whether the answer was good, and checks that it was an answer.
    fn ask(&self, number: usize) -> bool {
        const HISTORIES: [(u32, &[i64]); 3] = [(123, &[1, 3]), (124, &[9, 2, 5]), (125, &[])];
        let Some((ticket, opids)) = HISTORIES.get(number % HISTORIES.len()) else {
            return false;
        };
        let request = format!(
            "GET /api/v3/get_traces?tid={ticket} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
             Authorization: Bearer {}\r\n\r\n",
            self.bearer
        );
        let answer = Answer::parse(&send(self.address, request.as_bytes()));
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

    /// Asks on and on while `happen` goes on, and after `cease` until all is well again.
    pub(crate) fn see(&self, happen: impl FnOnce() + Send, cease: impl FnOnce()) -> Outcome {
        let over = AtomicBool::new(false);
        let answers = Mutex::new(Vec::new());
        let unready = AtomicBool::new(false);
        let recovery = thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (over, answers) = (&over, &answers);
                scope.spawn(move || {
                    for number in client.. {
                        if over.load(SeqCst) {
                            break;
                        }
                        let begun = Instant::now();
                        let good = self.ask(number);
                        answers.lock().unwrap().push((good, begun.elapsed()));
                    }
                });
            }
            scope.spawn(|| {
                while !over.load(SeqCst) {
                    if get(self.operations, "/readyz").status == 503 {
                        unready.store(true, SeqCst);
                    }
                    thread::sleep(Duration::from_millis(50));
                }
            });
            happen();
            cease();
            let back = Instant::now();
            while !self.ask(0) {
                assert!(back.elapsed() < RECOVERY, "it does not recover");
                thread::sleep(Duration::from_millis(10));
            }
            let recovery = back.elapsed();
            while get(self.operations, "/readyz").status != 200 {
                assert!(back.elapsed() < RECOVERY, "it is well and does not say so");
            }
            over.store(true, SeqCst);
            recovery
        });
        for number in 0..3 * CLIENTS {
            assert!(self.ask(number), "a failure remembered");
        }
        let answers = answers.into_inner().unwrap();
        let slowest = answers
            .iter()
            .map(|(_, took)| *took)
            .max()
            .unwrap_or_default();
        assert!(slowest < SLOWEST, "an answer took {slowest:?}");
        Outcome {
            good: answers.iter().filter(|(good, _)| *good).count(),
            failures: answers.iter().filter(|(good, _)| !*good).count(),
            slowest,
            recovery,
            became_unready: unready.into_inner(),
        }
    }
}
