//! Who may do what: functions from facts to a verdict.

use std::{error::Error, fmt};

use crate::{Access, ActiveCaller, Caller, StudentId};

/// Why a caller may not do what they asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessDenied {
    /// The caller's rank is below [`Access::User`](crate::Access::User).
    NotActive,
    /// The ticket is somebody else's and the caller is no operator.
    NotYourTicket,
}

impl fmt::Display for AccessDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotActive => "the caller is not an active user",
            Self::NotYourTicket => "the ticket is somebody else's and the caller is no operator",
        })
    }
}

impl Error for AccessDenied {}

/// Lets active callers through.
///
/// ```
/// use wts_domain::{Access, AccessDenied, Caller, StudentId, ensure_active};
///
/// let with = |access| Caller::new(StudentId::from("2024310001"), access);
/// assert!(ensure_active(with(Access::User)).is_ok());
/// assert_eq!(ensure_active(with(Access::Unregistered)), Err(AccessDenied::NotActive));
/// ```
///
/// # Errors
///
/// [`AccessDenied::NotActive`] for everyone else.
pub fn ensure_active(caller: Caller) -> Result<ActiveCaller, AccessDenied> {
    if caller.access.is_active() {
        Ok(ActiveCaller::new_unchecked(caller))
    } else {
        Err(AccessDenied::NotActive)
    }
}

/// Holds an active caller to `rank`, which somebody knows of them now: from here on theirs is the lower of the two. What a
/// caller brings along, such as a token, may have been true when it was made and no longer be.
///
/// ```
/// use wts_domain::{Access, Caller, StudentId, ensure_active, cap_rank};
///
/// let chief = ensure_active(Caller::new(StudentId::from("2024310001"), Access::Chief))?;
/// let demoted = cap_rank(&chief, Access::User)?;
/// assert_eq!(demoted.access(), Access::User);
/// # Ok::<(), wts_domain::AccessDenied>(())
/// ```
///
/// # Errors
///
/// [`AccessDenied::NotActive`] if that leaves them inactive.
pub fn cap_rank(caller: &ActiveCaller, rank: Access) -> Result<ActiveCaller, AccessDenied> {
    ensure_active(Caller {
        student: caller.student().clone(),
        access: caller.access().min(rank),
    })
}

/// Lets a ticket's issuer and every operator read the ticket's traces.
///
/// An empty student number is nobody's: it makes no caller the issuer of a ticket without one.
///
/// ```
/// use wts_domain::{Access, Caller, StudentId, ensure_active, ensure_may_read_traces};
///
/// let issuer = StudentId::from("2024310001");
/// let of = |sid, access| ensure_active(Caller::new(StudentId::from(sid), access));
/// assert!(ensure_may_read_traces(&of("2024310001", Access::User)?, &issuer).is_ok());
/// assert!(ensure_may_read_traces(&of("2024310999", Access::User)?, &issuer).is_err());
/// assert!(ensure_may_read_traces(&of("2024310999", Access::Chief)?, &issuer).is_ok());
/// # Ok::<(), wts_domain::AccessDenied>(())
/// ```
///
/// # Errors
///
/// [`AccessDenied::NotYourTicket`] for everyone else.
pub fn ensure_may_read_traces(
    caller: &ActiveCaller,
    issuer: &StudentId,
) -> Result<(), AccessDenied> {
    let is_issuer = !issuer.is_empty() && caller.student() == issuer;
    if is_issuer || caller.access().is_operator() {
        Ok(())
    } else {
        Err(AccessDenied::NotYourTicket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Access::*;

    fn caller(student: &str, access: Access) -> Caller {
        Caller {
            student: StudentId::from(student),
            access,
        }
    }

    /// What a caller of this rank hears who asks for the traces of a ticket that `issuer` filed.
    fn verdict(student: &str, access: Access, issuer: &str) -> Result<(), AccessDenied> {
        let active = ensure_active(caller(student, access))?;
        ensure_may_read_traces(&active, &StudentId::from(issuer))
    }

    #[test]
    fn every_rank_with_its_own_and_with_anothers_ticket() {
        const NOT_ACTIVE: Result<(), AccessDenied> = Err(AccessDenied::NotActive);
        const NOT_YOURS: Result<(), AccessDenied> = Err(AccessDenied::NotYourTicket);
        let expected = [
            (Unregistered, NOT_ACTIVE, NOT_ACTIVE),
            (User, Ok(()), NOT_YOURS),
            (PreMember, Ok(()), NOT_YOURS),
            (InformalMember, Ok(()), Ok(())),
            (FormalMember, Ok(()), Ok(())),
            (GroupLeader, Ok(()), Ok(())),
            (Chief, Ok(()), Ok(())),
            (Api, Ok(()), Ok(())),
            (Dev, Ok(()), Ok(())),
        ];
        assert_eq!(
            expected.map(|(rank, ..)| rank),
            Access::ALL,
            "no rank is left out"
        );

        for (rank, own, anothers) in expected {
            assert_eq!(verdict("alice", rank, "alice"), own, "{rank}, own ticket");
            assert_eq!(
                verdict("alice", rank, "bob"),
                anothers,
                "{rank}, another's ticket"
            );
        }
    }

    #[test]
    fn whoever_is_held_to_a_rank_has_the_lower_of_the_two() {
        for brought in Access::ALL {
            let Ok(active) = ensure_active(caller("alice", *brought)) else {
                continue;
            };
            for known in Access::ALL {
                let held = cap_rank(&active, *known);
                match brought.min(known) {
                    Unregistered => assert_eq!(held, Err(AccessDenied::NotActive)),
                    lower => assert_eq!(held, ensure_active(caller("alice", *lower))),
                }
            }
        }
    }

    #[test]
    fn nobody_owns_a_ticket_through_an_empty_student_number() {
        assert_eq!(verdict("", User, ""), Err(AccessDenied::NotYourTicket));
        assert_eq!(
            verdict("", Api, ""),
            Ok(()),
            "an operator needs to own nothing"
        );
    }

    #[test]
    fn student_numbers_are_compared_to_the_letter() {
        for close in ["alice ", " alice", "Alice", "alic", "alice\0", "аlice"] {
            assert_eq!(
                verdict(close, User, "alice"),
                Err(AccessDenied::NotYourTicket),
                "{close:?}"
            );
        }
    }
}
