//! The access policy: functions that decide whether a caller may read a ticket's traces.

use std::{error::Error, fmt};

use crate::{Access, ActiveCaller, Caller, StudentId};

/// The reason why the access policy denies a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessDenied {
    /// The caller is not active: the rank is below [`Access::User`](crate::Access::User).
    NotActive,
    /// The ticket belongs to another student and the caller is not an operator.
    NotYourTicket,
}

impl fmt::Display for AccessDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotActive => "the caller is not an active user",
            Self::NotYourTicket => {
                "the ticket belongs to another student and the caller is not an operator"
            }
        })
    }
}

impl Error for AccessDenied {}

/// Checks that a caller is active.
///
/// ```
/// use wts_domain::{Access, AccessDenied, Caller, StudentId, ensure_active};
///
/// let caller = |access| Caller::new(StudentId::from("2024310001"), access);
/// assert!(ensure_active(caller(Access::User)).is_ok());
/// assert_eq!(ensure_active(caller(Access::Unregistered)), Err(AccessDenied::NotActive));
/// ```
///
/// # Errors
///
/// Returns [`AccessDenied::NotActive`] if the caller is not active.
pub fn ensure_active(caller: Caller) -> Result<ActiveCaller, AccessDenied> {
    if caller.access.is_active() {
        Ok(ActiveCaller::new_unchecked(caller))
    } else {
        Err(AccessDenied::NotActive)
    }
}

/// Limits the rank of an active caller: the returned caller has the lower of the caller's rank and `rank`.
///
/// A token contains the rank that the caller had when the token was issued. A service passes the current rank, for
/// example from the database, so that a demoted caller loses access before the token expires.
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
/// Returns [`AccessDenied::NotActive`] if `rank` is not active.
pub fn cap_rank(caller: &ActiveCaller, rank: Access) -> Result<ActiveCaller, AccessDenied> {
    ensure_active(Caller {
        student: caller.student().clone(),
        access: caller.access().min(rank),
    })
}

/// Checks that a caller may read the traces of a ticket. The ticket's issuer and all operators may read them.
///
/// An empty student number never matches: a caller without a student number does not own the tickets without an issuer.
///
/// ```
/// use wts_domain::{Access, Caller, StudentId, ensure_active, ensure_may_read_traces};
///
/// let issuer = StudentId::from("2024310001");
/// let caller = |sid, access| ensure_active(Caller::new(StudentId::from(sid), access));
/// assert!(ensure_may_read_traces(&caller("2024310001", Access::User)?, &issuer).is_ok());
/// assert!(ensure_may_read_traces(&caller("2024310999", Access::User)?, &issuer).is_err());
/// assert!(ensure_may_read_traces(&caller("2024310999", Access::Chief)?, &issuer).is_ok());
/// # Ok::<(), wts_domain::AccessDenied>(())
/// ```
///
/// # Errors
///
/// Returns [`AccessDenied::NotYourTicket`] if the caller is neither the issuer nor an operator.
pub fn ensure_may_read_traces(
    caller: &ActiveCaller,
    issuer: &StudentId,
) -> Result<(), AccessDenied> {
    let is_issuer = !issuer.is_empty() && caller.student() == issuer;
    if is_issuer || can_read_all_traces(caller) {
        Ok(())
    } else {
        Err(AccessDenied::NotYourTicket)
    }
}

/// Returns whether a caller may read the traces of every ticket: every operator may. Other callers must name tickets, for
/// each of which [`ensure_may_read_traces`] decides.
///
/// ```
/// use wts_domain::{Access, Caller, StudentId, can_read_all_traces, ensure_active};
///
/// let caller = |access| ensure_active(Caller::new(StudentId::from("2024310001"), access));
/// assert!(can_read_all_traces(&caller(Access::FormalMember)?));
/// assert!(!can_read_all_traces(&caller(Access::User)?));
/// # Ok::<(), wts_domain::AccessDenied>(())
/// ```
pub fn can_read_all_traces(caller: &ActiveCaller) -> bool {
    caller.access().is_operator()
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

    /// Returns the decision for a caller with this student number and rank, and a ticket filed by `issuer`.
    fn decision(student: &str, access: Access, issuer: &str) -> Result<(), AccessDenied> {
        let active = ensure_active(caller(student, access))?;
        ensure_may_read_traces(&active, &StudentId::from(issuer))
    }

    #[test]
    fn access_of_every_rank_matches_the_contract() {
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
            "all ranks are tested"
        );

        for (rank, own, anothers) in expected {
            assert_eq!(decision("alice", rank, "alice"), own, "{rank}, own ticket");
            assert_eq!(
                decision("alice", rank, "bob"),
                anothers,
                "{rank}, another's ticket"
            );
        }
    }

    #[test]
    fn capped_rank_is_the_lower_of_both_ranks() {
        for rank in Access::ALL {
            let Ok(active) = ensure_active(caller("alice", *rank)) else {
                continue;
            };
            for limit in Access::ALL {
                let capped = cap_rank(&active, *limit);
                match rank.min(limit) {
                    Unregistered => assert_eq!(capped, Err(AccessDenied::NotActive)),
                    lower => assert_eq!(capped, ensure_active(caller("alice", *lower))),
                }
            }
        }
    }

    #[test]
    fn every_operator_can_read_all_traces() {
        let ranks = Access::ALL.iter().filter(|rank| {
            let active = ensure_active(caller("alice", **rank));
            active.is_ok_and(|caller| can_read_all_traces(&caller))
        });
        let expected = [InformalMember, FormalMember, GroupLeader, Chief, Api, Dev];
        assert!(ranks.eq(&expected));
    }

    #[test]
    fn empty_student_number_owns_no_ticket() {
        assert_eq!(decision("", User, ""), Err(AccessDenied::NotYourTicket));
        assert_eq!(
            decision("", Api, ""),
            Ok(()),
            "an operator may read every ticket"
        );
    }

    #[test]
    fn similar_student_number_does_not_own_the_ticket() {
        for similar in ["alice ", " alice", "Alice", "alic", "alice\0", "аlice"] {
            assert_eq!(
                decision(similar, User, "alice"),
                Err(AccessDenied::NotYourTicket),
                "{similar:?}"
            );
        }
    }
}
