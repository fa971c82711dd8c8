//! Staff members: the people who work on tickets.

use crate::{Access, StaffId, StudentId};

/// A row of the staff table: a staff member, or one of the reserved numbers [`StaffId::SYSTEM`] and [`StaffId::USER`].
///
/// ```
/// use wts_domain::{Access, StaffId, StaffMember, StudentId};
///
/// let mut james = StaffMember::new(StaffId::from("W007"), StudentId::from("2024310999"), Access::FormalMember);
/// james.name = "詹姆斯".to_owned();
/// assert!(james.access.is_operator());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StaffMember {
    /// The staff number, which is the `op` of the traces of this staff member.
    pub id: StaffId,
    /// The student number of the staff member.
    pub student: StudentId,
    /// The access rank of the staff member.
    pub access: Access,
    /// The name of the staff member, empty if unknown.
    pub name: String,
}

impl StaffMember {
    /// Creates a staff member with an empty name.
    pub fn new(id: StaffId, student: StudentId, access: Access) -> Self {
        Self {
            id,
            student,
            access,
            name: String::new(),
        }
    }
}
