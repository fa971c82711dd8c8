//! Tests of content codings: success responses in identity, gzip and zstd.

use std::io::Read;

use super::{
    responses::{bearer, field, with_traces},
    *,
};

/// Returns the response head, the decoded body and the length of the encoded body.
async fn get_decoded(app: &App, accepted: &str) -> (String, Vec<u8>, usize) {
    get_path_decoded(app, PATH, accepted).await
}

async fn get_path_decoded(app: &App, path: &str, accepted: &str) -> (String, Vec<u8>, usize) {
    let fields = [
        &*bearer(ALICE, Access::User),
        &format!("Accept-Encoding: {accepted}"),
    ];
    let response = app.request_bytes("GET", path, &fields).await;
    let end = response
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap()
        + 4;
    let (head, body) = response.split_at(end);
    let head = String::from_utf8(head.to_vec()).unwrap();
    let body = match field(&head, "transfer-encoding") {
        Some(_) => decode_chunks(body),
        None => body.to_vec(),
    };
    let mut plain = Vec::new();
    match field(&head, "content-encoding") {
        None => plain.clone_from(&body),
        Some("zstd") => plain = zstd::decode_all(&*body).unwrap(),
        Some("gzip") => drop(
            flate2::read::GzDecoder::new(&*body)
                .read_to_end(&mut plain)
                .unwrap(),
        ),
        Some(other) => panic!("{other}"),
    }
    (head, plain, body.len())
}

/// Decodes a chunked body (RFC 9112 7.1).
fn decode_chunks(mut body: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    loop {
        let end = body.windows(2).position(|two| two == b"\r\n").unwrap();
        let length = str::from_utf8(&body[..end]).unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        if length == 0 {
            return decoded;
        }
        decoded.extend_from_slice(&body[end + 2..end + 2 + length]);
        body = &body[end + 2 + length + 2..];
    }
}

#[tokio::test]
async fn long_body_has_the_coding_that_the_client_accepts() {
    for traces in [20, 2_000] {
        let app = with_traces(traces);
        let (head, plain, _) = get_decoded(&app, "identity").await;
        assert_eq!(field(&head, "content-encoding"), None);
        assert!(plain.ends_with(b"]}"));
        for (accepted, coding) in [
            ("gzip, deflate, br, zstd", "zstd"),
            ("gzip, deflate, br", "gzip"),
            ("gzip, zstd;q=0.9", "gzip"),
        ] {
            let (compressed, body, sent) = get_decoded(&app, accepted).await;
            assert_eq!(
                field(&compressed, "content-encoding"),
                Some(coding),
                "{accepted}"
            );
            assert_eq!(body, plain, "{accepted}");
            assert!(
                sent < plain.len() / 4,
                "{accepted}: {sent} of {}",
                plain.len()
            );
            for name in ["etag", "vary", "content-type"] {
                assert_eq!(field(&compressed, name), field(&head, name));
            }
        }
    }
}

#[tokio::test]
async fn every_representation_is_compressed() {
    for traces in [20, 2_000] {
        let app = with_traces(traces);
        for query in ["&include=changes,state", "&format=csv&include=changes"] {
            let path = format!("{PATH}{query}");
            let (_, plain, _) = get_path_decoded(&app, &path, "identity").await;
            for coding in ["gzip", "zstd"] {
                let (head, body, sent) = get_path_decoded(&app, &path, coding).await;
                assert_eq!(field(&head, "content-encoding"), Some(coding));
                assert_eq!(body, plain, "{query} {coding}");
                assert!(sent < plain.len() / 4, "{sent} of {}", plain.len());
            }
        }
    }
}

#[tokio::test]
async fn short_body_is_compressed_only_if_identity_is_rejected() {
    let app = with_traces(1);
    let (head, plain, _) = get_decoded(&app, "gzip, zstd").await;
    assert_eq!(field(&head, "content-encoding"), None);
    let (head, body, _) = get_decoded(&app, "identity;q=0, gzip").await;
    assert_eq!(field(&head, "content-encoding"), Some("gzip"));
    assert_eq!(body, plain);
    let (head, body, _) = get_decoded(&app, "*;q=0").await;
    assert!(head.starts_with("HTTP/1.1 406 "), "{head}");
    assert!(
        body.ends_with(br#""errType":2}"#),
        "the error body was compressed"
    );
}
