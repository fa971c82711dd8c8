//! A proxy that reads the protocol between the service and PostgreSQL.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    sync::Notify,
};
use wts_adapter_db::DatabaseUrl;

use crate::connect_upstream;

/// While it holds, it passes nothing back from the server before two queries have been sent.
#[derive(Default)]
pub(crate) struct Proxy {
    pub(crate) holds: AtomicBool,
    /// How many times the client has waited for the server, for a query or the preparation of a statement.
    pub(crate) syncs: AtomicUsize,
    /// The statements that were prepared.
    pub(crate) prepared: Mutex<Vec<String>>,
    sent: Notify,
}

impl Proxy {
    /// Starts a proxy before the database of this URL, and returns it with its URL.
    pub(crate) async fn start(url: &str) -> (Arc<Self>, DatabaseUrl) {
        let upstream: Arc<tokio_postgres::Config> = Arc::new(url.parse().unwrap());
        let proxy = Arc::new(Self::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let passing = Arc::clone(&proxy);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (proxy, upstream) = (Arc::clone(&passing), Arc::clone(&upstream));
                tokio::spawn(async move {
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) =
                        tokio::io::split(connect_upstream(&upstream).await);
                    tokio::join!(
                        proxy.forward(from_client, to_server),
                        proxy.back(from_server, to_client)
                    )
                });
            }
        });
        let (login, rest) = url.split_once('@').unwrap();
        let (_, name) = rest.split_once('/').unwrap();
        let url = format!("{login}@{address}/{name}").parse().unwrap();
        (proxy, url)
    }

    /// Forgets what was sent so far.
    pub(crate) fn reset(&self) {
        self.syncs.store(0, SeqCst);
        self.prepared.lock().unwrap().clear();
    }

    async fn forward(&self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
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
                let message: Vec<u8> = seen.drain(..length).collect();
                match kind {
                    // Parse: the name of the statement, and its text.
                    b'P' => {
                        let text = message[5..].split(|byte| *byte == 0).nth(1).unwrap();
                        let text = String::from_utf8(text.to_vec()).unwrap();
                        self.prepared.lock().unwrap().push(text);
                    }
                    b'S' => {
                        self.syncs.fetch_add(1, SeqCst);
                        self.sent.notify_waiters();
                    }
                    _ => {}
                }
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
                let sent = self.sent.notified();
                if self.syncs.load(SeqCst) >= 2 {
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

/// The type and the length of the message that begins here, if all of it is there.
fn message(bytes: &[u8], has_type: bool) -> Option<(u8, usize)> {
    let at = usize::from(has_type);
    let length = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
    let length = at + usize::try_from(length).ok()?;
    (bytes.len() >= length).then(|| (if has_type { bytes[0] } else { 0 }, length))
}
