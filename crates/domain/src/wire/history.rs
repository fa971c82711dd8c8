//! A history: whose it is, and its traces.

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct};

use crate::{StudentId, TicketHistory, Trace};

/// As `{"issuer": …, "traces": […]}`, with the feature `serde`.
impl Serialize for TicketHistory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { issuer, traces } = self;
        let mut history = serializer.serialize_struct("TicketHistory", 2)?;
        history.serialize_field("issuer", issuer)?;
        history.serialize_field("traces", traces)?;
        history.end()
    }
}

/// From `{"issuer": …, "traces": […]}`, with the feature `serde`. The traces may come in any order.
impl<'de> Deserialize<'de> for TicketHistory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename = "TicketHistory")]
        struct Wire {
            issuer: StudentId,
            traces: Vec<Trace>,
        }
        let Wire { issuer, traces } = Wire::deserialize(deserializer)?;
        Ok(Self::new(issuer, traces))
    }
}
