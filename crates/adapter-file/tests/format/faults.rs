//! What is told of a record that cannot be read: its line, its field and what was expected.

use super::*;

const TRACE: &str = r#"{"type":"trace","opid":1,"tid":123,"updated_at":"2025-12-06T10:00:00Z","op":"W007","remark":""}"#;
const TICKET: &str = r#"{"type":"ticket","tid":123,"issuer":"2024310001","submitted_at":"2025-12-06T10:00:00Z","category":"others","description":"","priority":"mainline","status":"fresh"}"#;

/// What is told of this line after a header and a ticket.
fn told_of(line: &str) -> String {
    complaint(
        format!(
            "{}\n{TICKET}\n{line}\n",
            r#"{"type":"header","format":"wts-histories","version":1}"#
        )
        .as_bytes(),
    )
}

/// What is told of the trace with one text in it replaced.
fn told_with(text: &str, by: &str) -> String {
    assert!(TRACE.contains(text));
    told_of(&TRACE.replace(text, by))
}

#[test]
fn a_bad_value_is_told_with_its_field_and_what_was_expected() {
    let cases = [
        (
            told_with(r#""remark":"""#, r#""new_status":"melted","remark":"""#),
            r#"line 3: trace 1: new_status: invalid value: string "melted", expected one of "fresh", "scheduled", "delay", "escalated", "solved", "canceled""#,
        ),
        (
            told_with("2025-12-06T10:00:00Z", "2025-12-06 10:00"),
            r#"line 3: trace 1: updated_at: invalid value: string "2025-12-06 10:00", expected a moment such as "2025-12-06T10:00:00Z""#,
        ),
        (
            told_with(
                r#""remark":"""#,
                r#""new_appointment":"2025-12-08","remark":"""#,
            ),
            r#"line 3: trace 1: new_appointment: invalid value: string "2025-12-08", expected a day such as "2025-12-08T00:00:00Z""#,
        ),
        (
            told_with(r#""tid":123"#, r#""tid":0"#),
            "line 3: trace 1: tid: invalid value: integer `0`, expected a ticket's number, from 1 to 9223372036854775807",
        ),
        (
            told_with(r#""tid":123"#, r#""tid":9223372036854775808"#),
            "line 3: tid: invalid value: integer `9223372036854775808`, expected i64",
        ),
        (
            told_with(r#""tid":123"#, r#""tid":"123""#),
            r#"line 3: tid: invalid type: string "123", expected i64"#,
        ),
        (
            told_with(r#""opid":1"#, r#""opid":1.5"#),
            "line 3: opid: invalid type: floating point `1.5`, expected i64",
        ),
        (
            told_with(r#""remark":"""#, r#""remark":null"#),
            "line 3: trace 1: remark: invalid type: null, expected a string",
        ),
        (
            told_with(r#""remark":"""#, r#""new_status":null,"remark":"""#),
            r#"line 3: trace 1: new_status: invalid type: null, expected one of "fresh", "scheduled", "delay", "escalated", "solved", "canceled""#,
        ),
        (
            told_with(r#","remark":"""#, ""),
            "line 3: trace 1: missing field `remark`",
        ),
        (
            told_with(r#""op":"W007""#, r#""op":"W007","op":"W008""#),
            "line 3: trace 1: duplicate field `op`",
        ),
    ];
    for (told, expected) in cases {
        assert_eq!(told, expected);
    }
    let unknown = told_with(r#""remark""#, r#""remarks":"","remark""#);
    assert!(
        unknown.starts_with(
            "line 3: trace 1: remarks: unknown field `remarks`, expected one of `type`"
        ),
        "{unknown}"
    );
}

#[test]
fn a_line_that_is_no_record_is_told_so() {
    let expected = "expected \"staff\", \"ticket\", \"trace\" or \"end\"";
    assert_eq!(
        told_of(r#"{"type":"header"}"#),
        format!("line 3: type: {expected}")
    );
    assert_eq!(
        told_of(r#"{"type":"Trace"}"#),
        format!("line 3: type: {expected}")
    );
    assert_eq!(
        told_of(r#"{"opid":7}"#),
        "line 3: trace 7: missing field `type`"
    );
    assert_eq!(
        told_of(r#"{"type":7}"#),
        "line 3: type: invalid type: integer `7`, expected a string"
    );
    assert_eq!(
        told_of("[]"),
        "line 3: invalid length 0, expected struct Kind with 1 element"
    );
    assert_eq!(
        told_of(""),
        "line 3: expected JSON, but at byte 0: EOF while parsing a value"
    );
    assert_eq!(
        told_of("{\"type\":\"trace\""),
        "line 3: expected JSON, but at byte 0: EOF while parsing an object"
    );
    assert!(told_of(&format!("{TRACE} {TRACE}")).contains("trailing characters"));
}

#[test]
fn text_that_is_no_unicode_is_refused() {
    for (remark, problem) in [
        (r#""remark":"\ud800""#, "unexpected end of hex escape"),
        (
            r#""remark":"\ud800\u0041""#,
            "lone leading surrogate in hex escape",
        ),
        (
            r#""remark":"\udc00""#,
            "lone leading surrogate in hex escape",
        ),
        (r#""remark":"\x41""#, "invalid escape"),
    ] {
        let told = told_with(r#""remark":"""#, remark);
        assert!(
            told.starts_with("line 3: ") && told.contains(problem),
            "{told}"
        );
    }
    let mut file = format!(
        "{}\n{TICKET}\n",
        r#"{"type":"header","format":"wts-histories","version":1}"#
    )
    .into_bytes();
    file.extend_from_slice(
        TRACE
            .replace(r#""remark":"""#, r#""remark":"?""#)
            .as_bytes(),
    );
    let at = file.iter().rposition(|byte| *byte == b'?').unwrap();
    file[at] = 0xff;
    file.push(b'\n');
    assert!(complaint(&file).contains("invalid unicode code point"));
}

#[test]
fn a_long_text_where_it_does_not_belong_is_not_repeated() {
    let told = told_with("2025-12-06T10:00:00Z", &"秘".repeat(10_000));
    assert!(told.chars().count() < 400, "{told}");
    assert!(
        told.ends_with("…, expected a moment such as \"2025-12-06T10:00:00Z\""),
        "what was expected is: {told}"
    );
}

#[test]
fn deep_nesting_does_no_harm() {
    let deep = "[".repeat(200_000);
    assert!(told_with(r#""remark":"""#, &format!("\"remark\":{deep}")).starts_with("line 3: "));
    assert!(told_of(&deep).starts_with("line 3: "));
    assert!(told_of(&format!("{{\"x\":{deep}")).starts_with("line 3: "));
}
