//! Overload at four times the capacity: nearly the same goodput as without overload, and a quick 503 for the other
//! requests.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops where it stands"
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

/// The number of tickets: enough that simultaneous requests are rarely for the same one.
const TICKETS: u32 = 4_000;
const FIRST_TICKET: u32 = 10_000;
/// The time after which a client abandons a request.
const PATIENCE: Duration = Duration::from_secs(1);

/// Clients with persistent connections.
struct Clients {
    address: SocketAddr,
    bearer: String,
    idle: Mutex<Vec<TcpStream>>,
    next: AtomicU32,
}

/// The counted outcomes of requests over a period.
#[derive(Debug, Default)]
struct Tally {
    good: u32,
    shed: u32,
    /// Requests with neither a success response nor 503 within a second.
    lost: u32,
    slowest_refusal: Duration,
    seconds: f64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.0} good answers/s, {:.0} refusals/s, slowest {:?}, {} without an answer within {PATIENCE:?}",
            self.goodput(),
            f64::from(self.shed) / self.seconds,
            self.slowest_refusal,
            self.lost
        )
    }
}

impl Tally {
    fn goodput(&self) -> f64 {
        f64::from(self.good) / self.seconds
    }

    fn count(&mut self, status: Option<u16>, took: Duration) {
        match status {
            Some(200) => self.good += 1,
            Some(503) => {
                self.shed += 1;
                self.slowest_refusal = self.slowest_refusal.max(took);
            }
            _ => self.lost += 1,
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

    /// Sends a request and returns the status of the response, if it arrives in time.
    async fn ask(&self) -> Option<u16> {
        timeout(PATIENCE, self.ask_patiently()).await.ok()?
    }

    async fn ask_patiently(&self) -> Option<u16> {
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
        let mut answer = Vec::with_capacity(1_024);
        loop {
            if stream.read_buf(&mut answer).await.ok()? == 0 {
                return None;
            }
            let text = String::from_utf8_lossy(&answer);
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

    /// Runs this number of clients, each of which sends its next request after each response.
    async fn as_fast_as_it_answers(self: &Arc<Self>, clients: usize, lasts: Duration) -> Tally {
        let tally = Arc::new(Mutex::new(Tally::default()));
        let begun = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..clients {
            let (this, tally) = (Arc::clone(self), Arc::clone(&tally));
            tasks.spawn(async move {
                while begun.elapsed() < lasts {
                    let asked = Instant::now();
                    let status = this.ask().await;
                    tally.lock().unwrap().count(status, asked.elapsed());
                }
            });
        }
        tasks.join_all().await;
        finish(tally, begun)
    }

    /// Sends requests at a constant rate, independent of the responses.
    async fn at_a_rate(self: &Arc<Self>, rate: f64, lasts: Duration) -> Tally {
        let tally = Arc::new(Mutex::new(Tally::default()));
        let begun = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0.. {
            let due = begun + Duration::from_secs_f64(f64::from(number) / rate);
            if due - begun > lasts {
                break;
            }
            sleep_until(due.into()).await;
            let (this, tally) = (Arc::clone(self), Arc::clone(&tally));
            tasks.spawn(async move {
                let asked = Instant::now();
                let status = this.ask().await;
                tally.lock().unwrap().count(status, asked.elapsed());
            });
        }
        tasks.join_all().await;
        finish(tally, begun)
    }
}

fn finish(tally: Arc<Mutex<Tally>>, begun: Instant) -> Tally {
    let mut tally = Arc::into_inner(tally)
        .expect("all have ended")
        .into_inner()
        .unwrap();
    tally.seconds = begun.elapsed().as_secs_f64();
    tally
}

/// A database of many tickets with delayed responses, so that the database limits the service, and not the machine, which
/// the clients share.
fn far_database() -> (Database, Proxy) {
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

/// Measures the capacity with this number of clients, and the outcomes at four times that rate.
fn capacity_and_overload(
    clients: usize,
    settings: &[(&str, &str)],
    lasts: Duration,
) -> (Tally, Tally) {
    let (database, proxy) = far_database();
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
        // Until the service is connected.
        while all.ask().await != Some(200) {}
        let capacity = all.as_fast_as_it_answers(clients, lasts).await;
        let overload = all.at_a_rate(4.0 * capacity.goodput(), lasts).await;
        (capacity, overload)
    })
}

#[test]
fn four_times_the_capacity_keeps_goodput_and_sheds_the_rest() {
    // Few concurrent requests, so that the database is the bottleneck even on a busy machine.
    let few = [("WTS_MAX_IN_FLIGHT", "16")];
    let (capacity, overload) = capacity_and_overload(16, &few, Duration::from_secs(3));
    // `cargo xtask faults` measures it.
    assert!(
        overload.goodput() > 0.6 * capacity.goodput(),
        "{capacity}; {overload}"
    );
    assert!(overload.shed > overload.good, "{overload}");
    assert!(overload.lost < overload.shed / 10, "{overload}");
}

#[test]
#[ignore = "for `cargo xtask faults`"]
#[expect(clippy::print_stdout, reason = "what `cargo xtask faults` has to say")]
fn goodput_at_four_times_the_capacity() {
    let few: &[_] = &[("WTS_MAX_IN_FLIGHT", "16")];
    // With the defaults, the clients on the same machine can be the bottleneck.
    for (name, clients, settings, least) in
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
        assert!(ratio > least, "{ratio}");
    }
}
