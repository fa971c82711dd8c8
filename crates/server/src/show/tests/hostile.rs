//! Tests that hostile text in a history cannot control the terminal.

use proptest::prelude::*;
use wts_app::Record;
use wts_domain::{Date, Language, Status, TicketHistory};
use wts_generator::arbitrary::any_histories;

use super::{CHINESE, ENGLISH, Options, history, rendered, reopened, shown, trace};
use crate::{
    show::visible_lines,
    terminal::{assert_harmless, columns_of},
};

/// Traces that a broken or hostile writer could have left.
fn hostile() -> TicketHistory {
    let mut forged = trace(
        5,
        "2025-12-06T10:00:00Z",
        "W0\u{1b}[31m07",
        Some(Status::Solved),
        "\u{1b}[2J\u{202e}evil\n  23:30 ● root\r\n\tend\u{200b}",
    );
    forged.op_name = "a\nb\u{9b}c".to_owned();
    forged.new_appointment = Some(Date::INFINITY);
    let earliest = trace(7, "-infinity", "W007", Some(Status::Canceled), "");
    let latest = trace(6, "infinity", "-2", Some(Status::Delay), "\n\n尾");
    let far = trace(9, "+294276-12-31T23:59:59.999999Z", "-1", None, "");
    history(vec![forged, earliest, latest, far])
}

/// Checks that each line fits into a terminal of this width.
fn assert_fits(page: &str, width: usize) {
    for line in page.lines() {
        assert!(columns_of(line) <= width, "{width}: {line:?}");
    }
}

#[test]
fn hostile_history_is_shown_and_not_obeyed() {
    let expected = "\
Ticket 123

Status       Postponed  since later than any time (infinity)
Priority     not set
Appointment  later than any time (infinity)
Category     not set
Filed by     2024310001
First trace  earlier than any time (-infinity)
Last trace   later than any time (infinity)
Time zone    UTC

- Canceled unknown length   = Solved unknown length
▓ Postponed unknown length

! Creation missing
! Status step not allowed (2 times)
! Ids out of order (2 times)

earlier than any time (-infinity) ──────────────────────────
        ● Operator W007                                   #7
        │ Status Canceled
        │ ! Creation missing

2025-12-06 Sat ─────────────────────────────────────────────
  10:00 ● a<U+000A>b<U+009B>c W0<U+001B>[31m07            #5
        │ Status Canceled → Solved
        │ Appointment later than any time (infinity)
        │ ! Status step not allowed
        │ ! Ids out of order
        ┊ <U+001B>[2J<U+202E>evil
        ┊   23:30 ● root
        ┊ <U+0009>end<U+200B>

+294276-12-31 Sun ──────────────────────────────────────────
  23:59 ● System                                          #9

later than any time (infinity) ─────────────────────────────
        ● User                                            #6
        │ Status Solved → Postponed
        │ ! Status step not allowed
        │ ! Ids out of order
        ┊ 
        ┊ 
        ┊ 尾

4 traces
";
    assert_eq!(shown(&hostile(), &ENGLISH), expected);
}

#[test]
fn body_on_a_terminal_is_shown_and_not_obeyed() {
    let csv = "\u{feff}opid,remark\r\n1,\"\u{1b}[2J\nend\"\r\n";
    let expected = "opid,remark\n1,\"<U+001B>[2J\nend\"\n";
    assert_eq!(visible_lines(csv.as_bytes()), expected);
}

#[test]
fn every_line_fits_into_the_terminal() {
    for width in 20..100 {
        for (history, language) in [
            (reopened(), Language::Chinese),
            (hostile(), Language::English),
        ] {
            let options = Options {
                language,
                width,
                ..CHINESE
            };
            assert_fits(&shown(&history, &options), width);
            assert_harmless(&rendered(&history, &options, true));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn arbitrary_history_is_harmless_and_fits(records in any_histories(), width in 20..120_usize) {
        let traces = records.into_iter().filter_map(|record| match record {
            Record::Trace(mut trace) => {
                trace.op_name.clone_from(&trace.remark);
                Some(trace)
            }
            Record::Staff(_) | Record::Ticket(_) => None,
        });
        let history = history(traces.collect());
        let options = Options { width, ..ENGLISH };
        assert_fits(&shown(&history, &options), width);
        assert_harmless(&rendered(&history, &options, true));
    }
}
