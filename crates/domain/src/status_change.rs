//! The policy for status changes, for services that write traces.

use std::{error::Error, fmt};

use crate::{ActiveCaller, Status};

/// The reason why a status change is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusChangeDenied {
    /// The status change is not allowed for any caller: [`Status::can_become`] returns `false`.
    StepNotAllowed {
        /// The current status of the ticket.
        from: Status,
        /// The requested status of the ticket.
        to: Status,
    },
    /// The change would reopen a solved ticket, and the caller is not a manager.
    ManagersOnly,
}

impl fmt::Display for StatusChangeDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StepNotAllowed { from, to } => {
                write!(f, "status change not allowed: from {from} to {to}")
            }
            Self::ManagersOnly => {
                f.write_str("status change not allowed: only managers can reopen a solved ticket")
            }
        }
    }
}

impl Error for StatusChangeDenied {}

/// Checks that a status change is allowed, and that the caller is a manager if the change reopens the ticket.
///
/// This function does not check whether the caller may work on the ticket. The service that writes the trace must check
/// that.
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
/// Returns [`StatusChangeDenied::StepNotAllowed`] if the status change is not allowed for any caller, and otherwise
/// [`StatusChangeDenied::ManagersOnly`] if only managers can make it and the caller is not a manager.
pub fn ensure_may_change_status(
    caller: &ActiveCaller,
    from: Status,
    to: Status,
) -> Result<(), StatusChangeDenied> {
    if !from.can_become(to) {
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
    fn status_changes_of_every_rank_match_the_policy() {
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
                        _ if from.can_become(to) => Ok(()),
                        _ => Err(StatusChangeDenied::StepNotAllowed { from, to }),
                    };
                    let outcome = ensure_may_change_status(&caller, from, to);
                    assert_eq!(outcome, expected, "{rank}: {from} to {to}");
                }
            }
        }
    }
}
