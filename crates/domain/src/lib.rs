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
//! # Features
//!
//! None is on by default, and without any the crate depends on nothing but the standard library.
//!
//! - `serde`: [`Trace`], [`TicketHistory`] and [`Ticket`] can be read and written, and what they are made of: ids, closed
//!   lists, [`Access`], [`Timestamp`] and [`Day`]. A trace is as the ticket system's API writes it, so that its answers can
//!   be read; a ticket has the names of the database's columns; a history, which no answer is, is
//!   `{"issuer": …, "traces": […]}`. In formats that describe themselves, such as JSON. Brings in `serde`.
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
//! come. [`Finding`] may get variants, but none of them further fields. [`AccessDenied`] and [`ParseTicketIdError`] are
//! complete, so that a new reason to refuse does not compile where nobody has decided what to say of it: that is a breaking
//! change, and meant to be one. The minimum Rust version is 1.85; a later one is a minor version of this crate.
//!
//! A value that a later version adds to a closed list is [unknown](UnknownName) to this one: reading a history that has it
//! fails as a whole, because a trace whose status is left out says something else. Who has to go on reads the field as a
//! text first and parses it.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod access;
mod audit;
mod caller;
mod ids;
mod label_enum;
mod policy;
#[cfg(feature = "serde")]
mod serde_impls;
mod staff;
mod ticket;
mod time;
mod trace;

pub use access::Access;
pub use audit::{Finding, HistoryAudit, audit_history};
pub use caller::{ActiveCaller, Caller};
pub use ids::{ParseTicketIdError, StaffId, StudentId, TicketId, TraceId};
pub use label_enum::{Language, UnknownName};
pub use policy::{AccessDenied, cap_rank, ensure_active, ensure_may_read_traces};
pub use staff::StaffMember;
pub use ticket::{Category, Priority, Status, Ticket};
pub use time::{DateOutOfRange, Day, ParseTimeError, Timestamp};
pub use trace::{TicketHistory, Trace};
