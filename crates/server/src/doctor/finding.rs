//! What was found.

use std::fmt;

/// One thing that was looked at.
pub(super) struct Finding {
    pub(super) verdict: Verdict,
    what: String,
    /// What to do about it.
    remedy: Option<String>,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As it should be.
    Well,
    /// It works, and should be otherwise.
    Unwise,
    /// The service cannot serve like this.
    Broken,
}

impl Finding {
    pub(super) fn well(what: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Well,
            what: what.into(),
            remedy: None,
        }
    }

    pub(super) fn unwise(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Unwise,
            what: what.into(),
            remedy: Some(remedy.into()),
        }
    }

    pub(super) fn broken(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Broken,
            what: what.into(),
            remedy: Some(remedy.into()),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Well => "ok    ",
            Verdict::Unwise => "warn  ",
            Verdict::Broken => "FAIL  ",
        };
        write!(f, "{verdict}{}", self.what)?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n      -> {remedy}"),
            None => Ok(()),
        }
    }
}
