//! The format of log records.

use std::time::SystemTime;

/// The format of log records, text or JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum LogFormat {
    /// Plain text.
    Text,
    /// One JSON object per line.
    Json,
}

impl LogFormat {
    /// Formats a record that reports the number of lost records.
    pub(super) fn lost(self, records: usize) -> String {
        let message = "log records were lost because the log was not read in time";
        match self {
            Self::Text => format!("{records} {message}"),
            Self::Json => {
                let now = humantime::format_rfc3339_micros(SystemTime::now());
                format!(
                    r#"{{"timestamp":"{now}","level":"WARN","message":"{message}","lost":{records},"target":"wts"}}"#
                )
            }
        }
    }
}
