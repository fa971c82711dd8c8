//! A server that runs for a test, and an HTTP client for it.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

use tokio::{sync::oneshot, task::JoinHandle};
use wts_app::{
    MockFeedRepository, MockHistoryRepository, MockWatchRepository, RankSource, Repositories,
    UseCases,
};

use super::secret;
use crate::{
    Health, HttpMetrics, HttpSettings, Key, Keyring, ShutdownReport, TokenSettings, TokenVerifier,
    server,
};

/// A server that runs on its own port. It stops when dropped.
pub(super) struct App {
    pub(super) address: SocketAddr,
    pub(super) metrics: HttpMetrics,
    stop: oneshot::Sender<()>,
    stopped: JoinHandle<ShutdownReport>,
}

impl App {
    /// Starts a server with a mocked repository. `expect` sets the expectations of the mock.
    pub(super) fn with_repository(expect: impl FnOnce(&mut MockHistoryRepository)) -> Self {
        Self::with_settings(HttpSettings::default(), expect)
    }

    /// Starts a server with these settings and one worker.
    pub(super) fn with_settings(
        settings: HttpSettings,
        expect: impl FnOnce(&mut MockHistoryRepository),
    ) -> Self {
        let mut histories = MockHistoryRepository::new();
        expect(&mut histories);
        let watch = MockWatchRepository::new();
        Self::start(settings, histories, MockFeedRepository::new(), watch)
    }

    /// Starts a server with a mocked feed, and histories for its changes.
    pub(super) fn with_feed(
        expect: impl FnOnce(&mut MockFeedRepository, &mut MockHistoryRepository),
    ) -> Self {
        let (mut feed, mut histories) = (MockFeedRepository::new(), MockHistoryRepository::new());
        expect(&mut feed, &mut histories);
        let watch = MockWatchRepository::new();
        Self::start(HttpSettings::default(), histories, feed, watch)
    }

    /// Starts a server with these settings and mocks, and one worker.
    pub(super) fn start(
        settings: HttpSettings,
        histories: MockHistoryRepository,
        feed: MockFeedRepository,
        watch: MockWatchRepository,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let keys = Keyring::fixed(vec![Key::shared(&secret())]).unwrap();
        let verifier = TokenVerifier::new(keys, TokenSettings::default());
        let http = HttpSettings {
            workers: NonZeroUsize::new(1),
            ..settings
        };
        let health = Health::default();
        health.set_database_ready(true);
        let metrics = HttpMetrics::default();
        let histories = Arc::new(histories);
        let repositories = Repositories {
            histories: histories.clone(),
            primary_histories: histories,
            feed: Arc::new(feed),
            watch: Arc::new(watch),
        };
        let use_cases = UseCases::new(repositories, RankSource::Token);
        let server = server(listener, use_cases, verifier, &http, &health, &metrics).unwrap();
        let (stop, stop_requested) = oneshot::channel::<()>();
        let run = server.run_until(async { drop(stop_requested.await) });
        Self {
            address,
            metrics,
            stop,
            stopped: tokio::spawn(async { run.await.unwrap() }),
        }
    }

    /// Returns the address that the server listens on.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Shuts down the server and returns the report.
    pub(super) async fn shut_down(self) -> ShutdownReport {
        drop(self.stop);
        self.stopped.await.unwrap()
    }

    /// Sends a `GET` request with a token and returns the complete response.
    pub(super) async fn get(&self, path: &str, token: &str) -> String {
        self.request("GET", path, &[&format!("Authorization: Bearer {token}")])
            .await
    }

    /// Sends a request with these headers and returns the complete response.
    pub(super) async fn request(&self, method: &str, path: &str, fields: &[&str]) -> String {
        String::from_utf8(self.request_bytes(method, path, fields).await).unwrap()
    }

    /// Sends a request with these headers and returns the complete response as bytes, because it may be compressed.
    pub(super) async fn request_bytes(&self, method: &str, path: &str, fields: &[&str]) -> Vec<u8> {
        self.send(method, path, fields, "").await
    }

    /// Sends a request with these headers and this body, and returns the complete response. The headers must contain
    /// the length or the transfer coding of the body.
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

    /// Sends bytes, and returns all bytes that the server sends until it closes the connection.
    pub(super) async fn send_bytes(&self, request: Vec<u8>) -> Vec<u8> {
        let address = self.address;
        tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(30)))
                .unwrap();
            stream.write_all(&request).unwrap();
            let mut response = Vec::new();
            stream.read_to_end(&mut response).unwrap();
            response
        })
        .await
        .unwrap()
    }
}
