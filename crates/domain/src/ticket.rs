//! What a ticket is about and how far it has come.

use crate::labels::labelled;

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
