//! A ticket, under the names of the WTS v3 database's columns.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Category, Day, Priority, Status, StudentId, Ticket, TicketId, Timestamp};

#[derive(Serialize, Deserialize)]
#[serde(rename = "Ticket")]
struct Wire<'a> {
    tid: TicketId,
    issuer: StudentId,
    submitted_at: Timestamp,
    category: Category,
    description: Cow<'a, str>,
    #[serde(default)]
    occur_at: Option<Timestamp>,
    #[serde(default)]
    notes: Option<Cow<'a, str>>,
    #[serde(default)]
    appointed_at: Option<Day>,
    priority: Priority,
    status: Status,
    #[serde(default)]
    last_updated_at: Option<Timestamp>,
}

/// With the names of the database's columns, `tid` to `last_updated_at`, with the feature `serde`.
impl Serialize for Ticket {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            id,
            issuer,
            submitted_at,
            category,
            description,
            occur_at,
            notes,
            appointed_at,
            priority,
            status,
            last_updated_at,
        } = self;
        Wire {
            tid: *id,
            issuer: issuer.clone(),
            submitted_at: *submitted_at,
            category: *category,
            description: description.into(),
            occur_at: *occur_at,
            notes: notes.as_deref().map(Cow::from),
            appointed_at: *appointed_at,
            priority: *priority,
            status: *status,
            last_updated_at: *last_updated_at,
        }
        .serialize(serializer)
    }
}

/// From the names of the database's columns, with the feature `serde`.
impl<'de> Deserialize<'de> for Ticket {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        Ok(Self {
            id: wire.tid,
            issuer: wire.issuer,
            submitted_at: wire.submitted_at,
            category: wire.category,
            description: wire.description.into_owned(),
            occur_at: wire.occur_at,
            notes: wire.notes.map(Cow::into_owned),
            appointed_at: wire.appointed_at,
            priority: wire.priority,
            status: wire.status,
            last_updated_at: wire.last_updated_at,
        })
    }
}
