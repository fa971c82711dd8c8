//! What a log record looks like.

use std::{str::FromStr, time::SystemTime};

/// For whom records are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl LogFormat {
    /// The record of so many records that were lost.
    pub(super) fn lost(self, records: u64) -> String {
        let what = "log records were lost: nobody took them in time";
        match self {
            Self::Text => format!("{records} {what}"),
            Self::Json => {
                let now = humantime::format_rfc3339_micros(SystemTime::now());
                format!(
                    r#"{{"timestamp":"{now}","level":"WARN","message":"{what}","lost":{records},"target":"wts"}}"#
                )
            }
        }
    }
}

impl FromStr for LogFormat {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        match name {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(()),
        }
    }
}
