//! The ranks of people who call.

use crate::labels::labelled;

labelled! {
    /// A person's rank, lowest to highest. Ranks compare: `Access::User < Access::Chief`.
    pub enum Access, "access rank" {
        /// Has signed in but never registered: may do nothing.
        Unregistered = "unregistered",
        /// A registered student.
        User = "user",
        /// A former member of the network team: no more than a user.
        PreMember = "pre-member",
        /// A member on trial. The lowest of the operators.
        InformalMember = "informal-member",
        /// A member of the network team.
        FormalMember = "formal-member",
        /// Leads a group of members. The lowest of the managers.
        GroupLeader = "group-leader",
        /// Leads the team.
        Chief = "chief",
        /// A service that acts by itself.
        Api = "api",
        /// A developer of the ticket system.
        Dev = "dev",
    }
}

impl Access {
    /// Whether the rank may use the ticket system at all.
    pub fn is_active(self) -> bool {
        self >= Self::User
    }

    /// Whether the rank belongs to staff, who may see every ticket.
    pub fn is_operator(self) -> bool {
        self >= Self::InformalMember
    }
}

#[cfg(test)]
mod tests {
    use super::Access::{self, *};

    #[test]
    fn all_but_the_unregistered_are_active() {
        let inactive: Vec<_> = Access::ALL
            .iter()
            .filter(|rank| !rank.is_active())
            .collect();
        assert_eq!(inactive, [&Unregistered]);
    }

    #[test]
    fn operators_begin_with_the_informal_member() {
        let operators: Vec<_> = Access::ALL
            .iter()
            .copied()
            .filter(|rank| rank.is_operator())
            .collect();
        assert_eq!(
            operators,
            [InformalMember, FormalMember, GroupLeader, Chief, Api, Dev]
        );
    }
}
