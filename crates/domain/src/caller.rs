//! Callers: authenticated persons and services, and callers whose rank has been checked.

use crate::{Access, StudentId};

/// An authenticated person or service.
///
/// ```
/// use wts_domain::{Access, Caller, StudentId};
///
/// let caller = Caller::new(StudentId::from("2024310001"), Access::from_claim("chief"));
/// assert!(caller.access.is_operator());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caller {
    /// The caller's student number. A service without a student number has the empty string here, and owns no tickets.
    pub student: StudentId,
    /// The caller's access rank.
    pub access: Access,
}

impl Caller {
    /// Creates a caller from a student number and a rank.
    pub fn new(student: StudentId, access: Access) -> Self {
        Self { student, access }
    }
}

/// A caller with an active rank. Only [`ensure_active`](crate::ensure_active) and [`cap_rank`](crate::cap_rank) create
/// values of this type, so a function that takes an `ActiveCaller` cannot be called before the rank is checked.
///
/// ```
/// use wts_domain::{Access, ActiveCaller, Caller, StudentId, ensure_active};
///
/// fn greet(caller: &ActiveCaller) -> String {
///     format!("Hello, {}", caller.student())
/// }
///
/// let alice = Caller::new(StudentId::from("2024310001"), Access::User);
/// assert_eq!(greet(&ensure_active(alice)?), "Hello, 2024310001");
/// # Ok::<(), wts_domain::AccessDenied>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveCaller(Caller);

impl ActiveCaller {
    /// Wraps a caller whose rank the policy has checked.
    pub(crate) fn new_unchecked(caller: Caller) -> Self {
        Self(caller)
    }

    /// The caller's student number. A service without a student number has the empty string here, and owns no tickets.
    pub fn student(&self) -> &StudentId {
        &self.0.student
    }

    /// The caller's access rank.
    pub fn access(&self) -> Access {
        self.0.access
    }
}
