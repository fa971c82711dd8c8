//! Tests that a history and a rank are read in one round trip.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    sync::Notify,
};
use wts_adapter_db::connect;
use wts_app::FoundHistory;
use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, query_with_rank, sample_records};

use crate::connect_upstream;

/// A proxy in front of PostgreSQL. While `holds_responses` is set, no response is forwarded before two queries have
/// been sent.
#[derive(Default)]
struct Proxy {
    holds_responses: AtomicBool,
    queries: AtomicUsize,
    sent: Notify,
}

impl Proxy {
    /// Forwards the requests of the client and counts the queries, each of which ends with a `Sync` message.
    async fn forward_requests(
        &self,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) {
        let mut received = Vec::new();
        let mut is_started = false;
        loop {
            let mut bytes = [0; 4096];
            let Ok(read @ 1..) = from.read(&mut bytes).await else {
                return;
            };
            received.extend_from_slice(&bytes[..read]);
            // The startup message has no type byte.
            while let Some((kind, length)) = message(&received, is_started) {
                is_started = true;
                if kind == b'S' && self.holds_responses.load(SeqCst) {
                    self.queries.fetch_add(1, SeqCst);
                    self.sent.notify_waiters();
                }
                drop(received.drain(..length));
            }
            if to.write_all(&bytes[..read]).await.is_err() {
                return;
            }
        }
    }

    async fn forward_responses(
        &self,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) {
        loop {
            let mut bytes = [0; 4096];
            let Ok(read @ 1..) = from.read(&mut bytes).await else {
                return;
            };
            while self.holds_responses.load(SeqCst) {
                let sent = self.sent.notified();
                if self.queries.load(SeqCst) >= 2 {
                    break;
                }
                sent.await;
            }
            if to.write_all(&bytes[..read]).await.is_err() {
                return;
            }
        }
    }
}

/// Returns the type and the length of the first message in `bytes` if the message is complete.
fn message(bytes: &[u8], has_type: bool) -> Option<(u8, usize)> {
    let at = usize::from(has_type);
    let length = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
    let length = at + usize::try_from(length).ok()?;
    (bytes.len() >= length).then(|| (if has_type { bytes[0] } else { 0 }, length))
}

#[tokio::test]
async fn rank_is_queried_before_the_history_arrives() {
    for kind in [Kind::Postgres, Kind::WtsV3] {
        let database = Database::with(kind, sample_records());
        let upstream: Arc<tokio_postgres::Config> = Arc::new(database.url().parse().unwrap());
        let proxy = Arc::new(Proxy::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let listener_proxy = Arc::clone(&proxy);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (proxy, upstream) = (Arc::clone(&listener_proxy), Arc::clone(&upstream));
                tokio::spawn(async move {
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) =
                        tokio::io::split(connect_upstream(&upstream).await);
                    tokio::join!(
                        proxy.forward_requests(from_client, to_server),
                        proxy.forward_responses(from_server, to_client)
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
        // Prepares the statements.
        histories.find(&query).await.unwrap();

        proxy.holds_responses.store(true, SeqCst);
        let FoundHistory { history, rank } = histories.find(&query).await.unwrap();

        assert_eq!((history.is_some(), rank), (true, Some(Access::User)));
        assert!(proxy.queries.load(SeqCst) >= 2);
    }
}
