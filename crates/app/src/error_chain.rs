//! The error chain: an error and all its causes, formatted for logs and messages.

use std::{error::Error, fmt};

/// Formats an error and its causes on one line, outermost first, separated by `": "`. A cause is omitted if the text
/// before it already contains the cause's text.
///
/// ```
/// use wts_app::{ErrorChain, RepositoryError};
///
/// let error = RepositoryError::Failed("connection reset".into());
/// assert_eq!(ErrorChain(&error).to_string(), "the repository failed: connection reset");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ErrorChain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for ErrorChain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.0.to_string();
        let mut source = self.0.source();
        while let Some(cause) = source {
            let reason = cause.to_string();
            if !text.contains(&reason) {
                text.push_str(": ");
                text.push_str(&reason);
            }
            source = cause.source();
        }
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Link {
        text: &'static str,
        source: Option<Box<Link>>,
    }

    fn chain(texts: &[&'static str]) -> String {
        let mut links = None;
        for text in texts.iter().rev() {
            let source = links.map(Box::new);
            links = Some(Link { text, source });
        }
        ErrorChain(&links.unwrap()).to_string()
    }

    #[test]
    fn causes_are_written_in_order_without_repetition() {
        assert_eq!(chain(&["a read failed"]), "a read failed");
        assert_eq!(chain(&["outer", "middle", "root"]), "outer: middle: root");
        assert_eq!(
            chain(&["invalid token: expired", "expired", "at noon"]),
            "invalid token: expired: at noon"
        );
    }
}
