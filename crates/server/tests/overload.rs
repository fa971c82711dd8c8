//! Tests of overload: at four times the capacity, goodput is nearly as high as without overload, and the other requests
//! get 503 quickly.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep_until, timeout},
};
use wts_domain::Access;
use wts_testkit::{BOB, Database, Fault, Kind, Proxy, sample_records, ticket_of};

use crate::support::{Service, token};

/// The number of tickets. It is so large that simultaneous requests are rarely for the same ticket.
const TICKETS: u32 = 4_000;
const FIRST_TICKET: u32 = 10_000;
/// The time after which a client abandons a request.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(1);

/// Clients with persistent connections.
struct Clients {
    address: SocketAddr,
    bearer: String,
    idle: Mutex<Vec<TcpStream>>,
    next: AtomicU32,
}

/// The numbers of requests by outcome, counted over a period.
#[derive(Debug, Default)]
struct RequestCounts {
    succeeded: u32,
    shed: u32,
    /// The number of requests without a response of status 200 or 503 within a second.
    unanswered: u32,
    slowest_rejection: Duration,
    seconds: f64,
}

impl fmt::Display for RequestCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.0} success responses/s, {:.0} rejections/s, slowest rejection {:?}, {} without a response within {CLIENT_TIMEOUT:?}",
            self.goodput(),
            f64::from(self.shed) / self.seconds,
            self.slowest_rejection,
            self.unanswered
        )
    }
}

impl RequestCounts {
    fn goodput(&self) -> f64 {
        f64::from(self.succeeded) / self.seconds
    }

    fn count(&mut self, status: Option<u16>, took: Duration) {
        match status {
            Some(200) => self.succeeded += 1,
            Some(503) => {
                self.shed += 1;
                self.slowest_rejection = self.slowest_rejection.max(took);
            }
            _ => self.unanswered += 1,
        }
    }
}

impl Clients {
    fn of(service: &Service) -> Arc<Self> {
        Arc::new(Self {
            address: service.address(),
            bearer: token("", Access::Dev),
            idle: Mutex::default(),
            next: AtomicU32::new(0),
        })
    }

    /// Sends a request. Returns the status of the response, or `None` if it does not arrive in time.
    async fn request(&self) -> Option<u16> {
        timeout(CLIENT_TIMEOUT, self.request_without_timeout())
            .await
            .ok()?
    }

    async fn request_without_timeout(&self) -> Option<u16> {
        let idle = self.idle.lock().unwrap().pop();
        let mut stream = match idle {
            Some(stream) => stream,
            None => TcpStream::connect(self.address).await.ok()?,
        };
        let number = FIRST_TICKET + self.next.fetch_add(1, Relaxed) % TICKETS;
        let request = format!(
            "GET /api/v3/get_traces?tid={number} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
            self.bearer
        );
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut response = Vec::with_capacity(1_024);
        loop {
            if stream.read_buf(&mut response).await.ok()? == 0 {
                return None;
            }
            let text = String::from_utf8_lossy(&response);
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length: usize = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())?;
            if body.len() >= length {
                let status = head.get(9..12)?.parse().ok();
                if !head.contains("connection: close") {
                    self.idle.lock().unwrap().push(stream);
                }
                return status;
            }
        }
    }

    /// Runs this number of clients. Each client sends a request as soon as it has the response to the preceding one.
    async fn run_closed_loop(
        self: &Arc<Self>,
        clients: usize,
        duration: Duration,
    ) -> RequestCounts {
        let counts = Arc::new(Mutex::new(RequestCounts::default()));
        let begun = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..clients {
            let (this, counts) = (Arc::clone(self), Arc::clone(&counts));
            tasks.spawn(async move {
                while begun.elapsed() < duration {
                    let started = Instant::now();
                    let status = this.request().await;
                    counts.lock().unwrap().count(status, started.elapsed());
                }
            });
        }
        tasks.join_all().await;
        finish(counts, begun)
    }

    /// Sends requests at a constant rate, independent of the responses.
    async fn run_at_rate(self: &Arc<Self>, rate: f64, duration: Duration) -> RequestCounts {
        let counts = Arc::new(Mutex::new(RequestCounts::default()));
        let begun = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0.. {
            let due = begun + Duration::from_secs_f64(f64::from(number) / rate);
            if due - begun > duration {
                break;
            }
            sleep_until(due.into()).await;
            let (this, counts) = (Arc::clone(self), Arc::clone(&counts));
            tasks.spawn(async move {
                let started = Instant::now();
                let status = this.request().await;
                counts.lock().unwrap().count(status, started.elapsed());
            });
        }
        tasks.join_all().await;
        finish(counts, begun)
    }
}

fn finish(counts: Arc<Mutex<RequestCounts>>, begun: Instant) -> RequestCounts {
    let mut counts = Arc::into_inner(counts)
        .expect("all have ended")
        .into_inner()
        .unwrap();
    counts.seconds = begun.elapsed().as_secs_f64();
    counts
}

/// Returns a database of many tickets whose responses are delayed, so that the database limits the throughput, and not
/// the machine, on which the clients run too.
fn distant_database() -> (Database, Proxy) {
    let mut records = sample_records();
    records.tickets = (FIRST_TICKET..FIRST_TICKET + TICKETS)
        .map(|number| ticket_of(number.into(), BOB))
        .collect();
    records.traces.clear();
    let database = Database::with(Kind::Postgres, records);
    let proxy = Proxy::before(&database.url());
    proxy.set(Fault::Slow(Duration::from_millis(25)));
    (database, proxy)
}

/// Measures the capacity with this number of clients, and then the outcomes at four times this rate.
fn capacity_and_overload(
    clients: usize,
    settings: &[(&str, &str)],
    duration: Duration,
) -> (RequestCounts, RequestCounts) {
    let (database, proxy) = distant_database();
    let mut environment = vec![
        ("WTS_DATABASE_CONNECTIONS", "1"),
        ("WTS_LOG", "error,wts=info"),
    ];
    environment.extend(settings);
    let url = format!("{}?connect_timeout=10", proxy.url(&database.url()));
    let service = Service::with(&url, &environment);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let all = Clients::of(&service);
        // The loop ends when the service has connected to the database.
        while all.request().await != Some(200) {}
        let capacity = all.run_closed_loop(clients, duration).await;
        let overload = all.run_at_rate(4.0 * capacity.goodput(), duration).await;
        (capacity, overload)
    })
}

#[test]
fn four_times_the_capacity_keeps_goodput_and_sheds_the_rest() {
    // With few concurrent requests, the database is the bottleneck even on a busy machine.
    let few = [("WTS_MAX_IN_FLIGHT", "16")];
    let (capacity, overload) = capacity_and_overload(16, &few, Duration::from_secs(3));
    // The limit is low, because the machine can be busy. `cargo xtask faults` measures the goodput.
    assert!(
        overload.goodput() > 0.6 * capacity.goodput(),
        "{capacity}; {overload}"
    );
    assert!(overload.shed > overload.succeeded, "{overload}");
    assert!(overload.unanswered < overload.shed / 10, "{overload}");
}

#[test]
#[ignore = "for `cargo xtask faults`"]
#[expect(clippy::print_stdout, reason = "the output of `cargo xtask faults`")]
fn goodput_at_four_times_the_capacity() {
    let few: &[_] = &[("WTS_MAX_IN_FLIGHT", "16")];
    // With the defaults, the clients on the same machine can be the bottleneck.
    for (name, clients, settings, minimum) in
        [("16 in flight", 16, few, 0.8), ("defaults", 192, &[], 0.0)]
    {
        let (capacity, overload) =
            capacity_and_overload(clients, settings, Duration::from_secs(10));
        let ratio = overload.goodput() / capacity.goodput();
        println!("{name}, capacity: {capacity}");
        println!("{name}, at four times: {overload}");
        println!(
            "{name}, goodput at four times the capacity: {:.0} %",
            100.0 * ratio
        );
        assert!(ratio > minimum, "{ratio}");
    }
}
