//! Tests of the example `show_history`.
#![cfg(feature = "serde")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "the test does not call main")]
#[path = "../examples/show_history.rs"]
mod show_history;

use show_history::history_lines;

const HISTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/history.json");

fn error_text(arguments: &[&str]) -> String {
    history_lines(arguments).unwrap_err().to_string()
}

#[test]
fn issuer_reads_their_own_history_in_chinese() {
    assert_eq!(
        history_lines(&[HISTORY, "2024310001"]).unwrap(),
        "2025-12-06T10:00:00Z  (系统操作) (-1)  待解决, 主线任务  工单已创建\n\
         2025-12-06T15:30:00Z  W007  已解决  问题已解决,用户确认网络恢复正常。\n"
    );
}

#[test]
fn operator_reads_anothers_history_in_english() {
    let lines = history_lines(&[HISTORY, "2024310999", "informal-member", "en"]).unwrap();
    assert!(
        lines.contains("  Open, Main line  ") && lines.contains("  Solved  "),
        "{lines}"
    );
}

#[test]
fn control_characters_in_texts_are_replaced() {
    let file = std::env::temp_dir().join(format!("show-history-{}.json", std::process::id()));
    let history = r#"{"issuer": "1", "traces": [
        {"opid": 1, "tid": 1, "updated_at": "2025-12-06T10:00:00Z", "op": "-2\u001b[2J", "op_name": "a\nb",
         "new_appointment": "2025-12-08T00:00:00Z", "remark": "it's \"fine\"\u0007"},
        {"opid": 2, "tid": 1, "updated_at": "2025-12-06T11:00:00Z", "op": "-1"}
    ]}"#;
    std::fs::write(&file, history).unwrap();
    let lines = history_lines(&[file.to_str().unwrap(), "1"]);
    std::fs::remove_file(file).unwrap();
    assert_eq!(
        lines.unwrap(),
        "2025-12-06T10:00:00Z  a\u{fffd}b (-2\u{fffd}[2J)  2025-12-08  it's \"fine\"\u{fffd}\n\
         2025-12-06T11:00:00Z  -1\n"
    );
}

#[test]
fn caller_without_access_is_rejected_with_the_reason() {
    for (sid, access, reason) in [
        ("2024310999", "user", "belongs to another student"),
        ("2024310001", "unregistered", "not an active user"),
        ("2024310001", "admin", "unknown access rank"),
    ] {
        let error = error_text(&[HISTORY, sid, access]);
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn error_names_the_file_that_is_not_a_history() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let invalid = error_text(&[manifest, "1"]);
    assert!(
        invalid.contains("Cargo.toml is not a ticket history"),
        "{invalid}"
    );
    assert!(error_text(&["/nowhere.json", "1"]).starts_with("cannot read /nowhere.json"));
    assert!(error_text(&[]).starts_with("expected FILE"));
}
