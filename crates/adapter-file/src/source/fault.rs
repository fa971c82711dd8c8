//! What is wrong with a line.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::error::Category;
use wts_app::{BulkError, Place, RecordId};
use wts_domain::{StaffId, TicketId, TraceId};

use super::lines::Line;

/// How much of what stands in a line is repeated.
const REPEATED: usize = 200;

/// A file that has no end.
pub(super) fn cut_off(line: u64) -> BulkError {
    let place = Place {
        line: Some(line),
        ..Place::default()
    };
    BulkError::BadRecord(place.fault("the file ends here, before an end record: it was cut off"))
}

/// A line that could not be read as a `T`. It is read once more, with an eye on where it goes wrong.
pub(super) fn of_line<T: DeserializeOwned>(
    line: &Line<'_>,
    error: &serde_json::Error,
) -> BulkError {
    let mut place = line.place();
    place.record = record(line.text);
    let mut json = serde_json::Deserializer::from_slice(line.text);
    let problem = match serde_path_to_error::deserialize::<_, T>(&mut json) {
        Err(traced) => {
            let path = traced.path().to_string();
            place.field = (![".", "?"].contains(&path.as_str())).then_some(path);
            problem(traced.inner())
        }
        Ok(_) => problem(error),
    };
    BulkError::BadRecord(place.fault(problem))
}

fn problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // There is one line as far as the parser knows.
    let what = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(what, _)| what);
    let what = shortened(what);
    match error.classify() {
        Category::Data => what,
        Category::Syntax | Category::Eof | Category::Io => {
            format!("expected JSON, but at byte {}: {what}", error.column())
        }
    }
}

/// Without the end of a long value, but with what was expected instead, which comes last.
fn shortened(what: &str) -> String {
    let first = |text: &str| match text.char_indices().nth(REPEATED) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    };
    let (value, expected) = what
        .rfind(", expected ")
        .and_then(|at| what.split_at_checked(at))
        .unwrap_or((what, ""));
    first(value) + &first(expected)
}

/// What a record is called, if that much of it can be read.
fn record(text: &[u8]) -> Option<RecordId> {
    #[derive(Deserialize)]
    struct Ids {
        wid: Option<String>,
        opid: Option<i64>,
        tid: Option<i64>,
    }

    let ids: Ids = serde_json::from_slice(text).ok()?;
    match (ids.opid, ids.tid, ids.wid) {
        (Some(opid), _, _) => Some(RecordId::Trace(TraceId::new(opid))),
        (_, Some(tid), _) => TicketId::new(tid).map(RecordId::Ticket),
        (_, _, Some(wid)) => Some(RecordId::Staff(StaffId::from(wid))),
        _ => None,
    }
}
