//! The example clients with a server that sends prepared responses.

use std::{
    collections::VecDeque,
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{Client, Follower, support::wait_until};

const STREAM: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

/// A response, which closes the connection.
enum Reply {
    /// A stream with this body, sent byte by byte.
    Stream(String),
    /// A stream with this body. The connection stays open.
    OpenStream(&'static str),
    /// A response with this status line, further header lines, and an error body.
    Error(&'static str),
    /// This reply, after the token file of the client has received another token.
    Renewal(Box<Reply>),
}

/// A request as the server received it.
#[derive(Debug)]
struct Request {
    head: String,
    received: Instant,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    fn token(&self) -> &str {
        let authorization = self.header("authorization").unwrap();
        authorization.strip_prefix("Bearer ").unwrap()
    }
}

/// Starts a client of a server that sends these replies, one for each request. Returns the received requests.
fn follow(client: Client, replies: Vec<Reply>) -> Option<(Follower, Receiver<Request>)> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let follower = Follower::start(client, &format!("http://{address}/"), "token-0")?;
    let token_file = follower.token_file();
    let (sender, requests) = mpsc::channel();
    let replies = Arc::new(Mutex::new(VecDeque::from(replies)));
    thread::spawn(move || {
        // Node opens connections that it does not use, so each connection has a thread.
        for stream in listener.incoming().flatten() {
            let (replies, sender) = (Arc::clone(&replies), sender.clone());
            let token_file = token_file.clone();
            thread::spawn(move || reply(stream, &replies, &sender, &token_file));
        }
    });
    Some((follower, requests))
}

/// Reads a request and sends the next reply.
fn reply(
    stream: TcpStream,
    replies: &Mutex<VecDeque<Reply>>,
    requests: &Sender<Request>,
    token_file: &Path,
) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let received = Instant::now();
    let Some(reply) = replies.lock().unwrap().pop_front() else {
        return;
    };
    // The test may have ended.
    let _ = requests.send(Request { head, received });
    let mut stream = reader.into_inner();
    stream.set_nodelay(true).unwrap();
    let _ = send(&mut stream, reply, token_file);
    // The connection stays open until the client closes it.
    let _ = stream.read(&mut [0]);
}

fn send(stream: &mut TcpStream, reply: Reply, token_file: &Path) -> io::Result<()> {
    match reply {
        Reply::Stream(body) => {
            stream.write_all(STREAM.as_bytes())?;
            for byte in body.bytes() {
                stream.write_all(&[byte])?;
                if byte == b'\r' || !byte.is_ascii() {
                    // The client reads the part up to here.
                    thread::sleep(Duration::from_millis(5));
                }
            }
            stream.shutdown(Shutdown::Both)
        }
        Reply::OpenStream(body) => stream.write_all((STREAM.to_owned() + body).as_bytes()),
        Reply::Error(head) => {
            let body = r#"{"success":false,"msg":"scripted","errType":1}"#;
            let length = body.len();
            let response = format!(
                "HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
            );
            stream.write_all(response.as_bytes())
        }
        Reply::Renewal(reply) => {
            let token = fs::read_to_string(token_file)?;
            let number: u32 = token["token-".len()..].parse().unwrap();
            fs::write(token_file, format!("token-{}", number + 1))?;
            send(stream, *reply, token_file)
        }
    }
}

/// Waits for this number of requests.
fn received(requests: &Receiver<Request>, count: usize) -> Vec<Request> {
    let next = || requests.recv_timeout(Duration::from_secs(30)).unwrap();
    std::iter::repeat_with(next).take(count).collect()
}

/// Returns a stream that a client resumes after some milliseconds.
fn stream(body: &str) -> Reply {
    Reply::Stream(format!("retry: 10\n\n{body}"))
}

fn end(reason: &str) -> Reply {
    stream(&format!(
        "event: end\ndata: {{\"reason\":\"{reason}\"}}\n\n"
    ))
}

fn renewal(reply: Reply) -> Reply {
    Reply::Renewal(Box::new(reply))
}

const STOP: Reply = Reply::Error("403 Forbidden");

/// The texts of all events, as `id type data`.
fn events(follower: &Follower) -> Vec<String> {
    let lines = follower.lines().into_iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    lines
        .map(|line| [text(&line["id"]), text(&line["type"]), text(&line["data"])].join(" "))
        .collect()
}

pub(crate) fn client_parses_and_resumes_a_stream(client: Client) {
    let first = "\u{feff}: comment\nid: 1\nevent: trace\ndata: 网络\ndata:\ndata:  恢复\n\n\
        :\r\r\nid: 2\rdata:cr\r\revent: ignored\n\nid: 3\r\ndata: crlf\r\nunknown: x\r\ndata\r\n\r\n\
        id: a\0b\nretry: soon\ndata: kept id\n\nid: 4\n\nid: 5\nevent: trace\ndata: incomplete\n";
    let replies = vec![
        stream(first),
        stream("id: 5\ndata: complete\n\n"),
        Reply::OpenStream("retry: 10\n\nid: 6\ndata: before silence\n\n"),
        STOP,
    ];
    let Some((follower, requests)) = follow(client, replies) else {
        return;
    };
    let expected = [
        "1 trace 网络\n\n 恢复",
        "2 message cr",
        "3 message crlf\n",
        "3 message kept id",
        "5 message complete",
        "6 message before silence",
    ];
    wait_until("all events are stored", || events(&follower) == expected);
    let ids = received(&requests, 4);
    let ids: Vec<_> = ids
        .iter()
        .map(|request| request.header("last-event-id"))
        .collect();
    assert_eq!(ids, [None, Some("4"), Some("5"), Some("6")]);
    let error = follower.error();
    assert!(error.contains("scripted"), "{error}");
}

pub(crate) fn client_waits_for_the_server(client: Client) {
    let replies = vec![
        stream(""),
        Reply::Error("503 Service Unavailable\r\nRetry-After: 1"),
        end("stopping"),
        Reply::Stream("retry: 1000\n\n".to_owned()),
        STOP,
    ];
    let Some((follower, requests)) = follow(client, replies) else {
        return;
    };
    let requests = received(&requests, 5);
    let wait = |number: usize| requests[number].received - requests[number - 1].received;
    assert!(wait(2) >= Duration::from_secs(1), "Retry-After");
    assert!(wait(4) >= Duration::from_secs(1), "retry");
    assert!(requests.iter().all(|request| request.token() == "token-0"));
    follower.error();
}

pub(crate) fn client_renews_a_refused_token(client: Client) {
    let unauthorized = || renewal(Reply::Error("401 Unauthorized"));
    let replies = vec![
        unauthorized(),
        stream("id: 1\ndata: first\n\n"),
        renewal(end("expired")),
        renewal(end("key_withdrawn")),
        stream("id: 2\ndata: second\n\n"),
        unauthorized(),
        unauthorized(),
    ];
    let Some((follower, requests)) = follow(client, replies) else {
        return;
    };
    let requests = received(&requests, 7);
    let numbers: Vec<_> = requests
        .iter()
        .map(|request| request.token().trim_start_matches("token-"))
        .collect();
    assert_eq!(numbers, ["0", "1", "1", "2", "3", "3", "4"]);
    let last_id = requests.last().unwrap().header("last-event-id");
    assert_eq!(last_id, Some("2"));
    assert_eq!(events(&follower), ["1 message first", "2 message second"]);
    follower.error();
}

pub(crate) fn client_stops_after_a_final_reason(client: Client) {
    for reason in ["forbidden", "no_such_ticket", "replaced"] {
        let Some((follower, _requests)) = follow(client, vec![end(reason)]) else {
            return;
        };
        let error = follower.error();
        assert!(error.contains(reason), "{error}");
    }
}

pub(crate) fn malformed_token_is_not_printed(client: Client) {
    let Some(follower) = Follower::start(client, "http://127.0.0.1:1/", "secret\nsecret") else {
        return;
    };
    let error = follower.error();
    assert!(!error.contains("secret"), "{error}");
}
