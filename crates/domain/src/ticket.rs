//! Tickets: what they are about and how far they have come.

use std::cmp::Ordering;

use crate::{Day, StudentId, TicketId, Timestamp, label_enum::label_enum};

/// A repair ticket as it stands now. How it came to stand so is its [history](crate::TicketHistory).
///
/// ```
/// use wts_domain::{Category, Status, StudentId, Ticket, TicketId, Timestamp};
///
/// let (id, at) = ("123".parse::<TicketId>()?, Timestamp::from_unix_seconds(1_765_015_200)?);
/// let mut ticket = Ticket::new(id, StudentId::from("2024310001"), at, Category::LowSpeed, "慢".to_owned());
/// assert_eq!(ticket.status, Status::Fresh);
///
/// ticket.status = Status::Solved;
/// ticket.last_updated_at = Some(at);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Ticket {
    /// The ticket's number.
    #[cfg_attr(feature = "serde", serde(rename = "tid"))]
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

label_enum! {
    /// How far a ticket has come.
    pub enum Status, "ticket status" {
        /// Filed, nobody has acted yet; also a ticket that was reopened.
        Fresh = "fresh", "待解决", "Open";
        /// A visit is arranged.
        Scheduled = "scheduled", "已预约", "Scheduled";
        /// Put off to another day.
        Delay = "delay", "改日修", "Postponed";
        /// Handed to somebody further up.
        Escalated = "escalated", "已上报", "Escalated";
        /// Done.
        Solved = "solved", "已解决", "Solved";
        /// Withdrawn.
        Canceled = "canceled", "已取消", "Canceled";
    }
}

impl Status {
    /// Whether a ticket that stands like this may be given the status `next`. A status is stated again only where it can
    /// be worked at again: a visit arranged anew, a delay made longer, a ticket handed up further.
    ///
    /// [`ensure_may_change_status`](crate::ensure_may_change_status) also checks the caller's rank.
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Fresh | Self::Scheduled | Self::Delay => !matches!(next, Self::Fresh),
            Self::Escalated => !matches!(next, Self::Fresh | Self::Delay),
            Self::Solved => matches!(next, Self::Fresh),
            Self::Canceled => false,
        }
    }
}

label_enum! {
    /// How urgent a ticket is, most urgent first. What is more urgent is greater:
    ///
    /// ```
    /// use wts_domain::Priority;
    ///
    /// assert!(Priority::Highest > Priority::Least);
    /// ```
    pub enum Priority, "ticket priority" {
        /// Before everything else.
        Highest = "highest", "紧急派单", "Urgent";
        /// Assigned by the network's carrier.
        Assigned = "assigned", "运营商工单", "From the carrier";
        /// The main line of work; what a new ticket gets.
        Mainline = "mainline", "主线任务", "Main line";
        /// An ordinary repair, less than the main line.
        Normal = "normal", "普通报修", "Ordinary";
        /// When somebody is nearby anyway.
        InPassing = "in-passing", "顺路看看", "In passing";
        /// When there is nothing else to do.
        Least = "least", "最低", "Lowest";
    }
}

impl Ord for Priority {
    fn cmp(&self, other: &Self) -> Ordering {
        // They are declared as databases list them, from the most urgent down.
        (*other as u8).cmp(&(*self as u8))
    }
}

impl PartialOrd for Priority {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

label_enum! {
    /// What a ticket is about.
    pub enum Category, "ticket category" {
        /// A first connection.
        FirstInstall = "first-install", "新装", "New connection";
        /// A slow connection.
        LowSpeed = "low-speed", "网速慢", "Slow network";
        /// An address or a device.
        IpOrDevice = "ip-or-device", "IP或设备问题", "IP address or device";
        /// The sign-in program or the account.
        ClientOrAccount = "client-or-account", "客户端或账号问题", "Client or account";
        /// Anything else.
        Others = "others", "其它问题", "Something else";
    }
}

#[cfg(test)]
mod tests {
    use super::Priority;

    #[test]
    fn what_is_more_urgent_is_greater() {
        assert!(Priority::ALL.is_sorted_by(|more, less| more > less));
        assert_eq!(Priority::ALL.iter().max(), Some(&Priority::Highest));
    }
}
