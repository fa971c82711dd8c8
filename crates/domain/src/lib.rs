//! Tickets of a campus network team, the traces that staff leave on them, and who may read those traces.
//!
//! This crate is the vocabulary that services around the ticket system share: the [ticket](Ticket) and its
//! [history](TicketHistory), closed lists such as [`Status`] with their names for programs and their
//! [labels](Status::label) for people, [moments](Timestamp) and [days](Day) over all that PostgreSQL can hold, and the
//! policy. It knows nothing of databases, HTTP, clocks or configuration.
//!
//! Another service decides whether a caller may see a history like this:
//!
//! ```
//! use wts_domain::{
//!     Access, AccessDenied, Caller, StudentId, TicketId, ensure_active, ensure_may_read_traces,
//! };
//!
//! // Facts, from wherever the service has them: a token, a database, a message.
//! let ticket: TicketId = "123".parse()?;
//! let issuer = StudentId::from("2024310001");
//! let caller = Caller::new(StudentId::from("2024310999"), Access::from_claim("user"));
//!
//! // A verdict. Only an active caller gets as far as being asked whose ticket it is.
//! let caller = ensure_active(caller)?;
//! let verdict = ensure_may_read_traces(&caller, &issuer);
//!
//! assert_eq!(verdict, Err(AccessDenied::NotYourTicket), "ticket {ticket} is somebody else's");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Changes and states
//!
//! A trace contains new values only. These functions return what the values were before and what state results. All of
//! them fold the traces by ascending `updated_at`, traces with the same timestamp by ascending id:
//!
//! - [`trace_changes`]: each trace of a ticket with its [changes](TraceChanges), in either direction.
//! - [`TicketState::from_traces`] and [`TicketState::from_traces_as_of`]: the state now or at a point in time, every visit
//!   of a status with its length, and the rules that the traces break.
//! - [`TicketFields::apply`] and [`TicketState::apply`]: one step of the fold, for streams and for services that write
//!   traces. Such a service first calls [`ensure_may_change_status`].
//! - [`Actor`]: whether the system, the user or a member of the staff made a trace.
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
//! None is on by default, and without any the crate depends on nothing but the standard library.
//!
//! - `serde`: [`Trace`], [`TicketHistory`] and [`Ticket`] can be read and written, and what they are made of: ids, closed
//!   lists, [`Access`], [`Timestamp`] and [`Day`]. A trace is as the ticket system's API writes it, so that its answers can
//!   be read; a ticket has the names of the database's columns; a history, which no answer is, is
//!   `{"issuer": …, "traces": […]}`. In formats that describe themselves, such as JSON. Brings in `serde`.
//!   [`TraceChanges`] and [`TicketState`] can be written: as the members `changes` and `state` of the API.
#![cfg_attr(
    feature = "serde",
    doc = r###"
```
use serde::Deserialize;
use wts_domain::{Status, StudentId, TicketHistory, Trace};

/// An answer to `GET /api/v3/get_traces`.
#[derive(Deserialize)]
struct Answer {
    traces: Vec<Trace>,
}

let answer: Answer = serde_json::from_str(
    r##"{"success": true, "msg": "query success", "traces": [
        {"opid": 3, "tid": 123, "updated_at": "2025-12-06T15:30:00Z", "op": "W007", "new_status": "solved"}
    ]}"##,
)?;
let history = TicketHistory::new(StudentId::from("2024310001"), answer.traces);

assert_eq!(history.traces[0].new_status, Some(Status::Solved));
assert_eq!(history.traces[0].new_priority, None, "what is missing or empty was not changed");
# Ok::<(), serde_json::Error>(())
```
"###
)]
//!
//! # How it grows
//!
//! Structs and closed lists are `#[non_exhaustive]`: they are made with `new`, and a `match` needs an arm for values to
//! come. [`Finding`] may get variants, but none of them further fields. [`AccessDenied`], [`StatusChangeDenied`] and
//! [`ParseTicketIdError`] are complete, so that a new reason to refuse does not compile where nobody has decided what to say
//! of it: that is a breaking change, and meant to be one. The minimum Rust version is 1.85; a later one is a minor version
//! of this crate.
//!
//! A value that a later version adds to a closed list is [unknown](UnknownName) to this one: reading a history that has it
//! fails as a whole, because a trace whose status is left out says something else. Who has to go on reads the field as a
//! text first and parses it.

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
pub use label_enum::{Language, UnknownName};
pub use policy::{AccessDenied, cap_rank, ensure_active, ensure_may_read_traces};
pub use rules::{Finding, HistoryFinding};
pub use staff::StaffMember;
pub use state::{StatusVisit, TicketState};
pub use status_change::{StatusChangeDenied, ensure_may_change_status};
pub use ticket::{Category, Priority, Status, Ticket};
pub use time::{DateOutOfRange, Day, ParseTimeError, Timestamp};
pub use trace::{TicketHistory, Trace};
