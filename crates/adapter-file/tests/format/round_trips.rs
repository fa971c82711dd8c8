//! Tests that records are unchanged after they are written to a file and read back.

use proptest::prelude::*;

use wts_generator::arbitrary::any_histories;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn arbitrary_histories_round_trip(records in any_histories()) {
        let file = written(&records, None);
        let records_read = read(&file).unwrap();
        prop_assert_eq!(&records_read, &records);
        prop_assert_eq!(written(&records_read, None), file);
    }

    #[test]
    fn compressed_histories_round_trip(records in any_histories()) {
        for compression in [Compression::Gzip, Compression::Zstd] {
            prop_assert_eq!(&read(&written(&records, Some(compression))).unwrap(), &records);
        }
    }
}

#[test]
fn written_lines_equal_the_documented_format() {
    let file = String::from_utf8(written(&sample(), None)).unwrap();
    let lines: Vec<_> = file.lines().collect();
    assert_eq!(
        lines[..5],
        [
            HEADER,
            r#"{"type":"staff","wid":"W007","sid":"2022310007","access":"formal-member","name":"林静"}"#,
            r#"{"type":"ticket","tid":123,"issuer":"2024310001","submitted_at":"2025-12-06T10:00:00Z","category":"first-install","description":"宿舍没有网络","occur_at":"2025-12-05T23:59:59.5Z","notes":"","appointed_at":"2025-12-08T00:00:00Z","priority":"mainline","status":"scheduled","last_updated_at":"2025-12-06T15:30:00Z"}"#,
            r#"{"type":"trace","opid":1,"tid":123,"updated_at":"2025-12-06T10:00:00Z","op":"W007","new_status":"fresh","new_priority":"mainline","new_category":"first-install","remark":"工单已创建"}"#,
            r#"{"type":"trace","opid":3,"tid":123,"updated_at":"2025-12-06T15:30:00Z","op":"W007","new_status":"scheduled","new_appointment":"2025-12-08T00:00:00Z","remark":""}"#,
        ]
    );
    assert_eq!(
        lines[5],
        r#"{"type":"ticket","tid":124,"issuer":"2024310001","submitted_at":"infinity","category":"others","description":"","priority":"mainline","status":"fresh"}"#
    );
    assert!(lines[6].starts_with(r#"{"type":"end","staff":1,"tickets":2,"traces":2,"sha256":""#));
    assert_eq!(lines.len(), 7);
}

#[test]
fn documented_example_is_valid_except_for_its_digest() {
    let documentation = include_str!("../../FORMAT.md");
    let (_, example) = documentation.split_once("```json\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let error = read_error(example.as_bytes());
    let (_, digest) = error.split_once("have the digest ").expect(&error);
    let complete = example.replace("441b…", &digest[..64]);
    assert_eq!(read(complete.as_bytes()).unwrap().len(), 3);
    assert!(digest.starts_with("441b"), "{digest}");
}

#[test]
fn white_space_and_field_order_do_not_matter() {
    let file = String::from_utf8(written(&sample(), None)).unwrap();
    let spaced = file.replace(
        r#"{"type":"trace","opid":3,"tid":123,"#,
        r#" { "tid" : 123 , "opid":3, "type" : "tra\u0063e" ,"#,
    );
    let error = read_error(spaced.as_bytes());
    let (_, digest) = error.split_once("have the digest ").expect(&error);
    let (_, old) = file.split_once("sha256\":\"").unwrap();
    let complete = spaced.replace(&old[..64], &digest[..64]);
    assert_eq!(read(complete.as_bytes()).unwrap(), sample());
}

#[test]
fn remark_of_many_megabytes_round_trips() {
    let mut records = sample();
    let Record::Trace(last) = &mut records[3] else {
        panic!("expected a trace");
    };
    last.remark = "\u{1}长".repeat(2_000_000);
    assert!(read(&written(&records, Some(Compression::Zstd))).unwrap() == records);
}
