//! Lines as a terminal shows them.

use proptest::prelude::*;
use wts_app::Record;
use wts_domain::{Category, Date, Language, Priority, Status, TicketId, Timestamp, Trace, TraceId};
use wts_generator::arbitrary::any_histories;

use super::*;
use crate::terminal::{assert_harmless, columns_of};

fn trace(at: &str, op: &str, status: Option<Status>, remark: &str) -> Trace {
    let at = Timestamp::from_rfc3339(at).unwrap();
    let mut trace = Trace::new(TraceId::new(7), TicketId::new(123).unwrap(), at, op.into());
    trace.new_status = status;
    remark.clone_into(&mut trace.remark);
    trace
}

/// A ticket that is filed, scheduled and solved.
fn traces() -> Vec<Trace> {
    let filed = Some(Status::Fresh);
    let mut filed = trace("2025-12-06T10:00:00Z", "-2", filed, "提交了报修\n急\n");
    filed.new_priority = Some(Priority::Mainline);
    filed.new_category = Some(Category::LowSpeed);
    let scheduled = Some(Status::Scheduled);
    let remark = "已电话联系,约好上门时间,请带上测线仪";
    let mut scheduled = trace("2025-12-06T15:30:00Z", "W007", scheduled, remark);
    scheduled.op_name = "詹姆斯".to_owned();
    scheduled.new_appointment = Some(Date::from_ymd(2025, 12, 8).unwrap());
    let unchanged = trace("2025-12-06T16:00:00Z", "-1", None, "");
    let mut solved = trace("2025-12-08T02:00:00Z", "W0012", Some(Status::Solved), "");
    solved.op_name = "Bartholomew Longname".to_owned();
    vec![filed, scheduled, unchanged, solved]
}

/// Returns the lines in UTC without styles.
fn shown(traces: &[Trace], language: Language, width: Option<usize>) -> String {
    let mut lines = TraceLines::new(Words::new(language), Zone::utc());
    let lines = traces.iter().flat_map(|trace| lines.of(trace, width));
    lines.map(|line| line.plain() + "\n").collect()
}

#[test]
fn english_lines_fit_the_terminal() {
    let expected = "\
2025-12-06 Sat UTC ─────────────────────────────────────────────────────────────
10:00     123  User              Open  Main line  Slow network  ┊ 提交了报修 ↵…
15:30     123  詹姆斯 W007       Scheduled  Appointment 2025-12-08  ┊ 已电话联…
16:00     123  System
2025-12-08 Mon UTC ─────────────────────────────────────────────────────────────
02:00     123  Bartholomew…      Solved
";
    assert_eq!(shown(&traces(), Language::English, Some(80)), expected);
}

#[test]
fn chinese_lines_fit_the_terminal() {
    let expected = "\
2025-12-06 周六 UTC ──────────────────────────────
10:00     123  用户              待解决  主线任务…
15:30     123  詹姆斯 W007       已预约  预约日期…
16:00     123  系统
2025-12-08 周一 UTC ──────────────────────────────
02:00     123  Bartholomew…      已解决
";
    assert_eq!(shown(&traces(), Language::Chinese, Some(50)), expected);
}

#[test]
fn lines_outside_a_terminal_are_complete() {
    let expected = "\
2025-12-06 10:00     123  User              Open  Main line  Slow network  ┊ 提交了报修 ↵ 急
2025-12-06 15:30     123  詹姆斯 W007       Scheduled  Appointment 2025-12-08  ┊ 已电话联系,约好上门时间,请带上测线仪
2025-12-06 16:00     123  System
2025-12-08 02:00     123  Bartholomew Longname W0012  Solved
";
    assert_eq!(shown(&traces(), Language::English, None), expected);
}

#[test]
fn hostile_trace_is_one_harmless_line() {
    let remark = "\u{1b}[2J\u{202e}evil\r\n\n10:00     124  root\u{200b}";
    let mut forged = trace("infinity", "W0\u{1b}[31m", Some(Status::Solved), remark);
    forged.op_name = "a\nb\u{9b}c".to_owned();
    let expected = "later than any time (infinity)     123  a<U+000A>b<U+009B>c W0<U+001B>[31m  Solved  \
                    ┊ <U+001B>[2J<U+202E>evil ↵ 10:00     124  root<U+200B>\n";
    assert_eq!(shown(&[forged], Language::English, None), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_trace_is_one_harmless_line_that_fits(
        records in any_histories(),
        is_chinese: bool,
        width in 20..130_usize,
    ) {
        let language = if is_chinese { Language::Chinese } else { Language::English };
        for record in records {
            let Record::Trace(mut trace) = record else {
                continue;
            };
            trace.op_name.clone_from(&trace.remark);
            let mut lines = TraceLines::new(Words::new(language), Zone::utc());
            lines.of(&trace, Some(width));
            // The heading of the day is not repeated.
            let shown = lines.of(&trace, Some(width));
            prop_assert_eq!(shown.len(), 1);
            let line = shown[0].to_string();
            assert_harmless(&line);
            prop_assert!(columns_of(&shown[0].plain()) <= width, "{}", line);
            prop_assert!(!line.contains('\n'));
        }
    }
}
