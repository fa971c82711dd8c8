//! The example clients with the service, while the network, the service and the clients themselves fail.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use wts_domain::Access;
use wts_testkit::{Database, Fault, Kind, Proxy, Records, sample_records, trace_of};

use crate::{
    Client, Follower,
    support::{Service, now, signed, wait_until},
};

const TICKET: i64 = 123;

/// Returns a token that the service accepts for 10 s, which are the last of the 30 s after `exp`.
fn short_lived_token() -> String {
    let access = Access::Dev.as_str();
    signed(
        &json!({"openid": "o-1", "sid": "2022310007", "username": "u", "avatar": "", "access": access,
        "name": "n", "iat": now(), "exp": now() - 20}),
    )
}

/// Renews the tokens in these files every second, and adds traces, until `stop`. Returns the ids of all traces.
fn write_continuously(database: &Database, token_files: &[PathBuf], stop: &AtomicBool) -> Vec<i64> {
    let mut opids = vec![1, 2, 3, 5, 9];
    for opid in 10.. {
        if opid % 10 == 0 {
            let token = short_lived_token();
            for file in token_files {
                fs::write(file, &token).unwrap();
            }
        }
        let traces = vec![trace_of(TICKET, opid, 30_000, "W007", "网络已恢复 ✓")];
        database.insert(Records {
            traces,
            ..Records::default()
        });
        opids.push(opid);
        if stop.load(Relaxed) {
            return opids;
        }
        thread::sleep(Duration::from_millis(100));
    }
    opids
}

fn opid(trace: &Value) -> i64 {
    trace["opid"].as_i64().unwrap()
}

fn data(line: &Value) -> Value {
    serde_json::from_str(line["data"].as_str().unwrap()).unwrap()
}

/// Returns the ids that a follower of the feed has stored.
fn fed_opids(follower: &Follower) -> Vec<i64> {
    follower
        .lines()
        .iter()
        .map(|line| opid(&data(line)))
        .collect()
}

/// Returns the ids in the last history that a follower of a ticket has stored.
fn history_opids(follower: &Follower) -> Vec<i64> {
    let Some(line) = follower.lines().pop() else {
        return Vec::new();
    };
    let history = data(&line);
    history["traces"]
        .as_array()
        .unwrap()
        .iter()
        .map(opid)
        .collect()
}

fn clients_store_every_trace_once(kind: Kind) {
    let database = Database::with(kind, sample_records());
    let mut service = Service::on(&database.url());
    let origin = |service: &Service| format!("http://{}", service.address());
    let proxy = Proxy::before(&origin(&service));
    let feed = proxy.url(&origin(&service)) + "/api/v3/traces";
    let ticket = proxy.url(&origin(&service)) + &format!("/api/v3/get_traces?tid={TICKET}");
    let token = short_lived_token();
    let start = |url: &str| -> Vec<_> {
        [Client::Rust, Client::Node]
            .into_iter()
            .filter_map(|client| Follower::start(client, url, &token))
            .collect()
    };
    let (mut feeds, mut histories) = (start(&feed), start(&ticket));
    let followers = || feeds.iter().chain(&histories);
    let token_files: Vec<_> = followers().map(Follower::token_file).collect();
    let stop = AtomicBool::new(false);

    let opids = thread::scope(|scope| {
        let writer = scope.spawn(|| write_continuously(&database, &token_files, &stop));
        // Waits until every client has received more traces, from a connection that was opened after the last fault.
        let wait_for_progress = |what: &str, feeds: &[Follower], histories: &[Follower]| {
            let counts = || -> Vec<_> {
                let entries = feeds.iter().map(|follower| fed_opids(follower).len());
                entries
                    .chain(
                        histories
                            .iter()
                            .map(|follower| history_opids(follower).len()),
                    )
                    .collect()
            };
            let before = counts();
            wait_until(what, || {
                counts()
                    .iter()
                    .zip(&before)
                    .all(|(now, before)| now > before)
            });
        };
        wait_for_progress("the streams begin", &feeds, &histories);

        thread::sleep(Duration::from_secs(11));
        wait_for_progress("the first tokens have expired", &feeds, &histories);
        proxy.set(Fault::Slices(1));
        wait_for_progress("bytes arrive one by one", &feeds, &histories);
        // New connections end in the middle of an event. Histories are longer, so they do not arrive.
        proxy.set(Fault::ResetAfter(3_000));
        wait_for_progress("connections end after some bytes", &feeds, &[]);
        proxy.set(Fault::None);
        wait_for_progress("the network recovers", &feeds, &histories);

        service = Service::on(&database.url());
        proxy.set_upstream(&origin(&service));
        proxy.cut();
        wait_for_progress("a killed service is replaced", &feeds, &histories);
        service.signal("TERM");
        let next = Service::on(&database.url());
        proxy.set_upstream(&origin(&next));
        service = next;
        wait_for_progress("a service that stops is replaced", &feeds, &histories);

        feeds
            .iter_mut()
            .chain(&mut histories)
            .for_each(Follower::crash);
        wait_for_progress("the clients start again", &feeds, &histories);
        stop.store(true, Relaxed);
        writer.join().unwrap()
    });

    for follower in &feeds {
        wait_until("the whole feed is stored", || {
            fed_opids(follower).len() >= opids.len()
        });
        assert_eq!(fed_opids(follower), opids, "{:?}", follower.client);
    }
    let history: Vec<_> = opids
        .iter()
        .filter(|opid| ![2, 5, 9].contains(*opid))
        .copied()
        .collect();
    for follower in &histories {
        wait_until("the whole history is stored", || {
            history_opids(follower) == history
        });
        let lines = follower.lines();
        let is_repeated = |pair: &[Value]| pair[0]["id"] == pair[1]["id"];
        assert!(!lines.windows(2).any(is_repeated), "{:?}", follower.client);
    }
}

#[test]
fn clients_store_every_trace_once_from_sqlite() {
    clients_store_every_trace_once(Kind::Sqlite);
}

#[test]
fn clients_store_every_trace_once_from_postgres() {
    clients_store_every_trace_once(Kind::Postgres);
}
