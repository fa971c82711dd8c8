//! The ranks of people who call.

use crate::label_enum::label_enum;

label_enum! {
    /// A person's rank, lowest to highest. Ranks compare: `Access::User < Access::Chief`.
    #[derive(PartialOrd, Ord)]
    pub enum Access, "access rank" {
        /// Has signed in but never registered: may do nothing.
        Unregistered = "unregistered", "未注册用户", "Unregistered user";
        /// A registered student.
        User = "user", "用户", "User";
        /// A former member of the network team: no more than a user.
        PreMember = "pre-member", "前成员", "Former member";
        /// A member on trial. The lowest of the operators.
        InformalMember = "informal-member", "实习成员", "Trial member";
        /// A member of the network team.
        FormalMember = "formal-member", "正式成员", "Full member";
        /// Leads a group of members. The lowest of the managers.
        GroupLeader = "group-leader", "组长", "Group leader";
        /// Leads the team.
        Chief = "chief", "科长", "Chief";
        /// A service that acts by itself.
        Api = "api", "API", "API";
        /// A developer of the ticket system.
        Dev = "dev", "开发组", "Developer";
    }
}

impl Access {
    /// The rank that a token's `access` claim gives its bearer. What is no rank's name gives none: whoever bears it may
    /// do as little as the unregistered.
    ///
    /// ```
    /// use wts_domain::Access;
    ///
    /// assert_eq!(Access::from_claim("chief"), Access::Chief);
    /// assert_eq!(Access::from_claim("Chief"), Access::Unregistered);
    /// ```
    pub fn from_claim(claim: &str) -> Self {
        claim.parse().unwrap_or(Self::Unregistered)
    }

    /// Whether the rank may use the ticket system at all.
    pub fn is_active(self) -> bool {
        self >= Self::User
    }

    /// Whether the rank belongs to staff, who may see every ticket.
    pub fn is_operator(self) -> bool {
        self >= Self::InformalMember
    }

    /// Whether the rank belongs to those staff who lead others, or to a program that may do as much.
    pub fn is_manager(self) -> bool {
        self >= Self::GroupLeader
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

    #[test]
    fn managers_begin_with_the_group_leader() {
        let managers: Vec<_> = Access::ALL
            .iter()
            .copied()
            .filter(|rank| rank.is_manager())
            .collect();
        assert_eq!(managers, [GroupLeader, Chief, Api, Dev]);
    }

    #[test]
    fn a_claim_that_is_no_rank_gives_none() {
        for rank in Access::ALL {
            assert_eq!(Access::from_claim(rank.as_str()), *rank);
        }
        for unknown in ["", "admin", "User", " user", "operator", "用户"] {
            assert_eq!(Access::from_claim(unknown), Unregistered, "{unknown:?}");
        }
    }
}
