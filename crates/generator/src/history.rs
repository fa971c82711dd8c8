//! The history of one ticket.

use fastrand::Rng;
use wts_domain::{
    Category, Priority, StaffId, Status, StudentId, Ticket, TicketId, Trace, TraceId,
};

use crate::{
    calendar::{Calendar, DAY, HOUR, MINUTE, day, midnight, timestamp},
    campus::{Campus, staff_number},
    phrases::{
        AWKWARD, CANCELLING, DELAYING, ESCALATING, NOTES, NOTING, OVERDUE, REOPENING, SCHEDULING,
        SOLVING, TROUBLES,
    },
};

/// Eight in the morning to ten in the evening on the campus, in UTC.
const WORK_BEGINS: i64 = 0;
const WORK_ENDS: i64 = 14 * HOUR;
/// The most traces of a ticket.
const MAX_TRACES: usize = 1_000;

/// A ticket and its traces, without their numbers.
pub(crate) struct History {
    pub(crate) ticket: Ticket,
    pub(crate) traces: Vec<Trace>,
}

/// Returns the history of the `nth` ticket of a campus.
pub(crate) fn history(campus: &Campus, calendar: &Calendar, nth: u64, id: TicketId) -> History {
    if nth == 0 {
        return documents_example(campus, id);
    }
    let mut rng = campus.rng(nth);
    let filed_at = match nth {
        // Between the two traces of the first, so that those have the numbers that the document gives them.
        1 => midnight(0) + 11 * HOUR + 42 * MINUTE,
        _ => calendar.filing_time(nth - 2, campus.tickets - 2, rng.u32(..)),
    };
    let mut simulation = TicketSimulation::new(campus, rng, id, filed_at);
    if nth == 1 {
        simulation.now = midnight(1);
    }
    simulation.run_until(calendar.end());
    simulation.history
}

/// The first ticket, word for word as the API document has it.
fn documents_example(campus: &Campus, id: TicketId) -> History {
    let filed_at = midnight(0) + 10 * HOUR;
    let solved_at = midnight(0) + 15 * HOUR + 30 * MINUTE;
    let mut history = History::new(Ticket::new(
        id,
        campus.student(0),
        timestamp(filed_at),
        Category::FirstInstall,
        "宿舍没有网络,指示灯不亮。".to_owned(),
    ));
    let mut created = step(id, filed_at, StaffId::from(StaffId::SYSTEM), "工单已创建");
    created.new_status = Some(Status::Fresh);
    created.new_priority = Some(Priority::Mainline);
    history.push(created);
    let remark = "问题已解决,用户确认网络恢复正常。";
    let mut solved = step(id, solved_at, staff_number(7), remark);
    solved.new_status = Some(Status::Solved);
    history.push(solved);
    history
}

/// Simulates the work on a ticket.
struct TicketSimulation<'a> {
    campus: &'a Campus,
    rng: Rng,
    history: History,
    now: i64,
    /// The staff member who has taken it on.
    member: StaffId,
    /// How many of a thousand steps solve it. Some problems last long.
    solvable: u16,
}

impl<'a> TicketSimulation<'a> {
    fn new(campus: &'a Campus, mut rng: Rng, id: TicketId, filed_at: i64) -> Self {
        let (category, trouble) = choose(&mut rng, &TROUBLES);
        let description = remark_of(&mut rng, trouble);
        let issuer = issuer(campus, &mut rng);
        let mut ticket = Ticket::new(id, issuer, timestamp(filed_at), category, description);
        if rng.u8(..10) < 3 {
            ticket.priority = choose(&mut rng, &[Priority::Normal, Priority::InPassing]);
        }
        if rng.u8(..20) < 17 {
            ticket.occur_at = Some(timestamp(
                filed_at - rng.i64(5 * MINUTE..3 * DAY) / MINUTE * MINUTE,
            ));
        }
        if rng.u8(..5) == 0 {
            let note = choose(&mut rng, &NOTES);
            ticket.notes = Some(remark_of(&mut rng, note));
        }
        if rng.u8(..10) < 4 {
            ticket.appointed_at = Some(day(filed_at + rng.i64(1..5) * DAY));
        }
        // The trace that a trigger of the predecessor's database inserts for a new ticket.
        let mut created = step(id, filed_at, StaffId::from(StaffId::USER), "提交了报修");
        created.new_status = Some(ticket.status);
        created.new_priority = Some(ticket.priority);
        created.new_category = Some(ticket.category);
        created.new_appointment = ticket.appointed_at;
        let mut history = History::new(ticket);
        history.push(created);
        let member = staff_number(rng.u64(campus.members()));
        let solvable = match rng.u16(..) {
            0 => 2,
            1..=40 => 30,
            _ => 240,
        };
        Self {
            campus,
            rng,
            history,
            now: filed_at,
            member,
            solvable,
        }
    }

    fn run_until(&mut self, end: i64) {
        loop {
            self.now = self.next_time();
            if self.now >= end || self.history.traces.len() >= MAX_TRACES {
                break;
            }
            let Some(trace) = self.next_step() else {
                break;
            };
            self.history.push(trace);
        }
    }

    /// The time of the next step: soon, on the next day or, at times, in weeks, but in working hours.
    fn next_time(&mut self) -> i64 {
        let later = match self.rng.u8(..10) {
            0..4 => self.rng.i64(3 * MINUTE * 1_000..6 * HOUR * 1_000) / 1_000,
            4..9 => self.rng.i64(8 * HOUR..2 * DAY),
            // Twice as long is half as likely.
            _ => {
                let doublings = self.rng.u64(..).trailing_zeros().min(5);
                self.rng.i64(DAY..2 * DAY) << doublings
            }
        };
        let then = self.now + later;
        let time_of_day = then.rem_euclid(DAY);
        if (WORK_BEGINS..WORK_ENDS).contains(&time_of_day) {
            then
        } else {
            then - time_of_day + DAY + self.rng.i64(WORK_BEGINS + MINUTE..WORK_ENDS)
        }
    }

    /// The next step that the ticket's status allows; `None` if the ticket is left as it is.
    fn next_step(&mut self) -> Option<Trace> {
        let ticket = &self.history.ticket;
        let id = ticket.id;
        let (status, remarks): (Option<Status>, &[&str]) = match ticket.status {
            Status::Solved if self.rng.u8(..100) < 4 => (Some(Status::Fresh), &REOPENING),
            Status::Solved | Status::Canceled => return None,
            now => match self.rng.u16(..1_000) {
                chance if chance < self.solvable => (Some(Status::Solved), &SOLVING),
                chance if chance < self.solvable + self.solvable / 8 => {
                    (Some(Status::Canceled), &CANCELLING)
                }
                chance => match chance % 10 {
                    0..4 => (Some(Status::Scheduled), &SCHEDULING),
                    4 => (Some(Status::Escalated), &ESCALATING),
                    5..7 if now != Status::Escalated => (Some(Status::Delay), &DELAYING),
                    7 if self.rng.u8(..100) < 3 => return None, // forgotten
                    _ => (None, &NOTING),
                },
            },
        };
        let remark = choose(&mut self.rng, remarks);
        let mut trace = step(
            id,
            self.now,
            self.operator(status),
            &remark_of(&mut self.rng, remark),
        );
        trace.new_status = status;
        match status {
            Some(Status::Scheduled) => {
                trace.new_appointment = Some(day(self.now + self.rng.i64(1..4) * DAY));
            }
            Some(Status::Escalated) => {
                trace.new_priority = Some(Priority::Highest);
                if trace.op.as_str() == StaffId::SYSTEM {
                    OVERDUE.clone_into(&mut trace.remark);
                }
            }
            Some(Status::Solved) if self.rng.u8(..10) == 0 => {
                trace.new_category = Some(choose(&mut self.rng, Category::ALL));
            }
            None if self.rng.u8(..4) == 0 => {
                trace.new_priority = Some(choose(&mut self.rng, Priority::ALL));
            }
            _ => {}
        }
        Some(trace)
    }

    fn operator(&mut self, status: Option<Status>) -> StaffId {
        match (status, self.rng.u8(..10)) {
            (Some(Status::Canceled), 0..8) => StaffId::from(StaffId::USER),
            (Some(Status::Escalated), 0..3) => StaffId::from(StaffId::SYSTEM),
            (_, 0..7) => self.member.clone(),
            _ => staff_number(self.rng.u64(self.campus.members())),
        }
    }
}

impl History {
    fn new(ticket: Ticket) -> Self {
        let traces = Vec::new();
        Self { ticket, traces }
    }

    /// Adds a trace and applies its changes to the ticket.
    fn push(&mut self, trace: Trace) {
        let ticket = &mut self.ticket;
        ticket.status = trace.new_status.unwrap_or(ticket.status);
        ticket.priority = trace.new_priority.unwrap_or(ticket.priority);
        ticket.category = trace.new_category.unwrap_or(ticket.category);
        ticket.appointed_at = trace.new_appointment.or(ticket.appointed_at);
        ticket.last_updated_at = Some(trace.updated_at);
        self.traces.push(trace);
    }
}

/// Half of all tickets come from a fifth of the students.
fn issuer(campus: &Campus, rng: &mut Rng) -> StudentId {
    let among = if rng.bool() {
        campus.students() / 5
    } else {
        campus.students()
    };
    campus.student(rng.u64(..among))
}

/// A text as people write: mostly short, at times with characters that break programs, rarely very long.
fn remark_of(rng: &mut Rng, phrase: &str) -> String {
    match rng.u16(..2_000) {
        0 => {
            let length = 40 << rng.u64(..).trailing_zeros().min(7);
            phrase.repeat(length)
        }
        1..10 => format!("{phrase}\n").repeat(rng.usize(3..30)),
        10..100 => format!("{phrase}{}", choose(rng, &AWKWARD)),
        _ => phrase.to_owned(),
    }
}

/// A trace without its number.
fn step(ticket: TicketId, at: i64, op: StaffId, remark: &str) -> Trace {
    let mut trace = Trace::new(TraceId::new(0), ticket, timestamp(at), op);
    remark.clone_into(&mut trace.remark);
    trace
}

#[expect(clippy::indexing_slicing, reason = "none of the lists is empty")]
fn choose<T: Copy>(rng: &mut Rng, list: &[T]) -> T {
    list[rng.usize(..list.len())]
}
