//! People who act on tickets.

use crate::{Access, StaffId, StudentId};

/// Somebody of the staff, or one of the two who are nobody: [`StaffId::SYSTEM`] and [`StaffId::USER`].
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
    /// Their staff number, the `op` of their traces.
    pub id: StaffId,
    /// Their student number.
    pub student: StudentId,
    /// Their rank.
    pub access: Access,
    /// Their name, empty where unknown.
    pub name: String,
}

impl StaffMember {
    /// A member of the staff whose name is not known. Assign it to the field.
    pub fn new(id: StaffId, student: StudentId, access: Access) -> Self {
        Self {
            id,
            student,
            access,
            name: String::new(),
        }
    }
}
