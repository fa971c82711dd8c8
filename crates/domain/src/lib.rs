//! Tickets of a campus network team, the traces that staff leave on them, and who may read those traces.
//!
//! This crate is the vocabulary that services around the ticket system share. It knows nothing of
//! databases, HTTP, clocks or configuration and depends on nothing but the standard library.
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
//! let caller = Caller {
//!     student: StudentId::from("2024310999"),
//!     access: "user".parse::<Access>()?,
//! };
//!
//! // A verdict. Only an active caller gets as far as being asked whose ticket it is.
//! let caller = ensure_active(caller)?;
//! let verdict = ensure_may_read_traces(&caller, &issuer);
//!
//! assert_eq!(verdict, Err(AccessDenied::NotYourTicket), "ticket {ticket} is somebody else's");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod access;
mod audit;
mod caller;
mod ids;
mod labels;
mod policy;
mod staff;
mod ticket;
mod time;
mod trace;

pub use access::Access;
pub use audit::{Finding, HistoryAudit, audit_history};
pub use caller::{ActiveCaller, Caller};
pub use ids::{ParseTicketIdError, StaffId, StudentId, TicketId, TraceId};
pub use labels::UnknownLabel;
pub use policy::{AccessDenied, ensure_active, ensure_may_read_traces};
pub use staff::StaffMember;
pub use ticket::{Category, Priority, Status, Ticket};
pub use time::{Day, OutOfCalendar, ParseTimeError, Timestamp};
pub use trace::{TicketHistory, Trace};
