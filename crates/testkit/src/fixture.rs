//! Sample records for tests: a few students, tickets and traces.

use std::sync::Arc;

use wts_app::{HistoryQuery, HistoryRepository, RepositoryError};
use wts_domain::{
    Access, Category, Date, Priority, StaffId, Status, StudentId, Ticket, TicketHistory, TicketId,
    Timestamp, Trace, TraceId,
};

use crate::records::{Operator, Records, Student};

/// The student number of Alice, who submitted ticket 123.
pub const ALICE: &str = "2024310001";
/// The student number of Bob, who submitted all other tickets.
pub const BOB: &str = "2024310002";

/// Returns the timestamp this number of seconds after 2025-12-06T10:00:00Z, the time of the API document's example.
fn after_ten(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_765_015_200 + seconds).expect("the timestamp is in range")
}

/// Returns the id of a ticket.
pub fn ticket(number: i64) -> TicketId {
    TicketId::new(number).expect("the ticket id is positive")
}

/// Reads the history of the ticket with this number.
///
/// # Errors
///
/// Returns the errors of the repository.
pub async fn find(
    histories: &dyn HistoryRepository,
    number: i64,
) -> Result<Option<Arc<TicketHistory>>, RepositoryError> {
    Ok(histories.find(&ticket(number).into()).await?.history)
}

/// Returns a query for the history of a ticket and the rank of a student.
pub fn query_with_rank(number: i64, student: &str) -> HistoryQuery {
    HistoryQuery {
        ticket: ticket(number),
        rank_of: Some(StudentId::from(student)),
    }
}

/// Returns the date of a day.
pub fn day(year: i32, month: u8, day: u8) -> Date {
    Date::from_ymd(year, month, day).expect("the day exists")
}

/// Returns a ticket submitted at 2025-12-06T10:00:00Z.
pub fn ticket_of(number: i64, issuer: &str) -> Ticket {
    let mut ticket = Ticket::new(
        ticket(number),
        StudentId::from(issuer),
        after_ten(0),
        Category::FirstInstall,
        "宿舍没有网络".to_owned(),
    );
    ticket.last_updated_at = Some(after_ten(0));
    ticket
}

/// Returns a trace of ticket `number` by `op`, this number of seconds after 2025-12-06T10:00:00Z.
pub fn trace_of(number: i64, opid: i64, seconds: i64, op: &str, remark: &str) -> Trace {
    let mut trace = Trace::new(
        TraceId::new(opid),
        ticket(number),
        after_ten(seconds),
        StaffId::from(op),
    );
    remark.clone_into(&mut trace.remark);
    trace
}

/// Returns the sample records: Alice's ticket 123, which is the example of the API document; Bob's ticket 124, whose
/// traces change every field and of which two have the same time; and Bob's ticket 125 without traces.
pub fn sample_records() -> Records {
    let student = |sid: &str, name: &str| Student {
        sid: StudentId::from(sid),
        name: name.to_owned(),
    };
    let operator = |wid: &str, sid: &str, access| Operator {
        wid: StaffId::from(wid),
        sid: StudentId::from(sid),
        access,
    };

    let mut created = trace_of(123, 1, 0, StaffId::SYSTEM, "工单已创建");
    created.new_status = Some(Status::Fresh);
    created.new_priority = Some(Priority::Mainline);
    let mut solved = trace_of(123, 3, 19_800, "W007", "问题已解决,用户确认网络恢复正常。");
    solved.new_status = Some(Status::Solved);

    let mut scheduled = trace_of(124, 2, 60, StaffId::USER, "");
    scheduled.new_status = Some(Status::Scheduled);
    scheduled.new_priority = Some(Priority::InPassing);
    scheduled.new_appointment = Some(day(2025, 12, 8));
    scheduled.new_category = Some(Category::ClientOrAccount);
    let earliest = trace_of(124, 9, 0, StaffId::USER, "最早的一条,编号却最大");
    let same_moment = trace_of(
        124,
        5,
        60,
        "W007",
        "\"引号\" \\ 反斜杠\n换行\t制表 😀 \u{10FFFF}",
    );

    Records {
        students: vec![
            student("-1", "(系统操作)"),
            student("-2", "用户"),
            student(ALICE, "爱丽丝"),
            student(BOB, "鲍勃"),
            student("2022310007", "詹姆斯"),
        ],
        operators: vec![
            operator(StaffId::SYSTEM, "-1", Access::Api),
            operator(StaffId::USER, "-2", Access::User),
            operator("W007", "2022310007", Access::FormalMember),
        ],
        tickets: vec![
            ticket_of(123, ALICE),
            ticket_of(124, BOB),
            ticket_of(125, BOB),
        ],
        // The traces are neither sorted nor grouped by ticket.
        traces: vec![solved, same_moment, created, earliest, scheduled],
    }
}
