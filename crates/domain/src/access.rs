//! Access ranks of callers.

use crate::label_enum::label_enum;

label_enum! {
    /// The access rank of a person or service. Variants are in ascending order: `Access::User < Access::Chief`.
    #[derive(PartialOrd, Ord)]
    pub enum Access, "access rank" {
        /// A person who has signed in but is not registered. This is the only rank without access.
        Unregistered = "unregistered", "未注册用户", "Unregistered user";
        /// A registered student.
        User = "user", "用户", "User";
        /// A former member of the network team. This rank has the rights of a user.
        PreMember = "pre-member", "前成员", "Former member";
        /// A trial member of the network team. This is the lowest operator rank.
        InformalMember = "informal-member", "实习成员", "Trial member";
        /// A full member of the network team.
        FormalMember = "formal-member", "正式成员", "Full member";
        /// The leader of a group of members. This is the lowest manager rank.
        GroupLeader = "group-leader", "组长", "Group leader";
        /// The leader of the network team.
        Chief = "chief", "科长", "Chief";
        /// A service that acts without a person.
        Api = "api", "API", "API";
        /// A developer of the ticket system.
        Dev = "dev", "开发组", "Developer";
    }
}

impl Access {
    /// Converts the `access` claim of a token to a rank. An unknown claim gives [`Access::Unregistered`].
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

    /// Whether callers with this rank are allowed to use the ticket system.
    pub fn is_active(self) -> bool {
        self >= Self::User
    }

    /// Whether this is an operator rank. Operators are the staff, who can read every ticket.
    pub fn is_operator(self) -> bool {
        self >= Self::InformalMember
    }

    /// Whether this is a manager rank. Managers are the operators who can also reopen a solved ticket.
    pub fn is_manager(self) -> bool {
        self >= Self::GroupLeader
    }
}

#[cfg(test)]
mod tests {
    use super::Access::{self, *};

    #[test]
    fn every_rank_but_unregistered_is_active() {
        let inactive: Vec<_> = Access::ALL
            .iter()
            .filter(|rank| !rank.is_active())
            .collect();
        assert_eq!(inactive, [&Unregistered]);
    }

    #[test]
    fn ranks_from_informal_member_are_operators() {
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
    fn group_leader_and_higher_ranks_are_managers() {
        let managers: Vec<_> = Access::ALL
            .iter()
            .copied()
            .filter(|rank| rank.is_manager())
            .collect();
        assert_eq!(managers, [GroupLeader, Chief, Api, Dev]);
    }

    #[test]
    fn unknown_access_claim_gives_unregistered() {
        for rank in Access::ALL {
            assert_eq!(Access::from_claim(rank.as_str()), *rank);
        }
        for unknown in ["", "admin", "User", " user", "operator", "用户"] {
            assert_eq!(Access::from_claim(unknown), Unregistered, "{unknown:?}");
        }
    }
}
