//! Which histories are wanted.

use wts_domain::{TicketId, Timestamp};

/// Which tickets a source is to give, each with its whole history. The staff that comes with them is everybody where all
/// tickets are wanted, and otherwise those who have acted on one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All there are.
    Whole,
    /// These, as far as they exist.
    Tickets(Vec<TicketId>),
    /// Those filed in a stretch of time.
    Filed {
        /// Not before this moment, where there is one.
        since: Option<Timestamp>,
        /// Before this moment, and not at it, where there is one.
        before: Option<Timestamp>,
    },
}
