//! People who act on tickets.

use crate::{Access, StaffId, StudentId};

/// Somebody of the staff, or one of the two who are nobody: [`StaffId::SYSTEM`] and [`StaffId::USER`].
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
