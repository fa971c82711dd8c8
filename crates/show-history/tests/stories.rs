//! Who asks, and what the program prints for them.
#![expect(clippy::unwrap_used, reason = "a test stops where it stands")]

use std::process::{Command, Output};

fn show(arguments: &[&str]) -> (bool, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_show-history"))
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.success(), text(stdout), text(stderr))
}

const HISTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/history.json");

#[test]
fn the_issuer_reads_their_own_history_in_chinese() {
    let (good, printed, _) = show(&["--sid", "2024310001", HISTORY]);
    assert!(good);
    assert_eq!(
        printed,
        "2025-12-06T10:00:00Z  (系统操作) (-1)  待解决, 主线任务  工单已创建\n\
         2025-12-06T15:30:00Z  W007  已解决  问题已解决,用户确认网络恢复正常。\n"
    );
}

#[test]
fn an_operator_reads_anothers_history_in_english() {
    let operator = ["--sid", "2024310999", "--access", "informal-member"];
    let (good, printed, _) = show(&[&operator[..], &["--language", "en", HISTORY]].concat());
    assert!(
        good && printed.contains("  Open, Main line  ") && printed.contains("  Solved  "),
        "{printed}"
    );
}

#[test]
fn whatever_people_wrote_a_line_is_a_line_and_no_command_to_the_terminal() {
    let file = std::env::temp_dir().join(format!("show-history-{}.json", std::process::id()));
    let history = r#"{"issuer": "1", "traces": [
        {"opid": 1, "tid": 1, "updated_at": "2025-12-06T10:00:00Z", "op": "-2\u001b[2J", "op_name": "a\nb",
         "new_appointment": "2025-12-08T00:00:00Z", "remark": "it's \"fine\"\u0007"},
        {"opid": 2, "tid": 1, "updated_at": "2025-12-06T11:00:00Z", "op": "-1"}
    ]}"#;
    std::fs::write(&file, history).unwrap();
    let (good, printed, error) = show(&["--sid", "1", file.to_str().unwrap()]);
    std::fs::remove_file(file).unwrap();
    assert!(good, "{error}");
    assert_eq!(
        printed,
        "2025-12-06T10:00:00Z  a\u{fffd}b (-2\u{fffd}[2J)  2025-12-08  it's \"fine\"\u{fffd}\n\
         2025-12-06T11:00:00Z  -1\n"
    );
}

#[test]
fn who_may_not_see_it_is_shown_nothing_and_told_why() {
    for (caller, reason) in [
        (
            ["--sid", "2024310999", "--access", "user"],
            "somebody else's",
        ),
        (
            ["--sid", "2024310001", "--access", "unregistered"],
            "not an active user",
        ),
    ] {
        let (good, printed, error) = show(&[&caller[..], &[HISTORY]].concat());
        assert!(
            !good && printed.is_empty() && error.contains(reason),
            "{error}"
        );
    }
}

#[test]
fn a_file_that_is_no_history_is_named() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let (good, printed, error) = show(&["--sid", "1", manifest]);
    assert!(
        !good && printed.is_empty() && error.contains("Cargo.toml is no history"),
        "{error}"
    );
}
