//! The answer as clients read it. The names of its fields are the API document's.

use std::fmt::Display;

use serde::{Serialize, Serializer, ser::SerializeSeq};
use wts_domain::{Day, Timestamp, Trace};

use super::Order;

/// The body of a good answer.
#[derive(Serialize)]
pub(super) struct TracesBody<'a> {
    success: bool,
    msg: &'static str,
    traces: Traces<'a>,
}

impl<'a> TracesBody<'a> {
    /// The body with these traces, which are given oldest first.
    pub(super) fn new(traces: &'a [Trace], order: Order) -> Self {
        Self {
            success: true,
            msg: "query success",
            traces: Traces { traces, order },
        }
    }
}

/// Traces, written one by one so that no list of their wire forms is built.
struct Traces<'a> {
    traces: &'a [Trace],
    order: Order,
}

impl Serialize for Traces<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.traces.len()))?;
        match self.order {
            Order::Asc => self
                .traces
                .iter()
                .try_for_each(|trace| list.serialize_element(&TraceDto::from(trace)))?,
            Order::Desc => {
                self.traces
                    .iter()
                    .rev()
                    .try_for_each(|trace| list.serialize_element(&TraceDto::from(trace)))?;
            }
        }
        list.end()
    }
}

/// One trace. What it did not change is `""`.
#[derive(Serialize)]
struct TraceDto<'a> {
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

#[cfg(test)]
mod tests;
