//! Event streams whose caller loses access: a lower rank, or a withdrawn key.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use serde_json::json;
use wts_domain::Access;
use wts_testkit::{ALICE, Database, Kind, sample_records};

use crate::{
    FEED, JAMES,
    support::{Service, events::EventStream, issuer::Issuer, now, token},
};

/// The timeout for the end of all streams. The service checks their access again within 30 s.
const TIMEOUT: Duration = Duration::from_secs(60);

#[test]
fn demotion_and_withdrawn_key_end_streams() {
    let database = Database::with(Kind::Sqlite, sample_records());
    let directory = tempfile::tempdir().unwrap();
    let keys = directory.path().join("keys.json");
    let (issuer, successor) = (Issuer::new("a"), Issuer::new("b"));
    fs::write(&keys, Issuer::jwks(&[&issuer])).unwrap();
    let service = Service::with(
        &database.url(),
        &[
            ("WTS_RECHECK_ACCESS", "on"),
            ("WTS_JWT_JWKS_FILE", keys.to_str().unwrap()),
        ],
    );
    let james = token(JAMES, Access::FormalMember);
    let alice = json!({"sid": ALICE, "access": "user", "exp": now() + 600});
    let alice = issuer.sign(&alice);
    let streams = [
        ("/api/v3/get_traces?tid=124", &james, "forbidden"),
        (FEED, &james, "forbidden"),
        ("/api/v3/get_traces?tid=123", &alice, "key_withdrawn"),
        ("/api/v3/traces?tid=123", &alice, "key_withdrawn"),
    ];
    let streams = streams.map(|(path, token, reason)| {
        let mut events = EventStream::open(service.address(), path, token, None).unwrap();
        assert_ne!(events.next().unwrap().kind, "end", "{path}");
        (path, events, reason)
    });

    database.execute("update operators set access = 'user' where wid = 'W007'");
    fs::write(&keys, Issuer::jwks(&[&successor])).unwrap();
    service.signal("HUP");

    let streams = streams.map(|(path, events, reason)| {
        let end = thread::spawn(move || events.last().unwrap());
        (path, end, reason)
    });
    let begun = Instant::now();
    while !streams.iter().all(|(_, end, _)| end.is_finished()) {
        assert!(begun.elapsed() < TIMEOUT, "a stream did not end");
        thread::sleep(Duration::from_millis(50));
    }
    for (path, end, reason) in streams {
        let end = end.join().unwrap();
        assert_eq!(end.kind, "end", "{path}");
        assert_eq!(end.data, format!("{{\"reason\":\"{reason}\"}}"), "{path}");
    }
}
