//! Converts database rows to the records of an import or export.

use wts_app::{BatchSender, Record, RecordError, RecordId, RecordLocation, TransferError};
use wts_domain::{StaffId, TicketId, TraceId};

use crate::{
    rows::{InvalidColumn, StaffRow, TicketRow, TraceRow},
    sql_types::{IdValue, StrictUtf8},
};

/// Sends a record, or the error of a record that cannot be read, so that the source can continue.
pub(crate) fn send(
    output: &mut BatchSender<'_>,
    record: Result<Record, TransferError>,
) -> Result<(), TransferError> {
    match record {
        Ok(record) => output.send(record),
        Err(TransferError::InvalidRecord(error)) => output.send_invalid(error),
        Err(error) => Err(error),
    }
}

pub(crate) fn staff_record(row: StaffRow) -> Result<Record, RecordError> {
    let location = RecordLocation::record(RecordId::Staff(StaffId::from(row.wid.0.as_str())));
    let staff = row.into_staff();
    staff
        .map(Record::Staff)
        .map_err(|invalid| record_error(&location, &invalid))
}

pub(crate) fn ticket_record(row: TicketRow) -> Result<Record, RecordError> {
    let id = ticket_id(row.tid, &RecordLocation::default())?;
    let location = RecordLocation::record(RecordId::Ticket(id));
    let ticket = row.into_ticket(id);
    ticket
        .map(Record::Ticket)
        .map_err(|invalid| record_error(&location, &invalid))
}

/// Converts a ticket id and a row of `ticket_traces` to the record of a trace.
pub(crate) fn trace_record(
    (tid, row): (IdValue, TraceRow<StrictUtf8>),
) -> Result<Record, RecordError> {
    let location = RecordLocation::record(RecordId::Trace(TraceId::new(row.opid.0)));
    let trace = row.into_trace(ticket_id(tid, &location)?);
    trace
        .map(Record::Trace)
        .map_err(|invalid| record_error(&location, &invalid))
}

fn ticket_id(number: IdValue, location: &RecordLocation) -> Result<TicketId, RecordError> {
    TicketId::new(number.0).ok_or_else(|| {
        let problem = format!("expected a positive ticket id, found {}", number.0);
        location.field("tid").error(problem)
    })
}

fn record_error(location: &RecordLocation, invalid: &InvalidColumn) -> RecordError {
    location
        .field(invalid.column)
        .error(invalid.cause.to_string())
}
