//! The findings that `wts doctor` prints.

use std::fmt;

/// The result of a check.
pub(super) struct Finding {
    pub(super) severity: Severity,
    text: String,
    /// The remedy, empty if none is needed.
    hint: String,
}

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    /// The check passed.
    Ok,
    /// The service works, but its configuration should be changed.
    Warn,
    /// The service cannot serve.
    Fail,
}

impl Finding {
    fn new(severity: Severity, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            severity,
            text: text.into(),
            hint: hint.into(),
        }
    }

    pub(super) fn ok(text: impl Into<String>) -> Self {
        Self::new(Severity::Ok, text, "")
    }

    pub(super) fn warn(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Severity::Warn, text, hint)
    }

    pub(super) fn fail(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Severity::Fail, text, hint)
    }

    /// Returns the success `text` if `is_ok`, and otherwise this finding.
    pub(super) fn unless(self, is_ok: bool, text: impl Into<String>) -> Self {
        if is_ok { Self::ok(text) } else { self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Ok => "ok  ",
            Severity::Warn => "warn",
            Severity::Fail => "FAIL",
        };
        write!(f, "{severity}  {}", self.text)?;
        if !self.hint.is_empty() {
            write!(f, "\n      -> {}", self.hint)?;
        }
        Ok(())
    }
}
