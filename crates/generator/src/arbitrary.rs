//! Proptest strategies for ticket histories with unusual values: Unicode text, infinite timestamps, and numbers at the
//! limits of their types.

use std::{collections::BTreeSet, ops::Range};

use proptest::{collection::vec, option, prelude::*, sample::select};
use wts_app::Record;
use wts_domain::{
    Access, Category, Date, Priority, StaffId, StaffMember, Status, StudentId, Ticket, TicketId,
    Timestamp, Trace, TraceId,
};

/// The range of finite timestamps in PostgreSQL, in microseconds since 2000-01-01.
const POSTGRES_TIMESTAMPS: Range<i64> = -211_813_488_000_000_000..9_223_371_331_200_000_000;
/// The range of finite dates in PostgreSQL, in days since 2000-01-01.
const POSTGRES_DATES: Range<i32> = -2_451_545..2_145_031_949;

/// Generates sorted histories with arbitrary values, as an export file can contain them.
pub fn any_histories() -> impl Strategy<Value = Vec<Record>> {
    FieldStrategies::any()
        .staff_and_tickets()
        .prop_map(into_sorted_records)
}

/// Generates histories that SQLite can store: trace ids are unique, and the operator of every trace is a staff member.
pub fn sqlite_histories() -> impl Strategy<Value = Vec<Record>> {
    FieldStrategies::any()
        .staff_and_tickets()
        .prop_map(make_consistent)
        .prop_map(into_sorted_records)
}

/// Generates histories that both PostgreSQL and SQLite can store: consistent, without U+0000, and with timestamps and
/// dates in the range of PostgreSQL.
pub fn postgres_histories() -> impl Strategy<Value = Vec<Record>> {
    let staff_and_tickets = FieldStrategies::storable().staff_and_tickets();
    staff_and_tickets
        .prop_map(make_consistent)
        .prop_map(into_sorted_records)
}

/// The strategies for the values of fields.
struct FieldStrategies {
    text: BoxedStrategy<String>,
    time: BoxedStrategy<Timestamp>,
    day: BoxedStrategy<Date>,
}

/// The staff members, and the tickets with their traces.
type StaffAndTickets = (Vec<StaffMember>, Vec<(Ticket, Vec<Trace>)>);

impl FieldStrategies {
    fn any() -> Self {
        let text = prop_oneof![
            any::<String>(),
            vec(any::<char>(), 0..40).prop_map(String::from_iter),
            "[\\x00-\\x1f\"\\\\\u{7f}\u{2028}\u{feff}]{0,12}",
            select(&[
                "",
                "\0",
                "\\N",
                "\\.",
                "null",
                "\u{10ffff}",
                "{\"type\":\"end\"}\n",
                "\r\n",
                "e\u{301}",
                "\u{e9}",
            ])
            .prop_map(str::to_owned),
        ];
        let limits = [
            i64::MIN,
            i64::MIN + 1,
            -1,
            0,
            1,
            500_000,
            i64::MAX - 1,
            i64::MAX,
        ];
        let recent = 800_000_000_000_000..900_000_000_000_000_i64;
        let day_limits = [i32::MIN, i32::MIN + 1, 0, i32::MAX - 1, i32::MAX];
        Self::new(
            text,
            prop_oneof![any::<i64>(), select(limits.to_vec()), recent],
            prop_oneof![any::<i32>(), select(day_limits.to_vec())],
        )
    }

    fn storable() -> Self {
        let text = Self::any().text.prop_map(|text| text.replace('\0', ""));
        let (times, days) = (POSTGRES_TIMESTAMPS, POSTGRES_DATES);
        let limits = [times.start, times.end - 1, i64::MIN, i64::MAX, -1, 0, 1];
        let day_limits = [days.start, days.end - 1, i32::MIN, i32::MAX, 0];
        Self::new(
            text,
            prop_oneof![times, select(limits.to_vec())],
            prop_oneof![days, select(day_limits.to_vec())],
        )
    }

    fn new(
        text: impl Strategy<Value = String> + 'static,
        micros: impl Strategy<Value = i64> + 'static,
        days: impl Strategy<Value = i32> + 'static,
    ) -> Self {
        Self {
            text: text.boxed(),
            time: micros.prop_map(Timestamp::from_micros_since_2000).boxed(),
            day: days.prop_map(Date::from_days_since_2000).boxed(),
        }
    }

    fn staff_and_tickets(self) -> impl Strategy<Value = StaffAndTickets> {
        let history = (self.ticket(), vec(self.trace(), 0..5));
        (vec(self.staff(), 0..4), vec(history, 0..5))
    }

    fn staff(&self) -> impl Strategy<Value = StaffMember> + use<> {
        let (id, sid, name) = (self.text.clone(), self.text.clone(), self.text.clone());
        (id, sid, select(Access::ALL), name).prop_map(|(id, sid, access, name)| {
            let mut staff = StaffMember::new(StaffId::from(id), StudentId::from(sid), access);
            staff.name = name;
            staff
        })
    }

    fn ticket(&self) -> impl Strategy<Value = Ticket> + use<> {
        let ids = select(vec![1, i64::from(i32::MAX) + 1, i64::MAX]);
        let id = prop_oneof![1..50_i64, ids].prop_filter_map("positive", TicketId::new);
        let (text, time) = (self.text.clone(), self.time.clone());
        let texts = (text.clone(), text.clone(), option::of(text));
        let times = (time.clone(), option::of(time.clone()), option::of(time));
        let labels = (
            select(Category::ALL),
            select(Priority::ALL),
            select(Status::ALL),
        );
        (id, texts, times, option::of(self.day.clone()), labels).prop_map(
            |(id, texts, times, appointed_at, (category, priority, status))| {
                let (issuer, description, notes) = texts;
                let (submitted_at, occur_at, last_updated_at) = times;
                let issuer = StudentId::from(issuer);
                let mut ticket = Ticket::new(id, issuer, submitted_at, category, description);
                (ticket.occur_at, ticket.last_updated_at) = (occur_at, last_updated_at);
                (ticket.notes, ticket.appointed_at) = (notes, appointed_at);
                (ticket.priority, ticket.status) = (priority, status);
                ticket
            },
        )
    }

    /// Generates traces with a placeholder ticket id, which [`into_sorted_records`] replaces.
    fn trace(&self) -> impl Strategy<Value = Trace> + use<> {
        let id = prop_oneof![any::<i64>(), 0..100_i64, select(vec![i64::MIN, i64::MAX])];
        let ticket = Just(1).prop_filter_map("positive", TicketId::new);
        let changes = (
            option::of(select(Status::ALL)),
            option::of(select(Priority::ALL)),
            option::of(self.day.clone()),
            option::of(select(Category::ALL)),
        );
        let (op, remark) = (self.text.clone(), self.text.clone());
        (id, ticket, self.time.clone(), op, changes, remark).prop_map(
            |(id, ticket, time, op, changes, remark)| {
                let mut trace = Trace::new(TraceId::new(id), ticket, time, StaffId::from(op));
                (trace.new_status, trace.new_priority) = (changes.0, changes.1);
                (trace.new_appointment, trace.new_category) = (changes.2, changes.3);
                trace.remark = remark;
                trace
            },
        )
    }
}

/// Makes trace ids unique, and replaces the operator of each trace with a staff member.
fn make_consistent((mut staff, mut tickets): StaffAndTickets) -> StaffAndTickets {
    if staff.is_empty() {
        let (id, student) = (StaffId::from("W007"), StudentId::from("2022310007"));
        staff.push(StaffMember::new(id, student, Access::FormalMember));
    }
    let mut students = BTreeSet::new();
    staff.retain(|member| students.insert(member.student.as_str().to_owned()));
    let mut used_ids = BTreeSet::new();
    let mut staff_ids = staff.iter().map(|member| &member.id).cycle();
    for trace in tickets.iter_mut().flat_map(|(_, traces)| traces) {
        while !used_ids.insert(trace.id) {
            trace.id = TraceId::new(trace.id.get().wrapping_add(1));
        }
        if let Some(id) = staff_ids.next() {
            trace.op = id.clone();
        }
    }
    (staff, tickets)
}

/// Sorts all records, removes duplicates, and sets the ticket id of each trace.
fn into_sorted_records((mut staff, mut tickets): StaffAndTickets) -> Vec<Record> {
    staff.sort_by(|a, b| a.id.cmp(&b.id));
    staff.dedup_by(|a, b| a.id == b.id);
    let mut students = BTreeSet::new();
    staff.retain(|member| students.insert(member.student.as_str().to_owned()));
    tickets.sort_by_key(|(ticket, _)| ticket.id);
    tickets.dedup_by_key(|(ticket, _)| ticket.id);
    let histories = tickets.into_iter().flat_map(|(ticket, mut traces)| {
        traces.sort_by_key(|trace| (trace.updated_at, trace.id));
        traces.dedup_by_key(|trace| (trace.updated_at, trace.id));
        for trace in &mut traces {
            trace.ticket = ticket.id;
        }
        let traces = traces.into_iter().map(Record::Trace);
        std::iter::once(Record::Ticket(ticket)).chain(traces)
    });
    let staff = staff.into_iter().map(Record::Staff);
    staff.chain(histories).collect()
}
