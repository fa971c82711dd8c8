//! Tests of CSV: columns, quotes, and cells that a spreadsheet would evaluate as formulas.

use csv::{ReaderBuilder, StringRecord};
use proptest::prelude::*;
use wts_domain::{Category, Date, StaffId, TicketId, Timestamp, TraceId, trace_changes};

use super::*;

fn trace(id: i64, op: &str, remark: &str) -> Trace {
    let at = Timestamp::from_unix_seconds(1_765_015_200 + id).unwrap();
    let ticket = TicketId::new(123).unwrap();
    let mut trace = Trace::new(TraceId::new(id), ticket, at, StaffId::from(op));
    remark.clone_into(&mut trace.remark);
    trace
}

fn document(traces: &[Trace], with_changes: bool) -> Vec<u8> {
    let mut csv = Vec::new();
    write_header(&mut csv, with_changes);
    for (trace, changes) in trace_changes(traces) {
        write_row(&mut csv, trace, with_changes.then_some(&changes)).unwrap();
    }
    csv
}

/// Parses a document with a CSV library. Returns all rows, including the header.
fn rows(document: &[u8]) -> Vec<StringRecord> {
    let text = document.strip_prefix("\u{feff}".as_bytes()).unwrap();
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(text);
    reader.records().map(Result::unwrap).collect()
}

/// Returns the original text of a cell.
fn original(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}

#[test]
fn row_has_the_fields_of_json_and_previous_values() {
    let mut created = trace(1, "-2", "提交了报修");
    created.op_name = "用户".to_owned();
    created.new_status = Some(Status::Fresh);
    created.new_priority = Some(Priority::Mainline);
    created.new_category = Some(Category::LowSpeed);
    let mut scheduled = trace(2, "W007", "\"明天\", 下午\n二点");
    scheduled.new_status = Some(Status::Scheduled);
    scheduled.new_priority = Some(Priority::Mainline);
    scheduled.new_appointment = Some(Date::from_ymd(2025, 12, 8).unwrap());
    let mut moved = trace(3, "W007", "");
    moved.new_appointment = Some(Date::from_ymd(2025, 12, 9).unwrap());
    let traces = [created, scheduled, moved];

    let expected = concat!(
        "\u{feff}opid,tid,updated_at,op,op_name,new_status,new_priority,new_appointment,new_category,remark,",
        "actor,status_from,priority_from,appointment_from,category_from\r\n",
        "1,123,2025-12-06T10:00:01Z,-2,用户,fresh,mainline,,low-speed,提交了报修,user,,,,\r\n",
        "2,123,2025-12-06T10:00:02Z,W007,,scheduled,mainline,2025-12-08T00:00:00Z,,\"\"\"明天\"\", 下午\n二点\",",
        "operator,fresh,,,\r\n",
        "3,123,2025-12-06T10:00:03Z,W007,,,,2025-12-09T00:00:00Z,,,operator,,,2025-12-08,\r\n",
    );
    assert_eq!(
        String::from_utf8(document(&traces, true)).unwrap(),
        expected
    );

    let header = document(&[], false);
    assert!(header.ends_with(b"new_category,remark\r\n"));
    assert_eq!(rows(&document(&traces, false))[1].len(), 10);
}

#[test]
fn cell_like_a_formula_gets_an_apostrophe() {
    for formula in [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "＝1",
        "＋1",
        "－1",
        "＠A1",
        "\t=1",
        "\r=1",
        "\n=1",
        "'=1",
        "=HYPERLINK(\"http://example.org\",\"点此\")",
        "=\"a\r\nb\"",
    ] {
        let mut trace = trace(1, formula, formula);
        formula.clone_into(&mut trace.op_name);
        let rows = rows(&document(&[trace], false));
        let harmless = format!("'{formula}");
        let op = if formula == "-1" { formula } else { &*harmless };
        assert_eq!(&rows[1][3], op);
        assert_eq!(&rows[1][4], harmless);
        assert_eq!(&rows[1][9], harmless);
    }
}

#[test]
fn other_text_is_unchanged() {
    for text in [
        "",
        "W007",
        "1=1",
        " =1",
        "a'b",
        "“引号”",
        "\"=1\"",
        "\u{b}",
        "0",
        "..",
        "😀",
    ] {
        let mut trace = trace(1, text, text);
        text.clone_into(&mut trace.op_name);
        let rows = rows(&document(&[trace], false));
        assert_eq!([&rows[1][3], &rows[1][4], &rows[1][9]], [text; 3]);
    }
}

#[test]
fn only_integer_op_is_unchanged() {
    for (op, is_integer) in [
        ("-1", true),
        ("-20251206", true),
        ("-99999999999999999999999999", true),
        ("-", false),
        ("--1", false),
        ("-1+1", false),
        ("-1.5", false),
        ("-１", false),
        ("+1", false),
    ] {
        let rows = rows(&document(&[trace(1, op, "")], false));
        let expected = if is_integer {
            op.to_owned()
        } else {
            format!("'{op}")
        };
        assert_eq!(&rows[1][3], expected);
    }
}

/// Generates free text with many characters that have a special meaning in CSV or in spreadsheets.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[=+@',;\"\\t\\r\\n a＝\\-]{0,8}",
        "-?[0-9]{1,4}",
    ]
}

proptest! {
    #[test]
    fn csv_library_reads_the_original_text(texts in prop::collection::vec((text(), text(), text()), 0..6)) {
        let traces: Vec<_> = (0..)
            .zip(&texts)
            .map(|(id, (op, op_name, remark))| {
                let mut trace = trace(id, op, remark);
                trace.op_name.clone_from(op_name);
                trace
            })
            .collect();
        let rows = rows(&document(&traces, true));

        prop_assert_eq!(rows.len(), texts.len() + 1);
        for (row, (op, op_name, remark)) in rows.iter().skip(1).zip(&texts) {
            prop_assert_eq!(row.len(), 15);
            prop_assert_eq!(original(&row[3]), op);
            prop_assert_eq!(original(&row[4]), op_name);
            prop_assert_eq!(original(&row[9]), remark);
        }
    }
}
