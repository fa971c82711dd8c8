//! Tickets of a campus network team, their traces, and the access policy for traces.
//!
//! A *trace* is a record in the history of a ticket: an action by a staff member, the user or the system, with the new
//! values that it set. This crate contains the types and rules that the services of the ticket system share:
//!
//! - the [ticket](Ticket) and its [history](TicketHistory)
//! - enums such as [`Status`], with a name for programs and a [label](Status::label) for people
//! - [timestamps](Timestamp) and [dates](Date) over the whole range of PostgreSQL
//! - the access policy, such as [`ensure_may_read_traces`]
//!
//! The crate does not depend on databases, HTTP, clocks or configuration.
//!
//! Checking whether a caller may read a ticket's history:
//!
//! ```
//! use wts_domain::{
//!     Access, AccessDenied, Caller, StudentId, TicketId, ensure_active, ensure_may_read_traces,
//! };
//!
//! // The service reads these values from a token, a database or a message.
//! let ticket: TicketId = "123".parse()?;
//! let issuer = StudentId::from("2024310001");
//! let caller = Caller::new(StudentId::from("2024310999"), Access::from_claim("user"));
//!
//! let caller = ensure_active(caller)?;
//! let decision = ensure_may_read_traces(&caller, &issuer);
//!
//! assert_eq!(decision, Err(AccessDenied::NotYourTicket), "ticket {ticket} belongs to another student");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Changes and states
//!
//! A trace contains only new values. The following functions compute the values before each trace and the resulting
//! state. All of them read the traces in ascending order of `updated_at`, then of id:
//!
//! - [`trace_changes`]: each trace of a ticket with its [changes](TraceChanges), oldest or newest first.
//! - [`TicketState::from_traces`] and [`TicketState::from_traces_as_of`]: the state now or at a point in time, the
//!   [periods](StatusPeriod) of each status with their lengths, and the rules that the traces break.
//! - [`TicketFields::apply`] and [`TicketState::apply`]: apply one trace, for streams and for services that write traces.
//!   A service that writes a trace first calls [`ensure_may_change_status`].
//! - [`Actor`]: whether the system, the user or a staff member made a trace.
//!
//! ```
//! use wts_domain::{Actor, StaffId, Status, TicketId, TicketState, Timestamp, Trace, TraceId, trace_changes};
//!
//! let ticket: TicketId = "123".parse()?;
//! let trace = |id, at, op, status| {
//!     let mut trace = Trace::new(TraceId::new(id), ticket, Timestamp::from_rfc3339(at)?, StaffId::from(op));
//!     trace.new_status = Some(status);
//!     Ok::<_, wts_domain::ParseTimeError>(trace)
//! };
//! let traces = [
//!     trace(1, "2025-12-06T10:00:00Z", "-2", Status::Fresh)?,
//!     trace(3, "2025-12-06T15:30:00Z", "W007", Status::Solved)?,
//! ];
//!
//! let mut lines = Vec::new();
//! for (trace, changes) in trace_changes(&traces) {
//!     let actor = Actor::from(&trace.op);
//!     for change in changes.iter() {
//!         let from = change.from.map_or("nothing".to_owned(), |value| value.to_string());
//!         lines.push(format!("{actor} changed {} from {from} to {}", change.field(), change.to));
//!     }
//! }
//! assert_eq!(lines, ["user changed status from nothing to fresh", "operator changed status from fresh to solved"]);
//!
//! let state = TicketState::from_traces(&traces);
//! assert_eq!(state.fields.status, Some(Status::Solved));
//! assert_eq!(state.time_in_status[0].seconds(), Some(19_800));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! No feature is enabled by default. Without features, the crate depends only on the standard library.
//!
//! - `serde`: implements `Serialize` and `Deserialize` for [`Trace`], [`TicketHistory`], [`Ticket`] and the types of their
//!   fields, for self-describing formats such as JSON. A trace has the members of the ticket system's API, so a client can
//!   parse its responses. A ticket has the names of the database columns. A history is `{"issuer": …, "traces": […]}`.
//!   [`TraceChanges`] and [`TicketState`] implement `Serialize` only, as the members `changes` and `state` of the API.
//!   The feature adds the dependency `serde`.
#![cfg_attr(
    feature = "serde",
    doc = r###"
```
use serde::Deserialize;
use wts_domain::{Status, StudentId, TicketHistory, Trace};

/// The response body of `GET /api/v3/get_traces`.
#[derive(Deserialize)]
struct GetTracesResponse {
    traces: Vec<Trace>,
}

let response: GetTracesResponse = serde_json::from_str(
    r##"{"success": true, "msg": "query success", "traces": [
        {"opid": 3, "tid": 123, "updated_at": "2025-12-06T15:30:00Z", "op": "W007", "new_status": "solved"}
    ]}"##,
)?;
let history = TicketHistory::new(StudentId::from("2024310001"), response.traces);

assert_eq!(history.traces[0].new_status, Some(Status::Solved));
assert_eq!(history.traces[0].new_priority, None, "an absent or empty value was not changed");
# Ok::<(), serde_json::Error>(())
```
"###
)]
//!
//! # Compatibility
//!
//! Structs and enums are `#[non_exhaustive]`: structs are created with `new`, and a `match` needs a wildcard arm. [`HistoryFinding`]
//! can get more variants, but existing variants do not get more fields.
//!
//! [`AccessDenied`], [`StatusChangeDenied`] and [`ParseTicketIdError`] are exhaustive. A new variant of them is a
//! breaking change, so that every importer decides how to respond to it.
//!
//! If the crate requires a newer Rust version than 1.85, its minor version is incremented.
//!
//! If a later version of this crate adds a variant to an enum, earlier versions cannot parse the name of that variant
//! ([`ParseEnumError`]), nor a history that contains it. They do not ignore the unknown value, because a trace without
//! its status would have another meaning. An importer that must read such a history can deserialize the field as a
//! string and parse it separately.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod access;
mod actor;
mod audit;
mod caller;
mod changes;
mod fields;
mod ids;
mod label_enum;
mod policy;
mod rules;
#[cfg(feature = "serde")]
mod serde_impls;
mod staff;
mod state;
mod status_change;
mod ticket;
mod time;
mod trace;

pub use access::Access;
pub use actor::Actor;
pub use audit::{HistoryAudit, audit_history};
pub use caller::{ActiveCaller, Caller};
pub use changes::{FieldChange, TraceChanges, trace_changes};
pub use fields::{FieldValue, TicketField, TicketFields};
pub use ids::{ParseTicketIdError, StaffId, StudentId, TicketId, TraceId};
pub use label_enum::{Language, ParseEnumError};
pub use policy::{
    AccessDenied, can_read_all_traces, cap_rank, ensure_active, ensure_may_read_traces,
};
pub use rules::{HistoryFinding, HistoryFindingKind};
pub use staff::StaffMember;
pub use state::{StatusPeriod, TicketState};
pub use status_change::{StatusChangeDenied, ensure_may_change_status};
pub use ticket::{Category, Priority, Status, Ticket};
pub use time::{Date, DateOutOfRange, ParseTimeError, Timestamp};
pub use trace::{TicketHistory, Trace};
