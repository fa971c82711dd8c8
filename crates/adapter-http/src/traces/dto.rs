//! A trace as clients read it. The names of its fields are the API document's.

use std::fmt::Display;

use serde::{Serialize, Serializer};
use utoipa::ToSchema;
use wts_domain::{Day, Timestamp, Trace};

use super::description;
use crate::response::ETagBuilder;

/// One step in a ticket's history. What it did not change is `""`.
#[derive(Serialize, ToSchema)]
#[schema(as = Trace)]
pub(super) struct TraceDto<'a> {
    /// The trace's own number, unique.
    #[schema(examples(3))]
    opid: i64,
    /// The ticket that it belongs to.
    #[schema(minimum = 1, examples(123))]
    tid: i64,
    /// When it was done: RFC 3339 in UTC, with a fraction of a second only where there is one. Of what a database may hold
    /// and RFC 3339 not, years beyond 9999 or before 0 are in ISO 8601's expanded form, `+294276-12-31T23:59:59Z`, and
    /// PostgreSQL's `infinity` and `-infinity` are those words.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, examples("2025-12-06T15:30:00Z", "infinity"))]
    updated_at: Timestamp,
    /// The staff number of who did it; `-1` is the system, `-2` the user themself.
    #[schema(examples("W007", "-1", "-2"))]
    op: &'a str,
    /// Their name, `""` where unknown.
    #[schema(examples("詹姆斯", ""))]
    op_name: &'a str,
    #[schema(schema_with = description::status)]
    new_status: &'a str,
    #[schema(schema_with = description::priority)]
    new_priority: &'a str,
    /// The day that was set for a visit, written as its UTC midnight in the same forms, `""` if it stayed as it was.
    #[serde(serialize_with = "as_text_or_empty")]
    #[schema(value_type = String, examples("2025-12-08T00:00:00Z", ""))]
    new_appointment: Option<Day>,
    #[schema(schema_with = description::category)]
    new_category: &'a str,
    /// What they had to say, often nothing. Free text.
    #[schema(examples("问题已解决,用户确认网络恢复正常。"))]
    remark: &'a str,
}

impl<'a> From<&'a Trace> for TraceDto<'a> {
    fn from(trace: &'a Trace) -> Self {
        Self {
            opid: trace.id.get(),
            tid: trace.ticket.get(),
            updated_at: trace.updated_at,
            op: trace.op.as_str(),
            op_name: &trace.op_name,
            new_status: trace.new_status.map_or("", |status| status.as_str()),
            new_priority: trace.new_priority.map_or("", |priority| priority.as_str()),
            new_appointment: trace.new_appointment,
            new_category: trace.new_category.map_or("", |category| category.as_str()),
            remark: &trace.remark,
        }
    }
}

impl TraceDto<'_> {
    /// Adds all that a client sees.
    pub(super) fn add_to(&self, etag: &mut ETagBuilder) {
        // Taken apart whole: what is added to it does not compile until it is added here.
        let Self {
            opid,
            tid,
            updated_at,
            op,
            op_name,
            new_status,
            new_priority,
            new_appointment,
            new_category,
            remark,
        } = *self;
        etag.number(opid);
        etag.number(tid);
        etag.number(updated_at.micros_since_2000());
        let appointment = new_appointment.map_or(i64::MIN, |day| day.days_since_2000().into());
        etag.number(appointment);
        for text in [op, op_name, new_status, new_priority, new_category, remark] {
            etag.bytes(text);
        }
    }
}

fn as_text<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

#[expect(clippy::ref_option, reason = "serde passes the field by reference")]
fn as_text_or_empty<S: Serializer>(
    value: &Option<impl Display>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_str(""),
    }
}
