//! The policy for writers: which status a caller may give a ticket.

use std::{error::Error, fmt};

use crate::{ActiveCaller, Status};

/// Why a caller may not give a ticket a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusChangeDenied {
    /// The status cannot follow the ticket's status: [`Status::may_become`] is false.
    StepNotAllowed {
        /// The ticket's status.
        from: Status,
        /// The requested status.
        to: Status,
    },
    /// The change would reopen a solved ticket, and the caller is not a manager.
    ManagersOnly,
}

impl fmt::Display for StatusChangeDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StepNotAllowed { from, to } => {
                write!(f, "a ticket cannot go from {from} to {to}")
            }
            Self::ManagersOnly => f.write_str("only managers may reopen a solved ticket"),
        }
    }
}

impl Error for StatusChangeDenied {}

/// Checks that a ticket may go from one status to another, and that a manager does it if that reopens the ticket.
///
/// Which of the other steps a caller may take on this ticket is for the service to decide that writes the trace.
///
/// ```
/// use wts_domain::{Access, Caller, Status, StatusChangeDenied, StudentId, ensure_active, ensure_may_change_status};
///
/// let member = ensure_active(Caller::new(StudentId::from("2024310001"), Access::FormalMember))?;
/// let chief = ensure_active(Caller::new(StudentId::from("2024310002"), Access::Chief))?;
///
/// assert_eq!(ensure_may_change_status(&member, Status::Fresh, Status::Solved), Ok(()));
/// assert_eq!(
///     ensure_may_change_status(&member, Status::Solved, Status::Fresh),
///     Err(StatusChangeDenied::ManagersOnly)
/// );
/// assert_eq!(ensure_may_change_status(&chief, Status::Solved, Status::Fresh), Ok(()));
/// # Ok::<(), wts_domain::AccessDenied>(())
/// ```
///
/// # Errors
///
/// [`StatusChangeDenied`]. An impossible step is reported before a missing rank.
pub fn ensure_may_change_status(
    caller: &ActiveCaller,
    from: Status,
    to: Status,
) -> Result<(), StatusChangeDenied> {
    if !from.may_become(to) {
        return Err(StatusChangeDenied::StepNotAllowed { from, to });
    }
    let reopens = matches!((from, to), (Status::Solved, Status::Fresh));
    if reopens && !caller.access().is_manager() {
        return Err(StatusChangeDenied::ManagersOnly);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, Caller, StudentId, ensure_active};

    #[test]
    fn every_rank_takes_allowed_steps_and_managers_reopen() {
        for rank in Access::ALL {
            let Ok(caller) = ensure_active(Caller::new(StudentId::from("2024310001"), *rank))
            else {
                continue;
            };
            for from in Status::ALL.iter().copied() {
                for to in Status::ALL.iter().copied() {
                    let expected = match (from, to) {
                        (Status::Solved, Status::Fresh) if rank.is_manager() => Ok(()),
                        (Status::Solved, Status::Fresh) => Err(StatusChangeDenied::ManagersOnly),
                        _ if from.may_become(to) => Ok(()),
                        _ => Err(StatusChangeDenied::StepNotAllowed { from, to }),
                    };
                    let outcome = ensure_may_change_status(&caller, from, to);
                    assert_eq!(outcome, expected, "{rank}: {from} to {to}");
                }
            }
        }
    }
}
