//! The languages of labels.

/// A language that people read labels in.
///
/// ```
/// use wts_domain::{Language, Status};
///
/// assert_eq!(Status::Delay.label(Language::Chinese), "改日修");
/// assert_eq!(Status::Delay.label(Language::English), "Postponed");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Language {
    /// Simplified Chinese, as the ticket system has always shown its labels.
    #[default]
    Chinese,
    /// English.
    English,
}
