//! Holding histories against the rules.

use super::{BulkError, Counts, HistorySource, Observer, copy::drain, identity::Identity};

/// Holds every history of a source against the rules of [`wts_domain::audit_history`], in one pass, and sees that every
/// number stands for one record and that whoever acted is of the staff.
pub struct VerifyHistories {
    source: Box<dyn HistorySource>,
}

/// What a verification has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// So much was looked at.
    pub counts: Counts,
    /// How many findings the observer was told of.
    pub findings: u64,
}

impl VerifyHistories {
    /// A verification that has not begun.
    pub fn new(source: Box<dyn HistorySource>) -> Self {
        Self { source }
    }

    /// Looks at everything and tells the observer what breaks the rules. Blocks its thread.
    ///
    /// # Errors
    ///
    /// [`BulkError`] if the source failed or gave a record that cannot be read, or one that no database would take beside
    /// the others; what comes after it is not looked at.
    pub fn execute(self, observer: &mut dyn Observer) -> Result<Verified, BulkError> {
        let mut identity = Identity::default();
        let (counts, findings) = drain(self.source, observer, |batch| {
            batch
                .entries()
                .iter()
                .try_for_each(|entry| identity.admit(entry))
        })?;
        Ok(Verified { counts, findings })
    }
}
