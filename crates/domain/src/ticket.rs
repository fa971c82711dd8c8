//! Tickets, and the enums of their fields.

use std::cmp::Ordering;

use crate::{Date, StudentId, TicketId, Timestamp, label_enum::label_enum};

/// A repair ticket with its current values. Its [history](crate::TicketHistory) contains the changes that led to them.
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
    /// The ticket number.
    #[cfg_attr(feature = "serde", serde(rename = "tid"))]
    pub id: TicketId,
    /// The student who filed the ticket.
    pub issuer: StudentId,
    /// The time when the ticket was filed.
    pub submitted_at: Timestamp,
    /// The kind of problem that the ticket reports.
    pub category: Category,
    /// The issuer's description of the problem.
    pub description: String,
    /// The time when the problem began.
    pub occur_at: Option<Timestamp>,
    /// Additional notes from the issuer to the staff.
    pub notes: Option<String>,
    /// The date of the appointment.
    pub appointed_at: Option<Date>,
    /// The urgency of the ticket.
    pub priority: Priority,
    /// The progress of the work on the ticket.
    pub status: Status,
    /// The timestamp of the last trace.
    pub last_updated_at: Option<Timestamp>,
}

impl Ticket {
    /// Creates a ticket with the status and priority of a new ticket: [`Status::Fresh`] and [`Priority::Mainline`].
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
    /// The progress of the work on a ticket.
    pub enum Status, "ticket status" {
        /// The ticket has been filed or reopened, and work has not begun.
        Fresh = "fresh", "待解决", "Open";
        /// An appointment has been made.
        Scheduled = "scheduled", "已预约", "Scheduled";
        /// The appointment has been postponed.
        Delay = "delay", "改日修", "Postponed";
        /// The ticket has been passed to a higher level of support.
        Escalated = "escalated", "已上报", "Escalated";
        /// The problem is solved.
        Solved = "solved", "已解决", "Solved";
        /// The ticket has been withdrawn.
        Canceled = "canceled", "已取消", "Canceled";
    }
}

impl Status {
    /// Whether a trace can change the status from `self` to `next`.
    ///
    /// The same status can be set again only if it is `scheduled`, `delay` or `escalated`: for a new appointment, a
    /// longer delay or a further escalation.
    ///
    /// [`ensure_may_change_status`](crate::ensure_may_change_status) also checks the caller's rank.
    ///
    /// [`ensure_may_change_status`](crate::ensure_may_change_status) also checks the caller's rank.
    pub const fn can_become(self, next: Self) -> bool {
        match self {
            Self::Fresh | Self::Scheduled | Self::Delay => !matches!(next, Self::Fresh),
            Self::Escalated => !matches!(next, Self::Fresh | Self::Delay),
            Self::Solved => matches!(next, Self::Fresh),
            Self::Canceled => false,
        }
    }
}

label_enum! {
    /// The urgency of a ticket. The variants begin with the most urgent one, and a more urgent priority is greater:
    ///
    /// ```
    /// use wts_domain::Priority;
    ///
    /// assert!(Priority::Highest > Priority::Least);
    /// ```
    pub enum Priority, "ticket priority" {
        /// Handled before all other tickets.
        Highest = "highest", "紧急派单", "Urgent";
        /// Assigned to the network team by the network carrier.
        Assigned = "assigned", "运营商工单", "From the carrier";
        /// The main work of the network team. A new ticket has this priority.
        Mainline = "mainline", "主线任务", "Main line";
        /// An ordinary repair, handled after tickets with the priority [`Priority::Mainline`].
        Normal = "normal", "普通报修", "Ordinary";
        /// Handled when a staff member is nearby.
        InPassing = "in-passing", "顺路看看", "In passing";
        /// Handled after all other tickets.
        Least = "least", "最低", "Lowest";
    }
}

impl Ord for Priority {
    fn cmp(&self, other: &Self) -> Ordering {
        // The variants are declared in the order of the database, most urgent first.
        (*other as u8).cmp(&(*self as u8))
    }
}

impl PartialOrd for Priority {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

label_enum! {
    /// The kind of problem that a ticket reports.
    pub enum Category, "ticket category" {
        /// A request for a new connection.
        FirstInstall = "first-install", "新装", "New connection";
        /// A slow connection.
        LowSpeed = "low-speed", "网速慢", "Slow network";
        /// A problem with an IP address or a device.
        IpOrDevice = "ip-or-device", "IP或设备问题", "IP address or device";
        /// A problem with the sign-in client or the account.
        ClientOrAccount = "client-or-account", "客户端或账号问题", "Client or account";
        /// Any other problem.
        Others = "others", "其它问题", "Something else";
    }
}

#[cfg(test)]
mod tests {
    use super::Priority;

    #[test]
    fn more_urgent_priority_is_greater() {
        assert!(Priority::ALL.is_sorted_by(|more, less| more > less));
        assert_eq!(Priority::ALL.iter().max(), Some(&Priority::Highest));
    }
}
