//! A client of event streams.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// The longest time without bytes. It is longer than the interval of heartbeats.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// An open event stream.
pub(crate) struct EventStream(BufReader<ChunkedBody>);

/// An event.
#[derive(Debug, Default)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) data: String,
}

impl Event {
    /// Returns the id of the trace, if this is an event of the feed.
    pub(crate) fn opid(&self) -> i64 {
        let trace: serde_json::Value = serde_json::from_str(&self.data).expect("JSON");
        trace
            .get("opid")
            .and_then(serde_json::Value::as_i64)
            .expect("a trace")
    }
}

impl EventStream {
    /// Opens a stream that begins after the event `last_id`; `None` if the response is not 200.
    pub(crate) fn open(
        address: SocketAddr,
        path: &str,
        token: &str,
        last_id: Option<&str>,
    ) -> Option<Self> {
        let mut stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(READ_TIMEOUT)).ok()?;
        let last_id = last_id.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: wts\r\nAuthorization: Bearer {token}\r\n\
             Accept: text/event-stream\r\n{last_id}\r\n"
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = stream.read_line(&mut head).ok()?;
            (read > 0).then_some(())?;
        }
        let body = ChunkedBody { stream, left: 0 };
        head.starts_with("HTTP/1.1 200 ")
            .then(|| Self(BufReader::new(body)))
    }
}

impl Iterator for EventStream {
    type Item = Event;

    /// Returns the next complete event, without heartbeats; `None` if the connection is closed.
    fn next(&mut self) -> Option<Event> {
        let mut event = Event::default();
        loop {
            let mut line = String::new();
            let read = self.0.read_line(&mut line).ok()?;
            (read > 0).then_some(())?;
            match line.trim_end().split_once(": ") {
                Some(("event", kind)) => kind.clone_into(&mut event.kind),
                Some(("id", id)) => id.clone_into(&mut event.id),
                Some(("data", data)) => data.clone_into(&mut event.data),
                _ if line == "\n" && !event.kind.is_empty() => return Some(event),
                _ => {}
            }
        }
    }
}

/// The body of a chunked response.
struct ChunkedBody {
    stream: BufReader<TcpStream>,
    /// The number of bytes that are left of the current chunk.
    left: u64,
}

impl Read for ChunkedBody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            let mut size = String::new();
            // An empty line is the end of the previous chunk.
            while size.trim().is_empty() {
                size.clear();
                if self.stream.read_line(&mut size)? == 0 {
                    return Ok(0);
                }
            }
            self.left = u64::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
        }
        let read = self.stream.by_ref().take(self.left).read(buffer)?;
        self.left = self
            .left
            .saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }
}
