//! A benchmark of polling: the cost of a 304 response, and of the complete response in each content coding, in bytes
//! and in CPU time of the service. Run it with `cargo bench -p wts-server --bench poll`.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark fails by panicking and prints its results"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Command,
};

use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, sample_records, ticket_of, trace_of};

use crate::support::{Service, token};

/// The number of requests is large, so that other load on the machine affects all rows equally and the CPU time is
/// measured precisely.
const ROUNDS: u32 = 8;
const REQUESTS: u32 = 2_500;
const REMARKS: [&str; 4] = [
    "已联系用户,约好明天上门",
    "重启光猫后恢复",
    "",
    "问题已解决,用户确认网络恢复正常。",
];

fn main() {
    let mut records = sample_records();
    let mut opid = 1_000;
    for traces in [5, 200] {
        records.tickets.push(ticket_of(traces, ALICE));
        for (step, remark) in (0..traces).zip(REMARKS.iter().cycle()) {
            opid += 1;
            let trace = trace_of(traces, opid, 3_601 * step, "W007", remark);
            records.traces.push(trace);
        }
    }
    let database = Database::with(Kind::Sqlite, records);
    let service = Service::on(&database.url());
    let mut client = Client::of(&service);

    println!(
        "{:>6}  {:<22} {:>7} {:>8}  {:>5} {:>5}",
        "traces", "answer", "bytes", "CPU µs", "", ""
    );
    for traces in [5, 200] {
        measure(&mut client, &service, traces);
    }
}

/// Measures each kind of response for one ticket in several rounds. Prints a line for each kind.
fn measure(client: &mut Client, service: &Service, ticket: i64) {
    let (_, tag) = client.request(ticket, "");
    let forms = [
        ("whole", String::new()),
        ("unchanged (304)", format!("If-None-Match: {tag}\r\n")),
        ("whole, zstd", "Accept-Encoding: zstd\r\n".to_owned()),
        ("whole, gzip", "Accept-Encoding: gzip\r\n".to_owned()),
    ];
    let mut costs = [(0, 0.0); 4];
    for _ in 0..ROUNDS {
        for ((_, fields), (bytes, cpu)) in forms.iter().zip(&mut costs) {
            let before = cpu_seconds(service);
            for _ in 0..REQUESTS {
                (*bytes, _) = client.request(ticket, fields);
            }
            *cpu += cpu_seconds(service) - before;
        }
    }
    let [(whole_bytes, whole_cpu), ..] = costs;
    for ((form, _), (bytes, cpu)) in forms.iter().zip(costs) {
        let micros = cpu * 1e6 / f64::from(ROUNDS * REQUESTS);
        let (less_bytes, less_cpu) = (f64::from(bytes) / f64::from(whole_bytes), cpu / whole_cpu);
        println!(
            "{ticket:>6}  {form:<22} {bytes:>7} {micros:>8.1}  ×{less_bytes:<5.2} ×{less_cpu:<5.2}"
        );
    }
}

/// A polling client with a persistent connection.
struct Client {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Client {
    fn of(service: &Service) -> Self {
        let stream = TcpStream::connect(service.address()).expect("it listens");
        stream.set_nodelay(true).expect("a socket has this option");
        Self {
            stream: BufReader::new(stream),
            token: token(ALICE, Access::User),
        }
    }

    /// Sends a request. Returns the size of the complete response in bytes, and its entity tag.
    fn request(&mut self, ticket: i64, fields: &str) -> (u32, String) {
        let request = format!(
            "GET /api/v3/get_traces?tid={ticket} HTTP/1.1\r\nHost: wts\r\nAuthorization: Bearer {}\r\n{fields}\r\n",
            self.token
        );
        let stream = self.stream.get_mut();
        stream.write_all(request.as_bytes()).expect("it reads");
        let (mut bytes, mut length, mut tag) = (0, 0, String::new());
        loop {
            let mut line = String::new();
            bytes += self.stream.read_line(&mut line).expect("it answers");
            match line.trim_end().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().expect("a number"),
                Some(("etag", value)) => value.clone_into(&mut tag),
                Some(_) => {}
                None if line == "\r\n" => break,
                None => assert!(
                    line.starts_with("HTTP/1.1 200 ") || line.starts_with("HTTP/1.1 304 "),
                    "{line}"
                ),
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("it answers whole");
        (
            u32::try_from(bytes + length).expect("it is not that long"),
            tag,
        )
    }
}

/// Returns the CPU time that the service has used: `utime` and `stime` of proc(5).
fn cpu_seconds(service: &Service) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", service.process()))
        .expect("this is Linux, and the service runs");
    let (_, after_name) = stat.rsplit_once(") ").expect("proc(5)");
    let ticks: u32 = after_name
        .split(' ')
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<u32>().expect("proc(5)"))
        .sum();
    f64::from(ticks) / ticks_per_second()
}

fn ticks_per_second() -> f64 {
    let output = Command::new("getconf")
        .arg("CLK_TCK")
        .output()
        .expect("POSIX has it");
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .expect("a number")
}
