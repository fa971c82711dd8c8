//! The entity tag of a response with traces.

use actix_web::{http::header::EntityTag, rt::task::yield_now};
use wts_domain::{Date, TicketHistory, Trace};

use super::view::TracesView;
use crate::{
    response::{ETagBuilder, Format},
    settings::Order,
};

/// The number of traces that are hashed before the task yields to other requests of the thread.
const YIELD_EVERY: usize = 1_000;

/// Returns the entity tag of a view of a history in a format. It depends only on the content of the response, not on
/// the caller, the issuer of the ticket, or traces outside the view. A 304 response is cheap, because computing the tag
/// costs much less than serializing the traces.
pub(super) async fn etag(history: &TicketHistory, view: &TracesView, format: Format) -> EntityTag {
    let mut etag = ETagBuilder::new();
    let count = view.count(history);
    etag.add_number(representation(history, view, format));
    let traces = history.traces.get(..count).unwrap_or_default();
    for (n, traces) in traces.chunks(YIELD_EVERY).enumerate() {
        if n > 0 {
            yield_now().await;
        }
        for trace in traces {
            add_trace(&mut etag, trace);
        }
    }
    etag.finish()
}

/// Returns the representation as a number, with one bit for each option.
///
/// The actors, the changes and the state can be computed from the traces in the view, so they are not hashed. There is
/// one exception: the state of a ticket without traces has a finding, but the state before the first trace does not.
fn representation(history: &TicketHistory, view: &TracesView, format: Format) -> i64 {
    let choices = [
        view.order == Order::Desc,
        format == Format::Csv,
        view.changes,
        view.state,
        view.state && history.traces.is_empty(),
    ];
    choices
        .into_iter()
        .rev()
        .fold(0, |number, choice| number * 2 + i64::from(choice))
}

/// Adds every field of a trace that is part of the response.
fn add_trace(etag: &mut ETagBuilder, trace: &Trace) {
    etag.add_number(trace.id.get());
    etag.add_number(trace.ticket.get());
    etag.add_number(trace.updated_at.micros_since_2000());
    let appointment = trace.new_appointment.map(Date::days_since_2000);
    etag.add_number(appointment.map_or(i64::MIN, i64::from));
    for text in [
        trace.op.as_str(),
        &trace.op_name,
        trace.new_status.map_or("", |status| status.as_str()),
        trace.new_priority.map_or("", |priority| priority.as_str()),
        trace.new_category.map_or("", |category| category.as_str()),
        &trace.remark,
    ] {
        etag.add_bytes(text);
    }
}

#[cfg(test)]
mod tests {
    use wts_domain::{
        Category, Priority, StaffId, Status, StudentId, TicketId, Timestamp, Trace, TraceId,
    };

    use super::*;

    fn trace() -> Trace {
        let timestamp = Timestamp::from_unix_seconds(1_765_015_200).unwrap();
        let ticket = TicketId::new(123).unwrap();
        let mut trace = Trace::new(TraceId::new(7), ticket, timestamp, StaffId::from("W007"));
        trace.op_name = "詹姆斯".to_owned();
        trace.remark = "上门".to_owned();
        trace
    }

    fn ordered(order: Order) -> TracesView {
        TracesView {
            order,
            ..TracesView::default()
        }
    }

    async fn tag_of(issuer: &str, traces: Vec<Trace>, order: Order) -> String {
        tag_of_view(issuer, traces, ordered(order), Format::Json).await
    }

    async fn tag_of_view(
        issuer: &str,
        traces: Vec<Trace>,
        view: TracesView,
        format: Format,
    ) -> String {
        let history = TicketHistory::new(StudentId::from(issuer), traces);
        etag(&history, &view, format).await.to_string()
    }

    #[tokio::test]
    async fn etag_does_not_depend_on_issuer() {
        let tag = tag_of("a", vec![trace()], Order::Asc).await;
        assert_eq!(tag, tag_of("b", vec![trace()], Order::Asc).await);
        assert!(
            tag.starts_with("W/\"") && tag.len() == "W/\"\"".len() + 22,
            "{tag}"
        );
    }

    #[tokio::test]
    async fn every_change_of_content_changes_etag() {
        let with = |change: fn(&mut Trace)| {
            let mut trace = trace();
            change(&mut trace);
            vec![trace]
        };
        let mut histories = vec![
            (vec![], Order::Asc),
            (vec![], Order::Desc),
            (vec![trace()], Order::Asc),
            (vec![trace()], Order::Desc),
            (vec![trace(), trace()], Order::Asc),
        ];
        for changed in [
            with(|trace| trace.id = TraceId::new(8)),
            with(|trace| trace.ticket = TicketId::new(124).unwrap()),
            with(|trace| trace.updated_at = Timestamp::INFINITY),
            with(|trace| trace.op = StaffId::from("W008")),
            with(|trace| trace.op_name = "James".to_owned()),
            with(|trace| trace.new_status = Some(Status::Fresh)),
            with(|trace| trace.new_status = Some(Status::Solved)),
            with(|trace| trace.new_priority = Some(Priority::Normal)),
            with(|trace| trace.new_appointment = Some(Date::INFINITY)),
            with(|trace| trace.new_appointment = Some(Date::NEG_INFINITY)),
            with(|trace| trace.new_category = Some(Category::Others)),
            with(|trace| trace.remark = String::new()),
            // The same text in a different field.
            with(|trace| {
                trace.op_name = String::new();
                trace.remark = "詹姆斯上门".to_owned();
            }),
        ] {
            histories.push((changed, Order::Asc));
        }

        let mut tags = std::collections::BTreeSet::new();
        for (traces, order) in histories {
            let content = format!("{traces:?} {order:?}");
            assert!(tags.insert(tag_of("a", traces, order).await), "{content}");
        }
    }

    /// Detects changes of the serialized form of a trace. If this test fails, increase `FORMAT_VERSION`; if a field is
    /// new, also add it to [`add_trace`].
    #[tokio::test]
    async fn serialized_trace_and_its_etag_do_not_change() {
        const BODY: &str = r#"{"success":true,"msg":"query success","traces":[{"opid":7,"tid":123,"updated_at":"2025-12-06T10:00:00Z","op":"W007","op_name":"詹姆斯","new_status":"delay","new_priority":"normal","new_appointment":"2025-12-08T00:00:00Z","new_category":"others","remark":"上门"}]}"#;

        let mut trace = trace();
        trace.new_status = Some(Status::Delay);
        trace.new_priority = Some(Priority::Normal);
        trace.new_category = Some(Category::Others);
        trace.new_appointment = Date::from_ymd(2025, 12, 8).ok();
        let history = TicketHistory::new(StudentId::from("a"), vec![trace]);
        let view = TracesView::default();
        let tag = etag(&history, &view, Format::Json).await.to_string();
        let body = crate::traces::body::body(history.into(), view, Format::Json).unwrap();
        let body = actix_web::body::to_bytes(body).await.unwrap();
        let actual = (str::from_utf8(&body).unwrap(), tag.as_str());
        assert_eq!(actual, (BODY, "W/\"ORUknhZuLqquBvwJEgyTuw\""));
    }

    #[tokio::test]
    async fn change_of_the_last_of_many_traces_changes_etag() {
        let long = |last: &str| {
            let mut traces = vec![trace(); 3 * YIELD_EVERY + 1];
            traces.last_mut().unwrap().remark = last.to_owned();
            traces
        };
        assert_ne!(
            tag_of("a", long("x"), Order::Asc).await,
            tag_of("a", long("y"), Order::Asc).await
        );
    }

    #[tokio::test]
    async fn every_representation_has_its_own_etag() {
        let mut tags = std::collections::BTreeSet::new();
        let mut representations = 0;
        for order in [Order::Asc, Order::Desc] {
            for (format, changes, state) in [
                (Format::Json, false, false),
                (Format::Json, true, false),
                (Format::Json, false, true),
                (Format::Json, true, true),
                (Format::Csv, false, false),
                (Format::Csv, true, false),
            ] {
                let view = TracesView {
                    changes,
                    state,
                    ..ordered(order)
                };
                tags.insert(tag_of_view("a", vec![trace()], view, format).await);
                representations += 1;
            }
        }
        assert_eq!(tags.len(), representations);
    }

    #[tokio::test]
    async fn trace_after_as_of_does_not_change_etag() {
        let first = trace();
        let mut second = trace();
        second.updated_at = Timestamp::INFINITY;
        let view = TracesView {
            as_of: Some(first.updated_at),
            ..TracesView::default()
        };
        let both = vec![first.clone(), second];
        let tag = tag_of("a", vec![first], Order::Asc).await;
        assert_eq!(
            tag_of_view("a", both.clone(), view, Format::Json).await,
            tag
        );
        assert_ne!(tag_of("a", both, Order::Asc).await, tag);
    }

    /// The state of a ticket without traces has a finding, but the state before the first trace does not.
    #[tokio::test]
    async fn state_before_first_trace_and_without_traces_differ_in_etag() {
        let view = TracesView {
            state: true,
            as_of: Some(Timestamp::NEG_INFINITY),
            ..TracesView::default()
        };
        assert_ne!(
            tag_of_view("a", vec![trace()], view, Format::Json).await,
            tag_of_view("a", vec![], view, Format::Json).await
        );
    }
}
