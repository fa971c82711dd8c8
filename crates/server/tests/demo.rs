//! Tests of `wts demo`: the printed commands and their responses.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use serde_json::json;

use crate::support::{Response, Service};

/// Sends the request of each printed curl command and returns the responses.
fn responses_to_printed_commands(demo: &mut Service) -> Vec<Response> {
    let printed = demo.wait_for_output("order=desc");
    let lines: Vec<_> = printed
        .lines()
        .filter(|line| line.starts_with("curl "))
        .collect();
    lines
        .iter()
        .map(|line| {
            let quoted: Vec<_> = line.split('\'').collect();
            let [_, url, _, header, _] = quoted[..] else {
                unreachable!("{line}")
            };
            let path = url
                .strip_prefix(&format!("http://{}", demo.address()))
                .unwrap();
            demo.request("GET", path, &[header.split_once(": ").unwrap()])
        })
        .collect()
}

#[test]
fn demo_prints_curl_lines_that_return_documented_responses() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = Service::demo(directory.path());

    let responses = responses_to_printed_commands(&mut demo);

    let [issuer, another, operator] = &responses[..] else {
        unreachable!("{responses:?}")
    };
    assert_eq!(
        (issuer.status, another.status, operator.status),
        (200, 403, 200)
    );
    let traces = &issuer.json()["traces"];
    assert_eq!(issuer.opids(), [1, 3]);
    // These are the values of the API document.
    for (trace, opid, updated_at, op, status, priority, remark) in [
        (
            &traces[0],
            1,
            "2025-12-06T10:00:00Z",
            "-1",
            "fresh",
            "mainline",
            "工单已创建",
        ),
        (
            &traces[1],
            3,
            "2025-12-06T15:30:00Z",
            "W007",
            "solved",
            "",
            "问题已解决,用户确认网络恢复正常。",
        ),
    ] {
        assert_eq!(trace["opid"], json!(opid));
        assert_eq!(trace["tid"], json!(123));
        assert_eq!(trace["updated_at"], json!(updated_at));
        assert_eq!(trace["op"], json!(op));
        assert_eq!(trace["new_status"], json!(status));
        assert_eq!(trace["new_priority"], json!(priority));
        assert_eq!(trace["new_appointment"], json!(""));
        assert_eq!(trace["new_category"], json!(""));
        assert_eq!(trace["remark"], json!(remark));
    }
    assert_eq!(
        another.json()["msg"],
        json!("you can only view ticket traces of your own")
    );
    let seen = operator.opids();
    assert!(
        seen.len() > 1 && seen.is_sorted_by(|newer, older| newer > older),
        "{seen:?}"
    );
}

#[test]
fn two_demos_at_once_both_serve_and_leave_no_files() {
    let directory = tempfile::tempdir().unwrap();
    let (mut one, mut other) = (
        Service::demo(directory.path()),
        Service::demo(directory.path()),
    );

    assert_ne!(one.address(), other.address());
    for demo in [&mut one, &mut other] {
        let statuses: Vec<_> = responses_to_printed_commands(demo)
            .iter()
            .map(|response| response.status)
            .collect();
        assert_eq!(statuses, [200, 403, 200]);
    }
    let token_of_one = one
        .output()
        .lines()
        .find_map(|line| Some(line.split_once("Bearer ")?.1.to_owned()))
        .unwrap();
    let response = other.get(
        "/api/v3/get_traces?tid=123",
        token_of_one.trim_end_matches('\''),
    );
    assert_eq!(response.status, 401, "each demo has its own secret");

    for demo in [one, other] {
        assert!(demo.stop("INT").0.success());
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}
