//! Generates the history of one ticket.

use fastrand::Rng;
use wts_domain::{
    Category, Priority, StaffId, Status, StudentId, Ticket, TicketId, Trace, TraceId,
};

use crate::{
    calendar::{Calendar, DAY, HOUR, MINUTE, local_date, midnight, timestamp},
    phrases::{
        CANCELED_REMARKS, COMMENT_REMARKS, DELAYED_REMARKS, ESCALATED_REMARKS, NOTES, PROBLEMS,
        REOPENED_REMARKS, SCHEDULED_REMARKS, SOLVED_REMARKS, SPECIAL_CHARACTERS,
        SYSTEM_ESCALATION_REMARK,
    },
    sample_data::{SampleData, staff_id},
};

/// The start of working hours as a time of day in UTC, which is 08:00 local time.
const WORK_START: i64 = 0;
/// The end of working hours as a time of day in UTC, which is 22:00 local time.
const WORK_END: i64 = 14 * HOUR;
/// The maximum number of traces of a ticket.
const MAX_TRACES: usize = 1_000;

/// A ticket and its traces, which have no ids yet.
pub(crate) struct History {
    pub(crate) ticket: Ticket,
    pub(crate) traces: Vec<Trace>,
}

/// Generates the history of the ticket with this index and id.
pub(crate) fn generate_history(
    data: &SampleData,
    calendar: &Calendar,
    index: u64,
    id: TicketId,
) -> History {
    if index == 0 {
        return documented_example(data, id);
    }
    let mut rng = data.rng(index);
    let submitted_at_micros = match index {
        // This time is between the two traces of the documented example, so that these traces have the ids 1 and 3.
        1 => midnight(0) + 11 * HOUR + 42 * MINUTE,
        _ => calendar.submission_time(index - 2, data.tickets - 2, rng.u32(..)),
    };
    let mut simulation = TicketSimulation::new(data, rng, id, submitted_at_micros);
    if index == 1 {
        simulation.now = midnight(1);
    }
    simulation.run_until(calendar.end());
    simulation.history
}

/// Returns the history of the API document's example.
fn documented_example(data: &SampleData, id: TicketId) -> History {
    let submitted_at_micros = midnight(0) + 10 * HOUR;
    let solved_at = midnight(0) + 15 * HOUR + 30 * MINUTE;
    let mut history = History::new(Ticket::new(
        id,
        data.student(0),
        timestamp(submitted_at_micros),
        Category::FirstInstall,
        "宿舍没有网络,指示灯不亮。".to_owned(),
    ));
    let mut created = new_trace(
        id,
        submitted_at_micros,
        StaffId::from(StaffId::SYSTEM),
        "工单已创建",
    );
    created.new_status = Some(Status::Fresh);
    created.new_priority = Some(Priority::Mainline);
    history.push(created);
    let remark = "问题已解决,用户确认网络恢复正常。";
    let mut solved = new_trace(id, solved_at, staff_id(7), remark);
    solved.new_status = Some(Status::Solved);
    history.push(solved);
    history
}

/// A simulation of the work on one ticket.
struct TicketSimulation<'a> {
    data: &'a SampleData,
    rng: Rng,
    history: History,
    now: i64,
    /// The staff member who does most of the work.
    assignee: StaffId,
    /// The probability that the next trace solves the ticket, in thousandths.
    solve_per_mille: u16,
}

impl<'a> TicketSimulation<'a> {
    fn new(data: &'a SampleData, mut rng: Rng, id: TicketId, submitted_at_micros: i64) -> Self {
        let (category, problem) = choose(&mut rng, &PROBLEMS);
        let description = vary(&mut rng, problem);
        let issuer = random_issuer(data, &mut rng);
        let mut ticket = Ticket::new(
            id,
            issuer,
            timestamp(submitted_at_micros),
            category,
            description,
        );
        if rng.u8(..10) < 3 {
            ticket.priority = choose(&mut rng, &[Priority::Normal, Priority::InPassing]);
        }
        if rng.u8(..20) < 17 {
            ticket.occur_at = Some(timestamp(
                submitted_at_micros - rng.i64(5 * MINUTE..3 * DAY) / MINUTE * MINUTE,
            ));
        }
        if rng.u8(..5) == 0 {
            let note = choose(&mut rng, &NOTES);
            ticket.notes = Some(vary(&mut rng, note));
        }
        if rng.u8(..10) < 4 {
            ticket.appointed_at = Some(local_date(submitted_at_micros + rng.i64(1..5) * DAY));
        }
        // The first trace is the one that a trigger of the WTS v3 database inserts for a new ticket.
        let mut created = new_trace(
            id,
            submitted_at_micros,
            StaffId::from(StaffId::USER),
            "提交了报修",
        );
        created.new_status = Some(ticket.status);
        created.new_priority = Some(ticket.priority);
        created.new_category = Some(ticket.category);
        created.new_appointment = ticket.appointed_at;
        let mut history = History::new(ticket);
        history.push(created);
        let assignee = staff_id(rng.u64(data.staff_numbers()));
        let solve_per_mille = match rng.u16(..) {
            0 => 2,
            1..=40 => 30,
            _ => 240,
        };
        Self {
            data,
            rng,
            history,
            now: submitted_at_micros,
            assignee,
            solve_per_mille,
        }
    }

    fn run_until(&mut self, end: i64) {
        loop {
            self.now = self.next_time();
            if self.now >= end || self.history.traces.len() >= MAX_TRACES {
                break;
            }
            let Some(trace) = self.next_trace() else {
                break;
            };
            self.history.push(trace);
        }
    }

    /// Returns the time of the next trace, within working hours. The delay is usually less than two days, but can be
    /// weeks.
    fn next_time(&mut self) -> i64 {
        let delay = match self.rng.u8(..10) {
            0..4 => self.rng.i64(3 * MINUTE * 1_000..6 * HOUR * 1_000) / 1_000,
            4..9 => self.rng.i64(8 * HOUR..2 * DAY),
            // Each doubling of the delay halves its probability.
            _ => {
                let doublings = self.rng.u64(..).trailing_zeros().min(5);
                self.rng.i64(DAY..2 * DAY) << doublings
            }
        };
        let time = self.now + delay;
        let time_of_day = time.rem_euclid(DAY);
        if (WORK_START..WORK_END).contains(&time_of_day) {
            time
        } else {
            time - time_of_day + DAY + self.rng.i64(WORK_START + MINUTE..WORK_END)
        }
    }

    /// Returns the next trace, whose status change is valid; `None` if the history ends.
    fn next_trace(&mut self) -> Option<Trace> {
        let ticket = &self.history.ticket;
        let id = ticket.id;
        let (status, remarks): (Option<Status>, &[&str]) = match ticket.status {
            Status::Solved if self.rng.u8(..100) < 4 => (Some(Status::Fresh), &REOPENED_REMARKS),
            Status::Solved | Status::Canceled => return None,
            status => match self.rng.u16(..1_000) {
                random if random < self.solve_per_mille => (Some(Status::Solved), &SOLVED_REMARKS),
                random if random < self.solve_per_mille + self.solve_per_mille / 8 => {
                    (Some(Status::Canceled), &CANCELED_REMARKS)
                }
                random => match random % 10 {
                    0..4 => (Some(Status::Scheduled), &SCHEDULED_REMARKS),
                    4 => (Some(Status::Escalated), &ESCALATED_REMARKS),
                    5..7 if status != Status::Escalated => (Some(Status::Delay), &DELAYED_REMARKS),
                    7 if self.rng.u8(..100) < 3 => return None, // work stops without a solution
                    _ => (None, &COMMENT_REMARKS),
                },
            },
        };
        let remark = choose(&mut self.rng, remarks);
        let mut trace = new_trace(
            id,
            self.now,
            self.random_op(status),
            &vary(&mut self.rng, remark),
        );
        trace.new_status = status;
        match status {
            Some(Status::Scheduled) => {
                trace.new_appointment = Some(local_date(self.now + self.rng.i64(1..4) * DAY));
            }
            Some(Status::Escalated) => {
                trace.new_priority = Some(Priority::Highest);
                if trace.op.as_str() == StaffId::SYSTEM {
                    SYSTEM_ESCALATION_REMARK.clone_into(&mut trace.remark);
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

    /// Returns the operator of a trace that sets this status.
    fn random_op(&mut self, status: Option<Status>) -> StaffId {
        match (status, self.rng.u8(..10)) {
            (Some(Status::Canceled), 0..8) => StaffId::from(StaffId::USER),
            (Some(Status::Escalated), 0..3) => StaffId::from(StaffId::SYSTEM),
            (_, 0..7) => self.assignee.clone(),
            _ => staff_id(self.rng.u64(self.data.staff_numbers())),
        }
    }
}

impl History {
    fn new(ticket: Ticket) -> Self {
        let traces = Vec::new();
        Self { ticket, traces }
    }

    /// Adds a trace and copies its new values to the ticket.
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

/// Returns a random issuer. More than half of all tickets come from a fifth of the students.
fn random_issuer(data: &SampleData, rng: &mut Rng) -> StudentId {
    let count = if rng.bool() {
        data.student_count() / 5
    } else {
        data.student_count()
    };
    data.student(rng.u64(..count))
}

/// Returns the phrase, sometimes with special characters or repeated on several lines, and rarely as a very long text.
fn vary(rng: &mut Rng, phrase: &str) -> String {
    match rng.u16(..2_000) {
        0 => {
            let repetitions = 40 << rng.u64(..).trailing_zeros().min(7);
            phrase.repeat(repetitions)
        }
        1..10 => format!("{phrase}\n").repeat(rng.usize(3..30)),
        10..100 => format!("{phrase}{}", choose(rng, &SPECIAL_CHARACTERS)),
        _ => phrase.to_owned(),
    }
}

/// Returns a trace with the placeholder id 0.
fn new_trace(ticket: TicketId, at: i64, op: StaffId, remark: &str) -> Trace {
    let mut trace = Trace::new(TraceId::new(0), ticket, timestamp(at), op);
    remark.clone_into(&mut trace.remark);
    trace
}

#[expect(clippy::indexing_slicing, reason = "the slices are not empty")]
fn choose<T: Copy>(rng: &mut Rng, values: &[T]) -> T {
    values[rng.usize(..values.len())]
}
