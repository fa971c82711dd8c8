//! Follows an event stream of WTS traces, and appends its events to a file, one JSON object per line:
//!
//! ```sh
//! cargo run --example follow -- URL TOKEN_FILE OUTPUT_FILE [READ_TIMEOUT_SECONDS]
//! ```
//!
//! Each line has an event and its id, so that both are stored together or not at all. When the program starts again, it
//! resumes after the last complete line. Another program replaces the token in `TOKEN_FILE` before or after it expires.
#![expect(
    clippy::indexing_slicing,
    reason = "a member that a JSON value does not have is null"
)]
#![expect(
    clippy::print_stderr,
    reason = "a command-line program prints its errors"
)]

use std::{
    env,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use futures_util::StreamExt;
use reqwest::{
    Client, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER},
};
use serde_json::{Value, json};
use sse_stream::SseByteStream;
use tokio::time::sleep;

/// The time to the next request, until the server sets another with `retry`.
const DEFAULT_RETRY: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_secs(60);
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3_600);
/// The time without a byte after which a connection counts as dead. The server sends a comment line every 15 s.
const READ_TIMEOUT: Duration = Duration::from_secs(45);

/// An event of a stream.
struct Event {
    kind: String,
    data: String,
    /// The last id that the server set.
    id: String,
}

/// Why a stream ended that can be resumed.
enum Interruption {
    /// The server refused the token.
    Refused,
    /// The request can succeed later.
    Failed {
        cause: String,
        retry_after: Duration,
    },
}

/// A client that follows an event stream and resumes it after interruptions.
struct Follower {
    client: Client,
    url: String,
    last_event_id: String,
    retry: Duration,
    /// Whether the current request has received a part of the stream.
    has_received: bool,
}

impl Follower {
    /// Creates a client that resumes after the event `last_event_id`; an empty id starts from the beginning.
    fn new(url: String, last_event_id: String, read_timeout: Duration) -> Result<Self> {
        Ok(Self {
            client: Client::builder()
                .connect_timeout(read_timeout)
                .read_timeout(read_timeout)
                .build()?,
            url,
            last_event_id,
            retry: DEFAULT_RETRY,
            has_received: false,
        })
    }

    /// Calls `store` with each event, in order. `token` returns a token; its argument is the token that the server refused.
    /// To stop, drop the future.
    ///
    /// # Errors
    ///
    /// Returns an error if repeating the request cannot help, or the error of `token` or `store`.
    async fn follow(
        mut self,
        mut token: impl AsyncFnMut(Option<&str>) -> Result<String>,
        mut store: impl FnMut(&Event) -> Result<()>,
    ) -> Result<()> {
        let mut current = token(None).await?;
        let mut has_new_token = false;
        let mut failures = 0;
        loop {
            let interruption = self.read_stream(&current, &mut store).await?;
            if self.has_received {
                failures = 0;
                has_new_token = false;
            }
            match interruption {
                Interruption::Refused => {
                    ensure!(!has_new_token, "the server refused a new token");
                    current = token(Some(&current)).await?;
                    has_new_token = true;
                }
                Interruption::Failed { cause, retry_after } => {
                    let backoff = self.retry.saturating_mul(1 << failures).min(MAX_BACKOFF);
                    let delay = backoff
                        .max(retry_after)
                        .mul_f64(1.0 + fastrand::f64() / 2.0);
                    failures = (failures + 1).min(16);
                    eprintln!("{cause}; next request in {} ms", delay.as_millis());
                    sleep(delay).await;
                }
            }
        }
    }

    /// Sends a request and reads the stream until it ends. Returns an error if repeating the request cannot help.
    async fn read_stream(
        &mut self,
        token: &str,
        store: &mut impl FnMut(&Event) -> Result<()>,
    ) -> Result<Interruption> {
        self.has_received = false;
        let mut request = self.client.get(&self.url).bearer_auth(token);
        request = request.header(ACCEPT, "text/event-stream");
        if !self.last_event_id.is_empty() {
            request = request.header("Last-Event-ID", &self.last_event_id);
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_builder() => return Err(error.into()),
            Err(error) => return Ok(failed(format!("{:#}", anyhow::Error::from(error)))),
        };
        if response.status() != StatusCode::OK {
            return interruption_of(response).await;
        }
        let content_type = response.headers().get(CONTENT_TYPE);
        if !content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream")) {
            return Ok(failed("the response is not an event stream"));
        }
        let mut blocks = SseByteStream::new(response.bytes_stream());
        while let Some(block) = blocks.next().await {
            let block = match block {
                Ok(block) => block,
                Err(error) => return Ok(failed(format!("{:#}", anyhow::Error::from(error)))),
            };
            self.has_received = true;
            if let Some(milliseconds) = block.retry {
                self.retry = Duration::from_millis(milliseconds);
            }
            if block.event.as_deref() == Some("end") {
                return after_end(&block.data.unwrap_or_default());
            }
            let id = block.id.unwrap_or_else(|| self.last_event_id.clone());
            if let Some(data) = block.data {
                let kind = block.event.unwrap_or_else(|| "message".to_owned());
                let event = Event { kind, data, id };
                store(&event)?;
                self.last_event_id = event.id;
            } else {
                self.last_event_id = id;
            }
        }
        Ok(failed("the connection was closed"))
    }
}

fn failed(cause: impl Into<String>) -> Interruption {
    Interruption::Failed {
        cause: cause.into(),
        retry_after: Duration::ZERO,
    }
}

/// Returns how to go on after an error response.
async fn interruption_of(response: Response) -> Result<Interruption> {
    let status = response.status();
    let retry_after = response.headers().get(RETRY_AFTER);
    let seconds = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
    let body: Value = response.json().await.unwrap_or_default();
    let message = body["msg"].as_str().unwrap_or("no message");
    let cause = format!("status {}: {message}", status.as_u16());
    let failed = Interruption::Failed {
        cause: cause.clone(),
        retry_after: Duration::from_secs(seconds.unwrap_or(0)).min(MAX_RETRY_AFTER),
    };
    match status {
        StatusCode::UNAUTHORIZED => Ok(Interruption::Refused),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Ok(failed),
        _ if status.is_server_error() => Ok(failed),
        _ => bail!(cause),
    }
}

/// Returns how to go on after the event `end`. A caller has at most 16 streams: after `replaced`, another attempt would end
/// another stream of the same caller.
fn after_end(data: &str) -> Result<Interruption> {
    let data: Value = serde_json::from_str(data).unwrap_or_default();
    let reason = data["reason"].as_str().unwrap_or("no reason");
    let cause = format!("the server ended the stream: {reason}");
    match reason {
        "expired" | "key_withdrawn" => Ok(Interruption::Refused),
        "forbidden" | "no_such_ticket" | "replaced" => bail!(cause),
        _ => Ok(failed(cause)),
    }
}

/// Opens the output file and removes an incomplete line at its end. Also returns the id of the last event in the file.
fn open_output(path: &Path) -> Result<(File, String)> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read?,
    };
    let mut complete = bytes.as_slice();
    while let Some((last, rest)) = complete.split_last()
        && *last != b'\n'
    {
        complete = rest;
    }
    let file = OpenOptions::new().append(true).create(true).open(path)?;
    file.set_len(complete.len().try_into()?)?;
    let last = complete
        .trim_ascii_end()
        .rsplit(|byte| *byte == b'\n')
        .next();
    let last: Value = match last {
        Some(line) if !line.is_empty() => {
            serde_json::from_slice(line).context("the output file has a line that is not JSON")?
        }
        _ => Value::Null,
    };
    Ok((file, last["id"].as_str().unwrap_or_default().to_owned()))
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let (url, token_file, output_file, read_timeout) = match arguments.as_slice() {
        [url, token, output] => (url, token, output, READ_TIMEOUT),
        [url, token, output, seconds] => {
            (url, token, output, Duration::from_secs(seconds.parse()?))
        }
        _ => bail!("expected URL TOKEN_FILE OUTPUT_FILE [READ_TIMEOUT_SECONDS]"),
    };
    let (mut output, last_event_id) = open_output(output_file.as_ref())?;
    let token = async |refused: Option<&str>| loop {
        let token = fs::read_to_string(token_file).context("the token file cannot be read")?;
        let token = token.trim().to_owned();
        if refused != Some(&token) {
            return Ok(token);
        }
        sleep(Duration::from_secs(1)).await;
    };
    let store = |event: &Event| {
        let line = json!({ "id": event.id, "type": event.kind, "data": event.data });
        Ok(output.write_all(format!("{line}\n").as_bytes())?)
    };
    let follower = Follower::new(url.clone(), last_event_id, read_timeout)?;
    follower.follow(token, store).await
}
