//! A rank comes in the same round trip as the history that it decides about.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops where it stands"
)]

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::Notify,
};
use tokio_postgres::config::Host;
use wts_adapter_db::connect;
use wts_app::FoundHistory;
use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, campus, query_with_rank};

/// What stands between, and lets nothing come back from the server before so many questions have gone there.
#[derive(Default)]
struct Between {
    holds: AtomicBool,
    questions: AtomicUsize,
    asked: Notify,
}

impl Between {
    /// Passes on what the client says, and counts the questions in it: each ends with a `Sync`.
    async fn there(&self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let mut seen = Vec::new();
        let mut is_started = false;
        loop {
            let mut bytes = [0; 4096];
            let Ok(read @ 1..) = from.read(&mut bytes).await else {
                return;
            };
            seen.extend_from_slice(&bytes[..read]);
            // The first message has no type.
            while let Some((kind, length)) = message(&seen, is_started) {
                is_started = true;
                if kind == b'S' && self.holds.load(SeqCst) {
                    self.questions.fetch_add(1, SeqCst);
                    self.asked.notify_waiters();
                }
                drop(seen.drain(..length));
            }
            if to.write_all(&bytes[..read]).await.is_err() {
                return;
            }
        }
    }

    async fn back(&self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        loop {
            let mut bytes = [0; 4096];
            let Ok(read @ 1..) = from.read(&mut bytes).await else {
                return;
            };
            while self.holds.load(SeqCst) {
                let asked = self.asked.notified();
                if self.questions.load(SeqCst) >= 2 {
                    break;
                }
                asked.await;
            }
            if to.write_all(&bytes[..read]).await.is_err() {
                return;
            }
        }
    }
}

/// The type and the length of the message that begins here, if all of it is there.
fn message(bytes: &[u8], has_type: bool) -> Option<(u8, usize)> {
    let at = usize::from(has_type);
    let length = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
    let length = at + usize::try_from(length).ok()?;
    (bytes.len() >= length).then(|| (if has_type { bytes[0] } else { 0 }, length))
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

async fn reach(upstream: &tokio_postgres::Config) -> Box<dyn Stream> {
    let port = *upstream.get_ports().first().unwrap();
    match upstream.get_hosts().first().unwrap() {
        Host::Tcp(host) => Box::new(TcpStream::connect((host.as_str(), port)).await.unwrap()),
        Host::Unix(directory) => {
            let socket = directory.join(format!(".s.PGSQL.{port}"));
            Box::new(UnixStream::connect(socket).await.unwrap())
        }
    }
}

#[tokio::test]
async fn a_rank_is_asked_for_before_the_history_has_come_back() {
    for kind in [Kind::Postgres, Kind::WtsV3] {
        let database = Database::with(kind, campus());
        let upstream: Arc<tokio_postgres::Config> = Arc::new(database.url().parse().unwrap());
        let between = Arc::new(Between::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let passing = Arc::clone(&between);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (between, upstream) = (Arc::clone(&passing), Arc::clone(&upstream));
                tokio::spawn(async move {
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) = tokio::io::split(reach(&upstream).await);
                    tokio::join!(
                        between.there(from_client, to_server),
                        between.back(from_server, to_client)
                    )
                });
            }
        });
        let url = database.url();
        let (login, rest) = url.split_once('@').unwrap();
        let (_, name) = rest.split_once('/').unwrap();
        let histories = connect(&format!("{login}@{address}/{name}").parse().unwrap())
            .await
            .unwrap();
        let query = query_with_rank(123, ALICE);
        // The statements are prepared.
        histories.find(&query).await.unwrap();

        between.holds.store(true, SeqCst);
        let FoundHistory { history, rank } = histories.find(&query).await.unwrap();

        assert_eq!((history.is_some(), rank), (true, Some(Access::User)));
        assert!(between.questions.load(SeqCst) >= 2);
    }
}
