//! Tickets: what they are about and how far they have come.

use crate::{Day, StudentId, TicketId, Timestamp, labels::labelled};

/// A repair ticket as it stands now. How it came to stand so is its [history](crate::TicketHistory).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ticket {
    /// The ticket's number.
    pub id: TicketId,
    /// Who filed it.
    pub issuer: StudentId,
    /// When it was filed.
    pub submitted_at: Timestamp,
    /// What it is about.
    pub category: Category,
    /// The trouble in the issuer's words.
    pub description: String,
    /// When the trouble began.
    pub occur_at: Option<Timestamp>,
    /// What else staff should know.
    pub notes: Option<String>,
    /// The day set for a visit.
    pub appointed_at: Option<Day>,
    /// How urgent it is.
    pub priority: Priority,
    /// How far it has come.
    pub status: Status,
    /// When it was last changed.
    pub last_updated_at: Option<Timestamp>,
}

impl Ticket {
    /// A ticket just filed, with the status and the priority that every new ticket gets.
    pub fn new(
        id: TicketId,
        issuer: StudentId,
        submitted_at: Timestamp,
        category: Category,
        description: String,
    ) -> Self {
        Self {
            id,
            issuer,
            submitted_at,
            category,
            description,
            occur_at: None,
            notes: None,
            appointed_at: None,
            priority: Priority::Mainline,
            status: Status::Fresh,
            last_updated_at: None,
        }
    }
}

labelled! {
    /// How far a ticket has come.
    pub enum Status, "ticket status" {
        /// Filed, nobody has acted yet.
        Fresh = "fresh",
        /// A visit is arranged.
        Scheduled = "scheduled",
        /// Put off.
        Delay = "delay",
        /// Handed to somebody further up.
        Escalated = "escalated",
        /// Done.
        Solved = "solved",
        /// Withdrawn.
        Canceled = "canceled",
    }
}

impl Status {
    /// Whether a ticket that stands like this may be given the status `next`. A status is stated again only where it can
    /// be worked at again: a visit arranged anew, a delay made longer, a ticket handed up further.
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Fresh | Self::Scheduled | Self::Delay => !matches!(next, Self::Fresh),
            Self::Escalated => !matches!(next, Self::Fresh | Self::Delay),
            Self::Solved => matches!(next, Self::Fresh),
            Self::Canceled => false,
        }
    }
}

labelled! {
    /// How urgent a ticket is, most urgent first.
    pub enum Priority, "ticket priority" {
        /// Before everything else.
        Highest = "highest",
        /// Assigned to somebody.
        Assigned = "assigned",
        /// The ordinary course of work; what a new ticket gets.
        Mainline = "mainline",
        /// Less than the ordinary.
        Normal = "normal",
        /// When somebody is nearby anyway.
        InPassing = "in-passing",
        /// When there is nothing else to do.
        Least = "least",
    }
}

labelled! {
    /// What a ticket is about.
    pub enum Category, "ticket category" {
        /// A first connection.
        FirstInstall = "first-install",
        /// A slow connection.
        LowSpeed = "low-speed",
        /// An address or a device.
        IpOrDevice = "ip-or-device",
        /// The sign-in program or the account.
        ClientOrAccount = "client-or-account",
        /// Anything else.
        Others = "others",
    }
}
