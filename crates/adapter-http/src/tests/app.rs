//! A running server to ask.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

use tokio::{sync::oneshot, task::JoinHandle};
use wts_app::{MockHistoryRepository, RankSource, UseCases};

use super::secret;
use crate::{
    Health, HttpMetrics, HttpSettings, Key, Keyring, ShutdownReport, TokenSettings, TokenVerifier,
    server,
};

/// The server on a port of its own, until it is dropped.
pub(super) struct App {
    pub(super) address: SocketAddr,
    pub(super) metrics: HttpMetrics,
    stop: oneshot::Sender<()>,
    stopped: JoinHandle<ShutdownReport>,
}

impl App {
    /// Over a store that behaves as `told`.
    pub(super) fn with(told: impl FnOnce(&mut MockHistoryRepository)) -> Self {
        Self::serving(HttpSettings::default(), told)
    }

    /// The same, with settings, of which there is one worker.
    pub(super) fn serving(
        settings: HttpSettings,
        told: impl FnOnce(&mut MockHistoryRepository),
    ) -> Self {
        let mut histories = MockHistoryRepository::new();
        told(&mut histories);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let keys = Keyring::fixed(vec![Key::shared(&secret())]).unwrap();
        let verifier = TokenVerifier::new(keys, TokenSettings::default());
        let http = HttpSettings {
            workers: NonZeroUsize::new(1),
            ..settings
        };
        let health = Health::default();
        health.set_readable(true);
        let metrics = HttpMetrics::default();
        let use_cases = UseCases::new(Arc::new(histories), RankSource::Token);
        let server = server(listener, use_cases, verifier, &http, &health, &metrics).unwrap();
        let (stop, told_to_stop) = oneshot::channel::<()>();
        let run = server.run_until(async { drop(told_to_stop.await) });
        Self {
            address,
            metrics,
            stop,
            stopped: tokio::spawn(async { run.await.unwrap() }),
        }
    }

    /// The address that it listens on.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Shuts the server down.
    pub(super) async fn shut_down(self) -> ShutdownReport {
        drop(self.stop);
        self.stopped.await.unwrap()
    }

    /// The whole answer to a `GET`, as it came.
    pub(super) async fn get(&self, path: &str, token: &str) -> String {
        self.ask("GET", path, &[&format!("Authorization: Bearer {token}")])
            .await
    }

    /// The whole answer to a request with these header fields, as it came.
    pub(super) async fn ask(&self, method: &str, path: &str, fields: &[&str]) -> String {
        String::from_utf8(self.ask_for_bytes(method, path, fields).await).unwrap()
    }

    /// The same, for an answer that may be compressed.
    pub(super) async fn ask_for_bytes(&self, method: &str, path: &str, fields: &[&str]) -> Vec<u8> {
        self.send(method, path, fields, "").await
    }

    /// The whole answer to a request with these header fields and this body, which they have to announce.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        fields: &[&str],
        body: &str,
    ) -> Vec<u8> {
        let fields: String = fields.iter().flat_map(|field| [*field, "\r\n"]).collect();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: wts\r\n{fields}Connection: close\r\n\r\n{body}"
        );
        self.send_bytes(request.into_bytes()).await
    }

    /// All that comes back for these bytes, until the server hangs up.
    pub(super) async fn send_bytes(&self, request: Vec<u8>) -> Vec<u8> {
        let address = self.address;
        tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(30)))
                .unwrap();
            stream.write_all(&request).unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            answer
        })
        .await
        .unwrap()
    }
}
