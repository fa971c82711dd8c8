//! Traces in CSV (RFC 4180), for spreadsheets.
//!
//! The crate `csv` is not used: only free text needs quotes, which takes a few lines of code, and the crate would copy
//! each row to another buffer first.

use std::io::{self, Write};

use wts_domain::{Actor, Priority, Status, TicketField, Trace, TraceChanges};

/// The byte order mark, with which spreadsheets recognize UTF-8, and the names of the columns.
const HEADER: &str = "\u{feff}opid,tid,updated_at,op,op_name,new_status,new_priority,new_appointment,new_category,remark";
/// The names of the additional columns with the changes.
const CHANGES_HEADER: &str = ",actor,status_from,priority_from,appointment_from,category_from";
const LINE_END: &[u8] = b"\r\n";

/// Appends the header row.
pub(super) fn write_header(csv: &mut Vec<u8>, with_changes: bool) {
    csv.extend_from_slice(HEADER.as_bytes());
    if with_changes {
        csv.extend_from_slice(CHANGES_HEADER.as_bytes());
    }
    csv.extend_from_slice(LINE_END);
}

/// Appends the row of a trace. If the header has the columns for changes, the row contains the changes.
///
/// # Errors
///
/// Returns an error if a value cannot be formatted.
pub(super) fn write_row(
    csv: &mut Vec<u8>,
    trace: &Trace,
    changes: Option<&TraceChanges>,
) -> io::Result<()> {
    write!(csv, "{},{},{},", trace.id, trace.ticket, trace.updated_at)?;
    match trace.op.as_str() {
        number if is_integer(number) => csv.extend_from_slice(number.as_bytes()),
        op => write_text(csv, op),
    }
    csv.push(b',');
    write_text(csv, &trace.op_name);
    let status = trace.new_status.map_or("", Status::as_str);
    let priority = trace.new_priority.map_or("", Priority::as_str);
    write!(csv, ",{status},{priority},")?;
    if let Some(appointment) = trace.new_appointment {
        write!(csv, "{appointment}")?;
    }
    let category = trace.new_category.map_or("", |category| category.as_str());
    write!(csv, ",{category},")?;
    write_text(csv, &trace.remark);
    if let Some(changes) = changes {
        write!(csv, ",{}", Actor::from(&trace.op))?;
        for field in TicketField::ALL {
            csv.push(b',');
            if let Some(from) = changes.get(*field).and_then(|change| change.from) {
                write!(csv, "{from}")?;
            }
        }
    }
    csv.extend_from_slice(LINE_END);
    Ok(())
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Appends free text, in quotes if necessary.
///
/// A spreadsheet evaluates a cell that begins like a formula. An apostrophe is inserted before such a value. It is also
/// inserted before a value that begins with an apostrophe, so that a reader can always remove the inserted one.
fn write_text(csv: &mut Vec<u8>, text: &str) {
    let needs_quotes = text.contains([',', '"', '\r', '\n', '\t', ';']);
    if needs_quotes {
        csv.push(b'"');
    }
    if text.starts_with([
        '=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n', '\'',
    ]) {
        csv.push(b'\'');
    }
    if needs_quotes {
        csv.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        csv.push(b'"');
    } else {
        csv.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests;
