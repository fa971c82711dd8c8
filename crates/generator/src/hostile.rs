//! Histories as odd as the types allow, for property tests: text of every plane, the ends of time, numbers at the edges.

use std::collections::BTreeSet;

use proptest::{collection::vec, option, prelude::*, sample::select};
use wts_app::Record;
use wts_domain::{
    Access, Category, Day, Priority, StaffId, StaffMember, Status, StudentId, Ticket, TicketId,
    Timestamp, Trace, TraceId,
};

/// What PostgreSQL holds, in microseconds and in days since 2000-01-01.
const MOMENTS: std::ops::Range<i64> = -211_813_488_000_000_000..9_223_371_331_200_000_000;
const DAYS: std::ops::Range<i32> = -2_451_545..2_145_031_949;

/// Histories that are odd in every respect but the order in which they come, as a file may hold them.
pub fn histories() -> impl Strategy<Value = Vec<Record>> {
    parts(text(), moment(), day()).prop_map(flat)
}

/// The same, but such that they may stand in SQLite: nothing has the number of another, and whoever acted is there.
pub fn consistent_histories() -> impl Strategy<Value = Vec<Record>> {
    parts(text(), moment(), day()).prop_map(|parts| flat(consistent(parts)))
}

/// The same, but such that they may stand in PostgreSQL, too: without U+0000, and within its calendar.
pub fn storable_histories() -> impl Strategy<Value = Vec<Record>> {
    let text = text().prop_map(|text| text.replace('\0', ""));
    let moment = prop_oneof![
        MOMENTS,
        select(vec![
            MOMENTS.start,
            MOMENTS.end - 1,
            i64::MIN,
            i64::MAX,
            -1,
            0,
            1
        ]),
    ];
    let day = prop_oneof![
        DAYS,
        select(vec![DAYS.start, DAYS.end - 1, i32::MIN, i32::MAX, 0]),
    ];
    parts(text, moment, day).prop_map(|parts| flat(consistent(parts)))
}

type Parts = (Vec<StaffMember>, Vec<(Ticket, Vec<Trace>)>);

fn text() -> impl Strategy<Value = String> + Clone {
    prop_oneof![
        any::<String>(),
        vec(any::<char>(), 0..40).prop_map(|chars| chars.into_iter().collect()),
        "[\\x00-\\x1f\"\\\\\u{7f}\u{2028}\u{feff}]{0,12}",
        select(vec![
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
    ]
}

fn moment() -> impl Strategy<Value = i64> + Clone {
    prop_oneof![
        any::<i64>(),
        select(vec![
            i64::MIN,
            i64::MIN + 1,
            -1,
            0,
            1,
            500_000,
            i64::MAX - 1,
            i64::MAX
        ]),
        800_000_000_000_000..900_000_000_000_000_i64,
    ]
}

fn day() -> impl Strategy<Value = i32> + Clone {
    prop_oneof![
        any::<i32>(),
        select(vec![i32::MIN, i32::MIN + 1, 0, i32::MAX - 1, i32::MAX]),
    ]
}

fn parts(
    text: impl Strategy<Value = String> + Clone + 'static,
    moment: impl Strategy<Value = i64> + Clone + 'static,
    day: impl Strategy<Value = i32> + Clone + 'static,
) -> impl Strategy<Value = Parts> {
    let moment = moment.prop_map(Timestamp::from_micros_since_2000);
    let day = day.prop_map(Day::from_days_since_2000);
    let history = (
        ticket(text.clone(), moment.clone(), day.clone()),
        vec(trace(text.clone(), moment, day), 0..5),
    );
    (vec(staff(text), 0..4), vec(history, 0..5))
}

fn staff(text: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = StaffMember> {
    (text.clone(), text.clone(), select(Access::ALL), text).prop_map(|(id, sid, access, name)| {
        let mut staff = StaffMember::new(StaffId::from(id), StudentId::from(sid), access);
        staff.name = name;
        staff
    })
}

fn ticket(
    text: impl Strategy<Value = String> + Clone,
    moment: impl Strategy<Value = Timestamp> + Clone,
    day: impl Strategy<Value = Day> + Clone,
) -> impl Strategy<Value = Ticket> {
    (
        prop_oneof![
            1..50_i64,
            select(vec![1, i64::from(i32::MAX) + 1, i64::MAX])
        ],
        (text.clone(), text.clone(), option::of(text)),
        (
            moment.clone(),
            option::of(moment.clone()),
            option::of(moment),
        ),
        option::of(day),
        (
            select(Category::ALL),
            select(Priority::ALL),
            select(Status::ALL),
        ),
    )
        .prop_filter_map(
            "positive",
            |(number, texts, moments, appointed_at, labels)| {
                let (issuer, description, notes) = texts;
                let (submitted_at, occur_at, last_updated_at) = moments;
                let issuer = StudentId::from(issuer);
                let id = TicketId::new(number)?;
                let mut ticket = Ticket::new(id, issuer, submitted_at, labels.0, description);
                (ticket.occur_at, ticket.notes, ticket.appointed_at) =
                    (occur_at, notes, appointed_at);
                (ticket.priority, ticket.status) = (labels.1, labels.2);
                ticket.last_updated_at = last_updated_at;
                Some(ticket)
            },
        )
}

fn trace(
    text: impl Strategy<Value = String> + Clone,
    moment: impl Strategy<Value = Timestamp> + Clone,
    day: impl Strategy<Value = Day> + Clone,
) -> impl Strategy<Value = Trace> {
    let id = prop_oneof![any::<i64>(), 0..100_i64, select(vec![i64::MIN, i64::MAX])];
    let changes = (
        option::of(select(Status::ALL)),
        option::of(select(Priority::ALL)),
        option::of(day),
        option::of(select(Category::ALL)),
    );
    (id, moment, text.clone(), changes, text).prop_filter_map(
        "some ticket's",
        |(id, moment, op, changes, remark)| {
            let ticket = TicketId::new(1)?;
            let mut trace = Trace::new(TraceId::new(id), ticket, moment, StaffId::from(op));
            (trace.new_status, trace.new_priority) = (changes.0, changes.1);
            (trace.new_appointment, trace.new_category) = (changes.2, changes.3);
            trace.remark = remark;
            Some(trace)
        },
    )
}

/// Gives no two the same number, and lets only those act who are there.
fn consistent((mut staff, mut tickets): Parts) -> Parts {
    if staff.is_empty() {
        let (id, student) = (StaffId::from("W007"), StudentId::from("2022310007"));
        staff.push(StaffMember::new(id, student, Access::FormalMember));
    }
    let mut students = BTreeSet::new();
    staff.retain(|member| students.insert(member.student.as_str().to_owned()));
    let mut taken = BTreeSet::new();
    let mut actors = staff.iter().map(|member| &member.id).cycle();
    for trace in tickets.iter_mut().flat_map(|(_, traces)| traces) {
        while !taken.insert(trace.id) {
            trace.id = TraceId::new(trace.id.get().wrapping_add(1));
        }
        if let Some(actor) = actors.next() {
            trace.op = actor.clone();
        }
    }
    (staff, tickets)
}

/// Puts everything in order.
fn flat((mut staff, mut tickets): Parts) -> Vec<Record> {
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
