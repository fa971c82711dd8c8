//! A trace as the ticket system's API writes it.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Category, Day, Priority, StaffId, Status, TicketId, Timestamp, Trace, TraceId};

/// What a trace did not change is `""`. It may be missing or null where it is read, and so may the texts: older answers leave
/// it out. Only formats that describe themselves tell null from `""`.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Trace")]
struct Wire<'a> {
    opid: TraceId,
    tid: TicketId,
    updated_at: Timestamp,
    op: Cow<'a, str>,
    #[serde(deserialize_with = "or_null", default)]
    op_name: Cow<'a, str>,
    #[serde(with = "or_empty", default)]
    new_status: Option<Status>,
    #[serde(with = "or_empty", default)]
    new_priority: Option<Priority>,
    #[serde(with = "or_empty", default)]
    new_appointment: Option<Day>,
    #[serde(with = "or_empty", default)]
    new_category: Option<Category>,
    #[serde(deserialize_with = "or_null", default)]
    remark: Cow<'a, str>,
}

/// With the fields of the API, `opid` to `remark`, with the feature `serde`. What the trace did not change is `""`.
impl Serialize for Trace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            id,
            ticket,
            updated_at,
            op,
            op_name,
            new_status,
            new_priority,
            new_appointment,
            new_category,
            remark,
        } = self;
        Wire {
            opid: *id,
            tid: *ticket,
            updated_at: *updated_at,
            op: op.as_str().into(),
            op_name: op_name.into(),
            new_status: *new_status,
            new_priority: *new_priority,
            new_appointment: *new_appointment,
            new_category: *new_category,
            remark: remark.into(),
        }
        .serialize(serializer)
    }
}

/// From the fields of the API, with the feature `serde`. What is `""`, null or missing was not changed.
impl<'de> Deserialize<'de> for Trace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        Ok(Self {
            id: wire.opid,
            ticket: wire.tid,
            updated_at: wire.updated_at,
            op: StaffId::from(wire.op.into_owned()),
            op_name: wire.op_name.into_owned(),
            new_status: wire.new_status,
            new_priority: wire.new_priority,
            new_appointment: wire.new_appointment,
            new_category: wire.new_category,
            remark: wire.remark.into_owned(),
        })
    }
}

/// Null as `""`.
fn or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'static, str>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.unwrap_or_default().into())
}

/// `None` as `""`.
mod or_empty {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "serde passes the field by reference")]
    pub(super) fn serialize<S: Serializer>(
        value: &Option<impl Display>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.collect_str(value),
            None => serializer.serialize_str(""),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        Option::<String>::deserialize(deserializer)?
            .filter(|text| !text.is_empty())
            .map(|text| text.parse().map_err(D::Error::custom))
            .transpose()
    }
}
