//! A term of tickets: filed, worked on and mostly solved, at the hours and by the rules of the ticket system.

use std::ops::Range;

use fastrand::Rng;
use wts_adapter_db::{Operator, Student};
use wts_domain::{
    Category, Day, Priority, StaffId, Status, StudentId, Ticket, TicketId, Timestamp, Trace,
    TraceId,
};

use super::phrases::{CANCELLING, DELAYING, ESCALATING, REOPENING, SCHEDULING, SOLVING, TROUBLES};

/// The API document's ticket, the first of the term.
const EXAMPLE: i64 = 123;
const TICKETS: usize = 400;
const DAYS: i64 = 126;

// Moments are seconds since 2000-01-01 in UTC.
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// 2025-12-06, the day of the API document's ticket.
const FIRST_DAY: i64 = 9_471 * DAY;
/// Nine in the morning to ten in the evening on a campus eight hours ahead of UTC.
const WORKING_HOURS: Range<i64> = HOUR..14 * HOUR;

/// A term in the making.
pub(super) struct Term<'a> {
    rng: Rng,
    issuer_of_example: &'a Student,
    students: &'a [Student],
    members: Vec<&'a StaffId>,
    tickets: Vec<Ticket>,
    traces: Vec<Trace>,
}

impl<'a> Term<'a> {
    pub(super) fn new(
        rng: Rng,
        issuer_of_example: &'a Student,
        students: &'a [Student],
        operators: &'a [Operator],
    ) -> Self {
        let members = operators
            .iter()
            .map(|operator| &operator.wid)
            .filter(|wid| ![StaffId::SYSTEM, StaffId::USER].contains(&wid.as_str()))
            .collect();
        Self {
            rng,
            issuer_of_example,
            students,
            members,
            tickets: Vec::new(),
            traces: Vec::new(),
        }
    }

    /// Lets the term pass. Traces are numbered as they happened.
    pub(super) fn run(mut self) -> (Vec<Ticket>, Vec<Trace>) {
        let mut ids = (EXAMPLE..).filter_map(TicketId::new).take(TICKETS);
        if let Some(example) = ids.next() {
            self.documents_example(example);
        }
        for (nth, id) in (1..).zip(ids) {
            self.ticket(nth, id);
        }
        self.traces
            .sort_by_key(|trace| (trace.updated_at, trace.ticket));
        for (number, trace) in (1..).zip(&mut self.traces) {
            trace.id = TraceId::new(number);
        }
        (self.tickets, self.traces)
    }

    /// Ticket 123, word for word as the API document has it.
    fn documents_example(&mut self, id: TicketId) {
        let filed_at = FIRST_DAY + 10 * HOUR;
        let issuer = self.issuer_of_example.sid.clone();
        let mut ticket = filed(
            id,
            issuer,
            filed_at,
            Category::FirstInstall,
            "宿舍没有网络,指示灯不亮。",
        );

        let mut created = step(id, filed_at, StaffId::SYSTEM, "工单已创建");
        created.new_status = Some(Status::Fresh);
        created.new_priority = Some(Priority::Mainline);
        self.take(&mut ticket, created);

        let solved_at = FIRST_DAY + 15 * HOUR + 30 * MINUTE;
        let mut solved = step(id, solved_at, "W007", "问题已解决,用户确认网络恢复正常。");
        solved.new_status = Some(Status::Solved);
        self.take(&mut ticket, solved);

        self.tickets.push(ticket);
    }

    /// The term's so-manieth ticket after the first, made up.
    fn ticket(&mut self, nth: i64, id: TicketId) {
        let issuer = self.one_of(self.students).sid.clone();
        let category = *self.one_of(Category::ALL);
        let trouble = *self.one_of(&TROUBLES);
        let filed_at = self.filing_time(nth);
        let mut ticket = filed(id, issuer, filed_at, category, trouble);
        ticket.priority =
            *self.one_of(&[Priority::Mainline, Priority::Normal, Priority::InPassing]);
        ticket.occur_at = Some(moment(filed_at - self.rng.i64(1..48) * HOUR));

        let mut created = step(id, filed_at, StaffId::USER, "提交了报修");
        created.new_status = Some(ticket.status);
        created.new_priority = Some(ticket.priority);
        created.new_category = Some(ticket.category);
        self.take(&mut ticket, created);

        let mut now = self.next_step_after(filed_at);
        while now < FIRST_DAY + DAYS * DAY
            && let Some(trace) = self.next_step(&ticket, now)
        {
            self.take(&mut ticket, trace);
            now = self.next_step_after(now);
        }
        self.tickets.push(ticket);
    }

    /// Tickets come evenly over the term. The second comes between the two traces of the first, so that those have the
    /// numbers of the API document; all others come on later days.
    fn filing_time(&mut self, nth: i64) -> i64 {
        if nth == 1 {
            return FIRST_DAY + 11 * HOUR + 42 * MINUTE;
        }
        let tickets = i64::try_from(TICKETS).unwrap_or(i64::MAX);
        let day = 1 + (DAYS - 1) * nth / tickets;
        FIRST_DAY + day * DAY + self.rng.i64(0..16 * HOUR)
    }

    /// A moment in working hours of a later day.
    fn next_step_after(&mut self, now: i64) -> i64 {
        let next_midnight = (now / DAY + 1) * DAY;
        next_midnight + self.rng.i64(0..3) * DAY + self.rng.i64(WORKING_HOURS)
    }

    /// What somebody does to a ticket, as far as its status allows anything, and nothing where it is left as it is.
    fn next_step(&mut self, ticket: &Ticket, now: i64) -> Option<Trace> {
        let (status, remarks): (Status, &[&str]) = match (ticket.status, self.rng.u8(..100)) {
            (Status::Canceled, _) | (Status::Solved, 3..) => return None,
            (Status::Solved, _) => (Status::Fresh, &REOPENING),
            (_, 0..45) => (Status::Solved, &SOLVING),
            (_, 45..70) => (Status::Scheduled, &SCHEDULING),
            (_, 70..80) => (Status::Escalated, &ESCALATING),
            (_, 80..86) => (Status::Canceled, &CANCELLING),
            (Status::Fresh | Status::Delay | Status::Scheduled, 86..97) => {
                (Status::Delay, &DELAYING)
            }
            _ => return None,
        };
        let op = match status {
            Status::Canceled => StaffId::USER,
            _ => self.one_of(&self.members.clone()).as_str(),
        };
        let remark: &str = self.one_of::<&str>(remarks);
        let mut trace = step(ticket.id, now, op, remark);
        trace.new_status = Some(status);
        match status {
            Status::Scheduled => trace.new_appointment = Some(day(now + self.rng.i64(1..4) * DAY)),
            Status::Escalated => trace.new_priority = Some(Priority::Highest),
            Status::Solved if self.rng.u8(..10) == 0 => {
                trace.new_category = Some(*self.one_of(Category::ALL));
            }
            _ => {}
        }
        Some(trace)
    }

    /// Adds a trace to a ticket's history and carries what it changed over to the ticket.
    fn take(&mut self, ticket: &mut Ticket, trace: Trace) {
        ticket.status = trace.new_status.unwrap_or(ticket.status);
        ticket.priority = trace.new_priority.unwrap_or(ticket.priority);
        ticket.category = trace.new_category.unwrap_or(ticket.category);
        ticket.appointed_at = trace.new_appointment.or(ticket.appointed_at);
        ticket.last_updated_at = Some(trace.updated_at);
        self.traces.push(trace);
    }

    #[expect(clippy::indexing_slicing, reason = "none of the lists is empty")]
    fn one_of<'b, T>(&mut self, list: &'b [T]) -> &'b T {
        &list[self.rng.usize(..list.len())]
    }
}

fn filed(id: TicketId, issuer: StudentId, at: i64, category: Category, trouble: &str) -> Ticket {
    Ticket::new(id, issuer, moment(at), category, trouble.to_owned())
}

/// A trace whose number is not known yet.
fn step(ticket: TicketId, at: i64, op: &str, remark: &str) -> Trace {
    let mut trace = Trace::new(TraceId::new(0), ticket, moment(at), StaffId::from(op));
    remark.clone_into(&mut trace.remark);
    trace
}

fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_micros_since_2000(seconds * 1_000_000)
}

fn day(seconds: i64) -> Day {
    Day::from_days_since_2000(i32::try_from(seconds / DAY).unwrap_or(i32::MAX))
}
