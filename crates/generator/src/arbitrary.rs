//! Property-test strategies for histories as odd as the types allow: text of every plane, the ends of time, numbers at the
//! edges.

use std::{collections::BTreeSet, ops::Range};

use proptest::{collection::vec, option, prelude::*, sample::select};
use wts_app::Record;
use wts_domain::{
    Access, Category, Day, Priority, StaffId, StaffMember, Status, StudentId, Ticket, TicketId,
    Timestamp, Trace, TraceId,
};

/// What PostgreSQL can store, in microseconds and in days since 2000-01-01.
const TIMES: Range<i64> = -211_813_488_000_000_000..9_223_371_331_200_000_000;
const DAYS: Range<i32> = -2_451_545..2_145_031_949;

/// Histories that are odd in every respect but their order, as a file may hold them.
pub fn histories() -> impl Strategy<Value = Vec<Record>> {
    Values::any().parts().prop_map(in_order)
}

/// Histories that SQLite can store: numbers are unique, and every operator is on the staff.
pub fn consistent_histories() -> impl Strategy<Value = Vec<Record>> {
    Values::any()
        .parts()
        .prop_map(consistent)
        .prop_map(in_order)
}

/// Histories that PostgreSQL can store, too: without U+0000, and within its calendar.
pub fn storable_histories() -> impl Strategy<Value = Vec<Record>> {
    let parts = Values::storable().parts();
    parts.prop_map(consistent).prop_map(in_order)
}

/// The values that fields are filled with.
struct Values {
    text: BoxedStrategy<String>,
    time: BoxedStrategy<Timestamp>,
    day: BoxedStrategy<Day>,
}

/// The staff, and the tickets with their traces.
type Parts = (Vec<StaffMember>, Vec<(Ticket, Vec<Trace>)>);

impl Values {
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
        let edges = [
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
        let days = [i32::MIN, i32::MIN + 1, 0, i32::MAX - 1, i32::MAX];
        Self::new(
            text,
            prop_oneof![any::<i64>(), select(edges.to_vec()), recent],
            prop_oneof![any::<i32>(), select(days.to_vec())],
        )
    }

    fn storable() -> Self {
        let text = Self::any().text.prop_map(|text| text.replace('\0', ""));
        let edges = [TIMES.start, TIMES.end - 1, i64::MIN, i64::MAX, -1, 0, 1];
        let days = [DAYS.start, DAYS.end - 1, i32::MIN, i32::MAX, 0];
        Self::new(
            text,
            prop_oneof![TIMES, select(edges.to_vec())],
            prop_oneof![DAYS, select(days.to_vec())],
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
            day: days.prop_map(Day::from_days_since_2000).boxed(),
        }
    }

    fn parts(self) -> impl Strategy<Value = Parts> {
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

    /// Traces of a ticket that [`in_order`] replaces.
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

/// Makes numbers unique and replaces operators by members of the staff.
fn consistent((mut staff, mut tickets): Parts) -> Parts {
    if staff.is_empty() {
        let (id, student) = (StaffId::from("W007"), StudentId::from("2022310007"));
        staff.push(StaffMember::new(id, student, Access::FormalMember));
    }
    let mut students = BTreeSet::new();
    staff.retain(|member| students.insert(member.student.as_str().to_owned()));
    let mut taken = BTreeSet::new();
    let mut operators = staff.iter().map(|member| &member.id).cycle();
    for trace in tickets.iter_mut().flat_map(|(_, traces)| traces) {
        while !taken.insert(trace.id) {
            trace.id = TraceId::new(trace.id.get().wrapping_add(1));
        }
        if let Some(operator) = operators.next() {
            trace.op = operator.clone();
        }
    }
    (staff, tickets)
}

/// Puts everything in order.
fn in_order((mut staff, mut tickets): Parts) -> Vec<Record> {
    staff.sort_by(|one, other| one.id.cmp(&other.id));
    staff.dedup_by(|one, other| one.id == other.id);
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
