//! Tests of the errors of invalid records, which contain the line, the field and the expected value.

use super::*;

const TRACE: &str = r#"{"type":"trace","opid":1,"tid":123,"updated_at":"2025-12-06T10:00:00Z","op":"W007","remark":""}"#;
const TICKET: &str = r#"{"type":"ticket","tid":123,"issuer":"2024310001","submitted_at":"2025-12-06T10:00:00Z","category":"others","description":"","priority":"mainline","status":"fresh"}"#;

/// Reads a file with a header, a ticket and `line`, and returns the error.
fn line_error(line: &str) -> String {
    read_error(format!("{HEADER}\n{TICKET}\n{line}\n").as_bytes())
}

/// Replaces `text` with `by` in a valid trace, reads the trace, and returns the error.
fn value_error(text: &str, by: &str) -> String {
    assert!(TRACE.contains(text));
    line_error(&TRACE.replace(text, by))
}

#[test]
fn error_names_the_field_of_an_invalid_value() {
    for (text, by, expected) in [
        (
            r#""remark":"""#,
            r#""new_status":"melted","remark":"""#,
            r#"line 3: trace 1: new_status: invalid value: string "melted", expected one of "fresh", "scheduled", "delay", "escalated", "solved", "canceled""#,
        ),
        (
            "2025-12-06T10:00:00Z",
            "2025-12-06 10:00",
            r#"line 3: trace 1: updated_at: invalid value: string "2025-12-06 10:00", expected a timestamp such as "2025-12-06T10:00:00Z""#,
        ),
        (
            r#""remark":"""#,
            r#""new_appointment":"2025-12-08","remark":"""#,
            r#"line 3: trace 1: new_appointment: invalid value: string "2025-12-08", expected a date such as "2025-12-08T00:00:00Z""#,
        ),
        (
            r#""tid":123"#,
            r#""tid":0"#,
            "line 3: trace 1: tid: invalid value: integer `0`, expected a ticket id from 1 to 9223372036854775807",
        ),
        (
            r#""tid":123"#,
            r#""tid":9223372036854775808"#,
            "line 3: tid: invalid value: integer `9223372036854775808`, expected i64",
        ),
        (
            r#""tid":123"#,
            r#""tid":"123""#,
            r#"line 3: tid: invalid type: string "123", expected i64"#,
        ),
        (
            r#""opid":1"#,
            r#""opid":1.5"#,
            "line 3: opid: invalid type: floating point `1.5`, expected i64",
        ),
        (
            r#""remark":"""#,
            r#""remark":null"#,
            "line 3: trace 1: remark: invalid type: null, expected a string",
        ),
        (
            r#""remark":"""#,
            r#""new_status":null,"remark":"""#,
            r#"line 3: trace 1: new_status: invalid type: null, expected one of "fresh", "scheduled", "delay", "escalated", "solved", "canceled""#,
        ),
        (
            r#","remark":"""#,
            "",
            "line 3: trace 1: missing field `remark`",
        ),
        (
            r#""op":"W007""#,
            r#""op":"W007","op":"W008""#,
            "line 3: trace 1: duplicate field `op`",
        ),
    ] {
        assert_eq!(value_error(text, by), expected);
    }
    let unknown = value_error(r#""remark""#, r#""remarks":"","remark""#);
    assert!(
        unknown.starts_with(
            "line 3: trace 1: remarks: unknown field `remarks`, expected one of `type`"
        ),
        "{unknown}"
    );
}

#[test]
fn line_that_is_not_a_record_is_rejected() {
    let types = "line 3: type: expected \"staff\", \"ticket\", \"trace\" or \"end\"";
    for (line, expected) in [
        (r#"{"type":"header"}"#, types),
        (r#"{"type":"Trace"}"#, types),
        (r#"{"opid":7}"#, "line 3: trace 7: missing field `type`"),
        (
            r#"{"type":7}"#,
            "line 3: type: invalid type: integer `7`, expected a string",
        ),
        (
            "[]",
            "line 3: invalid length 0, expected struct Kind with 1 element",
        ),
        (
            "",
            "line 3: expected JSON, but at byte 0: EOF while parsing a value",
        ),
        (
            "{\"type\":\"trace\"",
            "line 3: expected JSON, but at byte 0: EOF while parsing an object",
        ),
    ] {
        assert_eq!(line_error(line), expected);
    }
    assert!(line_error(&format!("{TRACE} {TRACE}")).contains("trailing characters"));
}

#[test]
fn text_that_is_not_unicode_is_rejected() {
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
        let error = value_error(r#""remark":"""#, remark);
        assert!(
            error.starts_with("line 3: ") && error.contains(problem),
            "{error}"
        );
    }
    let trace = TRACE.replace(r#""remark":"""#, r#""remark":"?""#);
    let mut file = format!("{HEADER}\n{TICKET}\n{trace}\n").into_bytes();
    let at = file.iter().rposition(|byte| *byte == b'?').unwrap();
    file[at] = 0xff;
    assert!(read_error(&file).contains("invalid unicode code point"));
}

#[test]
fn long_invalid_value_is_shortened_in_the_error() {
    let error = value_error("2025-12-06T10:00:00Z", &"秘".repeat(10_000));
    assert!(error.chars().count() < 400, "{error}");
    assert!(
        error.ends_with("…, expected a timestamp such as \"2025-12-06T10:00:00Z\""),
        "the expected value is not shortened: {error}"
    );
}

#[test]
fn deep_nesting_is_rejected() {
    let deep = "[".repeat(200_000);
    assert!(value_error(r#""remark":"""#, &format!("\"remark\":{deep}")).starts_with("line 3: "));
    assert!(line_error(&deep).starts_with("line 3: "));
    assert!(line_error(&format!("{{\"x\":{deep}")).starts_with("line 3: "));
}
