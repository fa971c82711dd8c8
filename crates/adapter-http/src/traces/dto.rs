//! A trace as clients read it. The names of its fields are the API document's.

use std::fmt::Display;

use serde::{Serialize, Serializer};
use wts_domain::{Day, Timestamp, Trace};

use crate::answer::Fingerprint;

/// One trace. What it did not change is `""`.
#[derive(Serialize)]
pub(super) struct TraceDto<'a> {
    opid: i64,
    tid: i64,
    #[serde(serialize_with = "as_text")]
    updated_at: Timestamp,
    op: &'a str,
    op_name: &'a str,
    new_status: &'a str,
    new_priority: &'a str,
    #[serde(serialize_with = "as_text_or_empty")]
    new_appointment: Option<Day>,
    new_category: &'a str,
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
    pub(super) fn add_to(&self, fingerprint: &mut Fingerprint) {
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
        fingerprint.number(opid);
        fingerprint.number(tid);
        fingerprint.number(updated_at.micros_since_2000());
        let appointment = new_appointment.map_or(i64::MIN, |day| day.days_since_2000().into());
        fingerprint.number(appointment);
        for text in [op, op_name, new_status, new_priority, new_category, remark] {
            fingerprint.text(text);
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
