//! Who is asking.

use crate::{Access, StudentId};

/// A person or service whose identity has been established, by a token for example.
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
    /// The caller's student number. May be empty for a service, which then owns no ticket.
    pub student: StudentId,
    /// The caller's rank.
    pub access: Access,
}

impl Caller {
    /// A caller with this student number and this rank.
    pub fn new(student: StudentId, access: Access) -> Self {
        Self { student, access }
    }
}

/// A caller who has been found active. [`ensure_active`](crate::ensure_active) makes it, and nothing else does, so
/// that no code which asks for one can forget the check.
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
    /// Only for the policy that has looked at the caller's rank.
    pub(crate) fn new_unchecked(caller: Caller) -> Self {
        Self(caller)
    }

    /// The caller's student number. May be empty for a service, which then owns no ticket.
    pub fn student(&self) -> &StudentId {
        &self.0.student
    }

    /// The caller's rank.
    pub fn access(&self) -> Access {
        self.0.access
    }
}
