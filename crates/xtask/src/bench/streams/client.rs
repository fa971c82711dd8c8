//! The clients of the event streams, and the writer of the traces.

use std::{
    collections::HashMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinSet,
    time::interval,
};
use tokio_postgres::NoTls;

use super::FIRST_TICKET;

/// The number of streams that are opened concurrently.
const OPENED_TOGETHER: usize = 50;
/// A prime number, by which consecutive commits are spread over the tickets.
const STEP: u64 = 7_919;
const INSERT: &str = "\
insert into wts.ticket_traces (tid, op, updated_at, remark) values ($1::bigint, 'W007', now(), '已联系同学') \
returning opid::bigint";

/// The first event of a stream that contains a trace.
pub(super) struct Arrival {
    pub(super) trace: i64,
    pub(super) at: Instant,
}

/// Open event streams, which are closed when this value is dropped.
pub(super) struct Streams {
    _clients: JoinSet<()>,
    arrivals: UnboundedReceiver<Arrival>,
}

impl Streams {
    /// Opens a stream for each path and token.
    pub(super) async fn open(address: SocketAddr, requests: Vec<(String, String)>) -> Result<Self> {
        let (sender, arrivals) = unbounded_channel();
        let mut clients = JoinSet::new();
        for requests in requests.chunks(OPENED_TOGETHER) {
            let mut opening = JoinSet::new();
            for (path, token) in requests {
                opening.spawn(open(address, path.clone(), token.clone()));
            }
            while let Some(stream) = opening.join_next().await {
                clients.spawn(follow(stream??, sender.clone()));
            }
        }
        Ok(Self {
            _clients: clients,
            arrivals,
        })
    }

    /// Returns the traces that have arrived since the last call.
    pub(super) fn arrivals(&mut self) -> Vec<Arrival> {
        std::iter::from_fn(|| self.arrivals.try_recv().ok()).collect()
    }
}

async fn open(address: SocketAddr, path: String, token: String) -> Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: wts\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut stream = BufReader::with_capacity(1_024, stream);
    let mut status = String::new();
    stream.read_line(&mut status).await?;
    ensure!(status.contains(" 200 "), "a stream began with {status:?}");
    Ok(stream)
}

/// Reads a stream to its end, and sends the traces that it has not had before.
async fn follow(mut stream: BufReader<TcpStream>, arrivals: UnboundedSender<Arrival>) {
    let mut line = Vec::new();
    let mut last = 0;
    while stream
        .read_until(b'\n', &mut line)
        .await
        .is_ok_and(|length| length > 0)
    {
        let at = Instant::now();
        let text = String::from_utf8_lossy(&line);
        for part in text.split("\"opid\":").skip(1) {
            let digits = part.split(|character: char| !character.is_ascii_digit());
            let trace = digits.into_iter().next().and_then(|id| id.parse().ok());
            if let Some(trace) = trace.filter(|trace| *trace > last) {
                last = trace;
                // The measurement can be over.
                let _ = arrivals.send(Arrival { trace, at });
            }
        }
        line.clear();
    }
}

/// Commits traces of the first tickets. Returns the ids, and the times at which the statements were sent.
pub(super) async fn commit(
    url: &str,
    tickets: u32,
    per_second: u32,
    duration: Duration,
) -> Result<HashMap<i64, Instant>> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    let insert = client.prepare(INSERT).await?;
    let mut interval = interval(Duration::from_secs(1) / per_second);
    let begun = Instant::now();
    let mut commits = HashMap::new();
    let mut number = 0;
    while begun.elapsed() < duration {
        interval.tick().await;
        number += STEP;
        let ticket = u64::from(FIRST_TICKET) + number % u64::from(tickets);
        let ticket = i64::try_from(ticket).context("a ticket number is too large")?;
        let sent = Instant::now();
        let row = client.query_one(&insert, &[&ticket]).await?;
        commits.insert(row.get(0), sent);
    }
    Ok(commits)
}
