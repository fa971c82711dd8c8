//! Tests of the pages that `wts show` prints.

mod hostile;

use wts_domain::{
    Category, Date, Language, Priority, Status, StudentId, TicketHistory, TicketId, Timestamp,
    Trace, TraceId,
};

use super::page::Page;
use crate::terminal::{Words, Zone};

fn timestamp(text: &str) -> Timestamp {
    Timestamp::from_rfc3339(text).unwrap()
}

fn ticket() -> TicketId {
    TicketId::new(123).unwrap()
}

fn trace(id: i64, at: &str, op: &str, status: Option<Status>, remark: &str) -> Trace {
    let mut trace = Trace::new(TraceId::new(id), ticket(), timestamp(at), op.into());
    trace.new_status = status;
    remark.clone_into(&mut trace.remark);
    trace
}

fn history(traces: Vec<Trace>) -> TicketHistory {
    TicketHistory::new(StudentId::from("2024310001"), traces)
}

/// A ticket that was reopened once and is postponed.
fn reopened() -> TicketHistory {
    let mut filed = trace(
        1,
        "2025-12-06T10:00:00Z",
        "-2",
        Some(Status::Fresh),
        "提交了报修",
    );
    filed.new_priority = Some(Priority::Mainline);
    filed.new_category = Some(Category::LowSpeed);
    let mut scheduled = trace(
        3,
        "2025-12-06T15:30:00Z",
        "W007",
        Some(Status::Scheduled),
        "",
    );
    scheduled.op_name = "詹姆斯".to_owned();
    scheduled.new_appointment = Some(Date::from_ymd(2025, 12, 8).unwrap());
    let mut solved = trace(
        7,
        "2025-12-08T02:00:00Z",
        "W007",
        Some(Status::Solved),
        "好了。",
    );
    solved.op_name = "詹姆斯".to_owned();
    let reopened = trace(
        8,
        "2025-12-08T03:00:00Z",
        "W001",
        Some(Status::Fresh),
        "又断了",
    );
    let mut delayed = trace(9, "2025-12-08T04:00:00Z", "-1", Some(Status::Delay), "");
    delayed.new_priority = Some(Priority::Mainline);
    history(vec![filed, scheduled, solved, reopened, delayed])
}

struct Options {
    language: Language,
    width: usize,
    as_of: Option<&'static str>,
}

const CHINESE: Options = Options {
    language: Language::Chinese,
    width: 60,
    as_of: None,
};
const ENGLISH: Options = Options {
    language: Language::English,
    ..CHINESE
};

/// Returns the page in UTC at noon on 2025-12-08.
fn rendered(history: &TicketHistory, options: &Options, has_color: bool) -> String {
    let now = timestamp("2025-12-08T12:00:00Z");
    let as_of = options.as_of.map(timestamp);
    let page = Page {
        ticket: ticket(),
        history,
        as_of,
        now: as_of.unwrap_or(now).min(now),
        zone: &Zone::utc(),
        words: Words::new(options.language),
        width: options.width,
        has_color,
    };
    page.render()
}

/// Returns the page without styles.
fn shown(history: &TicketHistory, options: &Options) -> String {
    anstream::adapter::strip_str(&rendered(history, options, false)).to_string()
}

#[test]
fn chinese_page_shows_state_times_and_changes() {
    let expected = "\
工单 123

状态      改日修  自 2025-12-08 04:00 起，已有 8 小时
优先级    主线任务
预约日期  2025-12-08
类型      网速慢
报修人    2024310001
首条记录  2025-12-06 10:00
最新记录  2025-12-08 04:00
时区      UTC

░░░░░░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒==░░▓▓▓▓▓▓▓▓▓▓
░ 待解决 6 小时 30 分 (2 次)   ▒ 已预约 1 天 10 小时
= 已解决 1 小时   ▓ 改日修 8 小时   共 2 天 2 小时

2025-12-06 周六 ────────────────────────────────────────────
  10:00 ● 用户                                            #1
        │ 状态 待解决   优先级 主线任务   类型 网速慢
        ┊ 提交了报修
  15:30 ● 詹姆斯 W007                                     #3
        │ 状态 待解决 → 已预约   预约日期 2025-12-08

2025-12-08 周一 ────────────────────────────────────────────
  02:00 ● 詹姆斯 W007                                     #7
        │ 状态 已预约 → 已解决
        ┊ 好了。
  03:00 ● 网维人员 W001                                   #8
        │ 状态 已解决 → 待解决
        ┊ 又断了
  04:00 ● 系统                                            #9
        │ 状态 待解决 → 改日修   优先级 主线任务 (不变)

共 5 条记录
";
    assert_eq!(shown(&reopened(), &CHINESE), expected);
}

#[test]
fn english_page_shows_state_times_and_changes() {
    let expected = "\
Ticket 123

Status       Postponed  since 2025-12-08 04:00, for 8 h so
             far
Priority     Main line
Appointment  2025-12-08
Category     Slow network
Filed by     2024310001
First trace  2025-12-06 10:00
Last trace   2025-12-08 04:00
Time zone    UTC

░░░░░░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒==░░▓▓▓▓▓▓▓▓▓▓
░ Open 6 h 30 min (2 times)   ▒ Scheduled 1 d 10 h
= Solved 1 h   ▓ Postponed 8 h   total 2 d 2 h

2025-12-06 Sat ─────────────────────────────────────────────
  10:00 ● User                                            #1
        │ Status Open   Priority Main line
        │ Category Slow network
        ┊ 提交了报修
  15:30 ● 詹姆斯 W007                                     #3
        │ Status Open → Scheduled   Appointment 2025-12-08

2025-12-08 Mon ─────────────────────────────────────────────
  02:00 ● 詹姆斯 W007                                     #7
        │ Status Scheduled → Solved
        ┊ 好了。
  03:00 ● Operator W001                                   #8
        │ Status Solved → Open
        ┊ 又断了
  04:00 ● System                                          #9
        │ Status Open → Postponed
        │ Priority Main line (unchanged)

5 traces
";
    assert_eq!(shown(&reopened(), &ENGLISH), expected);
}

#[test]
fn narrow_page_is_wrapped() {
    let expected = "\
工单 123

状态      改日修  自
          2025-12-08 04:00
          起，已有 8 小时
优先级    主线任务
预约日期  2025-12-08
类型      网速慢
报修人    2024310001
首条记录  2025-12-06 10:00
最新记录  2025-12-08 04:00
时区      UTC

░░░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒==░▓▓▓▓▓
░ 待解决 6 小时 30 分 (2 次)
▒ 已预约 1 天 10 小时
= 已解决 1 小时
▓ 改日修 8 小时
共 2 天 2 小时

2025-12-06 周六 ──────────────
  10:00 ● 用户              #1
        │ 状态 待解决
        │ 优先级 主线任务
        │ 类型 网速慢
        ┊ 提交了报修
  15:30 ● 詹姆斯 W007       #3
        │ 状态 待解决 → 已预约
        │ 预约日期 2025-12-08

2025-12-08 周一 ──────────────
  02:00 ● 詹姆斯 W007       #7
        │ 状态 已预约 → 已解决
        ┊ 好了。
  03:00 ● 网维人员 W001     #8
        │ 状态 已解决 → 待解决
        ┊ 又断了
  04:00 ● 系统              #9
        │ 状态 待解决 → 改日修
        │ 优先级 主线任务 (不
        │ 变)

共 5 条记录
";
    let narrow = Options {
        width: 30,
        ..CHINESE
    };
    assert_eq!(shown(&reopened(), &narrow), expected);
}

#[test]
fn page_as_of_a_time_shows_the_state_at_that_time() {
    let expected = "\
Ticket 123   As of 2025-12-06 12:00

Status       Open  since 2025-12-06 10:00, for 2 h so far
Priority     Main line
Appointment  not set
Category     Slow network
Filed by     2024310001
First trace  2025-12-06 10:00
Last trace   2025-12-06 10:00
Time zone    UTC

░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
░ Open 2 h

2025-12-06 Sat ─────────────────────────────────────────────
  10:00 ● User                                            #1
        │ Status Open   Priority Main line
        │ Category Slow network
        ┊ 提交了报修

1 trace, 4 more after this time
";
    let noon = Options {
        as_of: Some("2025-12-06T12:00:00Z"),
        ..ENGLISH
    };
    assert_eq!(shown(&reopened(), &noon), expected);
}

#[test]
fn page_before_the_first_trace_is_empty() {
    let expected = "\
工单 123   截至 2025-12-06 09:00

报修人  2024310001
时区    UTC

此时还没有记录

共 0 条记录，另有 5 条在此之后
";
    let early = Options {
        as_of: Some("2025-12-06T09:00:00Z"),
        ..CHINESE
    };
    assert_eq!(shown(&reopened(), &early), expected);
}

#[test]
fn ticket_without_traces_has_a_finding() {
    let expected = "\
工单 123

报修人  2024310001
时区    UTC

! 没有任何记录

共 0 条记录
";
    assert_eq!(shown(&history(vec![]), &CHINESE), expected);
}

#[test]
fn days_name_the_offset_if_it_changes() {
    let history = history(vec![
        trace(1, "2025-10-25T12:00:00Z", "-2", Some(Status::Fresh), ""),
        trace(2, "2025-10-26T12:00:00Z", "-1", None, ""),
    ]);
    let page = Page {
        ticket: ticket(),
        history: &history,
        as_of: None,
        now: timestamp("2025-10-27T12:00:00Z"),
        zone: &Zone::named("CET-1CEST,M3.5.0,M10.5.0/3").unwrap(),
        words: Words::new(Language::English),
        width: 60,
        has_color: false,
    };
    let page = page.render();
    for heading in ["2025-10-25 Sat UTC+02:00", "2025-10-26 Sun UTC+01:00"] {
        assert!(page.contains(heading), "{page}");
    }
}
