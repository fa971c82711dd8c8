//! Tests of parsing timestamps and dates.

use chrono::DateTime;
use proptest::prelude::*;

use super::*;

/// Generates strings that are similar to timestamps, and arbitrary strings.
fn similar_text() -> impl Strategy<Value = String> {
    "[+-]?[0-9]{3,8}-[0-9]{1,2}-[0-9]{1,2}(T[0-2]?[0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,7})?Z?)?|\\PC{0,24}"
}

proptest! {
    #[test]
    fn written_timestamp_is_parsed_back(micros: i64) {
        let timestamp = Timestamp::from_micros_since_2000(micros);
        prop_assert_eq!(timestamp.to_string().parse(), Ok(timestamp));
    }

    #[test]
    fn written_date_is_parsed_back(days: i32) {
        let date = Date::from_days_since_2000(days);
        prop_assert_eq!(date.to_string().parse(), Ok(date));
    }

    #[test]
    fn parsed_text_is_written_unchanged(text in similar_text()) {
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            prop_assert_eq!(timestamp.to_string(), text.clone());
        }
        if let Ok(date) = text.parse::<Date>() {
            prop_assert_eq!(date.to_string(), text);
        }
    }
}

#[test]
fn limits_of_the_range_are_parsed_back() {
    for micros in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX] {
        let timestamp = Timestamp::from_micros_since_2000(micros);
        assert_eq!(timestamp.to_string().parse(), Ok(timestamp));
    }
    for days in [i32::MIN, i32::MIN + 1, -1, 0, i32::MAX - 1, i32::MAX] {
        let date = Date::from_days_since_2000(days);
        assert_eq!(date.to_string().parse(), Ok(date));
    }
}

#[test]
fn noncanonical_timestamp_is_rejected() {
    for text in [
        "",
        "2025-12-06",
        "2025-12-06T10:00:00",
        "2025-12-06 10:00:00Z",
        "2025-12-06T10:00:00+00:00",
        "2025-12-06T10:00:00z",
        "2025-12-06t10:00:00Z",
        "2025-12-06T10:00Z",
        "2025-12-06T24:00:00Z",
        "2025-12-06T10:60:00Z",
        "2025-12-06T10:00:60Z",
        "2025-12-06T10:00:00.Z",
        "2025-12-06T10:00:00.50Z",
        "2025-12-06T10:00:00.0000001Z",
        "2025-02-29T10:00:00Z",
        "2025-00-01T10:00:00Z",
        "2025-13-01T10:00:00Z",
        "25-12-06T10:00:00Z",
        "02025-12-06T10:00:00Z",
        "+002025-12-06T10:00:00Z",
        "-000000-12-06T10:00:00Z",
        "+0294276-12-31T23:59:59Z",
        "+294277-12-31T23:59:59Z",
        "+99999999999999999999-01-01T00:00:00Z",
        "２０２５-12-06T10:00:00Z",
        "Infinity",
        "+infinity",
    ] {
        assert_eq!(
            text.parse::<Timestamp>(),
            Err(ParseTimeError::NotATimestamp),
            "{text:?}"
        );
    }
}

#[test]
fn noncanonical_date_is_rejected() {
    for text in [
        "2025-12-08",
        "2025-12-08T00:00:01Z",
        "2025-12-08T00:00:00.5Z",
        "2025-02-30T00:00:00Z",
        "+5881611-01-01T00:00:00Z",
    ] {
        assert_eq!(
            text.parse::<Date>(),
            Err(ParseTimeError::NotADate),
            "{text:?}"
        );
    }
}

fn parse_and_write(text: &str) -> Result<String, ParseTimeError> {
    Ok(Timestamp::from_rfc3339(text)?.to_string())
}

#[test]
fn every_rfc_3339_form_is_parsed() {
    for (text, canonical) in [
        ("2025-12-06T10:00:00Z", "2025-12-06T10:00:00Z"),
        ("2025-12-06t10:00:00z", "2025-12-06T10:00:00Z"),
        ("2025-12-06T18:00:00+08:00", "2025-12-06T10:00:00Z"),
        ("2025-12-06T00:00:00+08:00", "2025-12-05T16:00:00Z"),
        ("2025-12-31T23:30:00-01:00", "2026-01-01T00:30:00Z"),
        ("2025-12-06T10:00:00-00:00", "2025-12-06T10:00:00Z"),
        ("2025-12-06T10:00:00.100Z", "2025-12-06T10:00:00.1Z"),
        (
            "2025-12-06T10:00:00.000001999Z",
            "2025-12-06T10:00:00.000001Z",
        ),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("1990-12-31T23:59:60Z", "1991-01-01T00:00:00Z"),
        ("1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00Z"),
        ("-004713-11-24T00:00:00Z", "-004713-11-24T00:00:00Z"),
        ("infinity", "infinity"),
    ] {
        assert_eq!(parse_and_write(text), Ok(canonical.to_owned()), "{text}");
    }
}

#[test]
fn invalid_rfc_3339_is_rejected() {
    for malformed in [
        "",
        "2025-12-06",
        "2025-12-06 10:00:00Z",
        "2025-12-06T10:00:00",
        "2025-12-06T10:00Z",
        "2025-12-06T10:00:00.Z",
        "2025-12-06T10:00:00,5Z",
        "2025-12-06T10:00:00+0800",
        "2025-12-06T10:00:00+24:00",
        "2025-12-06T10:00:00Z ",
        " 2025-12-06T10:00:00Z",
        "25-12-06T10:00:00Z",
        "02025-12-06T10:00:00Z",
        "+2025-12-06T10:00:00Z",
        "２０２５-12-06T10:00:00Z",
        "Infinity",
        "1765015200",
    ] {
        assert_eq!(
            parse_and_write(malformed),
            Err(ParseTimeError::NotRfc3339),
            "{malformed:?}"
        );
    }
    for nonexistent in [
        "2025-02-29T00:00:00Z",
        "2025-13-01T00:00:00Z",
        "2025-00-01T00:00:00Z",
        "2025-12-06T24:00:00Z",
        "2025-12-06T10:60:00Z",
        "2025-12-06T10:00:60Z",
        "2025-12-06T23:59:61Z",
        "+294277-01-09T04:00:54.775807Z",
        "-290278-01-01T00:00:00Z",
        "+9999999-01-01T00:00:00Z",
    ] {
        assert_eq!(
            parse_and_write(nonexistent),
            Err(ParseTimeError::NotRfc3339),
            "{nonexistent:?}"
        );
    }
}

proptest! {
    #[test]
    fn offsets_are_parsed_as_by_chrono(
        micros in -62_000_000_000_000_000..253_000_000_000_000_000_i64,
        minutes in -1_439..=1_439_i32,
    ) {
        let offset = chrono::FixedOffset::east_opt(minutes * 60).unwrap();
        let theirs = DateTime::from_timestamp_micros(micros).unwrap().with_timezone(&offset);
        let ours = Timestamp::from_rfc3339(&theirs.to_rfc3339()).unwrap();
        prop_assert_eq!(ours.micros_since_2000(), micros - 946_684_800_000_000);
    }

    #[test]
    fn rfc_3339_is_parsed_as_by_chrono(
        text in "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt][0-2][0-9]:[0-6][0-9]:[0-5][0-9](\\.[0-9]{1,9})?([Zz]|[+-][0-2][0-9]:[0-6][0-9])",
    ) {
        let theirs = DateTime::parse_from_rfc3339(&text).ok().map(|theirs| theirs.timestamp_micros());
        let ours = Timestamp::from_rfc3339(&text).ok().map(|ours| ours.micros_since_2000() + 946_684_800_000_000);
        prop_assert_eq!(ours, theirs);
    }
}
