//! The kinds of actors that make traces.

use crate::{StaffId, label_enum::label_enum};

label_enum! {
    /// The kind of actor that made a trace, derived from the trace's staff number (`op`):
    ///
    /// ```
    /// use wts_domain::{Actor, StaffId};
    ///
    /// assert_eq!(Actor::from(&StaffId::from("-1")), Actor::System);
    /// assert_eq!(Actor::from(&StaffId::from("-2")), Actor::User);
    /// assert_eq!(Actor::from(&StaffId::from("W007")), Actor::Operator);
    /// ```
    pub enum Actor, "actor" {
        /// The ticket system itself, [`StaffId::SYSTEM`].
        System = "system", "系统", "System";
        /// The user who filed the ticket, [`StaffId::USER`].
        User = "user", "用户", "User";
        /// A staff member, with any other staff number.
        Operator = "operator", "网维人员", "Operator";
    }
}

impl From<&StaffId> for Actor {
    fn from(op: &StaffId) -> Self {
        if op.is_system() {
            Self::System
        } else if op.is_user() {
            Self::User
        } else {
            Self::Operator
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staff_number_other_than_minus_1_or_2_is_an_operator() {
        assert_eq!(Actor::from(&StaffId::from("-1")), Actor::System);
        assert_eq!(Actor::from(&StaffId::from("-2")), Actor::User);
        for op in ["", "0", "1", "-3", "-10", " -1", "-1 ", "−1", "system"] {
            assert_eq!(Actor::from(&StaffId::from(op)), Actor::Operator, "{op:?}");
        }
    }
}
