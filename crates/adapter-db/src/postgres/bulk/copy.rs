//! Rows in the binary form of `COPY`.

use std::{io::Cursor, pin::pin};

use futures_util::SinkExt;
use tokio_postgres::{Client, Error};
use wts_domain::{Day, Ticket, Timestamp, Trace};

pub(super) const INTO_TICKETS: &str = "copy wts.tickets (tid, issuer, submitted_at, category, description, occur_at, \
    notes, appointed_at, priority, status, last_updated_at) from stdin (format binary)";
pub(super) const INTO_TRACES: &str = "copy wts.ticket_traces (opid, tid, updated_at, op, new_status, new_priority, \
    new_appointment, new_category, remark) from stdin (format binary)";

/// The signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: i16 = -1;
const NULL: i32 = -1;

/// Rows on their way to the server.
pub(super) struct Rows {
    bytes: Vec<u8>,
}

impl Rows {
    pub(super) fn new() -> Self {
        Self {
            bytes: HEADER.to_vec(),
        }
    }

    pub(super) fn ticket(&mut self, ticket: &Ticket) {
        self.columns(11);
        self.number(ticket.id.get());
        self.text(ticket.issuer.as_str());
        self.moment(Some(ticket.submitted_at));
        self.text(ticket.category.as_str());
        self.text(&ticket.description);
        self.moment(ticket.occur_at);
        self.or_null(ticket.notes.as_deref().map(str::as_bytes));
        self.day(ticket.appointed_at);
        self.text(ticket.priority.as_str());
        self.text(ticket.status.as_str());
        self.moment(ticket.last_updated_at);
    }

    pub(super) fn trace(&mut self, trace: &Trace) {
        self.columns(9);
        self.number(trace.id.get());
        self.number(trace.ticket.get());
        self.moment(Some(trace.updated_at));
        self.text(trace.op.as_str());
        self.or_null(trace.new_status.map(|label| label.as_str().as_bytes()));
        self.or_null(trace.new_priority.map(|label| label.as_str().as_bytes()));
        self.day(trace.new_appointment);
        self.or_null(trace.new_category.map(|label| label.as_str().as_bytes()));
        self.text(&trace.remark);
    }

    fn columns(&mut self, count: i16) {
        self.bytes.extend(count.to_be_bytes());
    }

    fn number(&mut self, number: i64) {
        self.or_null(Some(&number.to_be_bytes()));
    }

    fn moment(&mut self, moment: Option<Timestamp>) {
        let bytes = moment.map(|moment| moment.micros_since_2000().to_be_bytes());
        self.or_null(bytes.as_ref().map(<[u8; 8]>::as_slice));
    }

    fn day(&mut self, day: Option<Day>) {
        let bytes = day.map(|day| day.days_since_2000().to_be_bytes());
        self.or_null(bytes.as_ref().map(<[u8; 4]>::as_slice));
    }

    fn text(&mut self, text: &str) {
        self.or_null(Some(text.as_bytes()));
    }

    fn or_null(&mut self, value: Option<&[u8]>) {
        // A line of a file has a quarter of this length at most.
        let length = value.map_or(NULL, |value| i32::try_from(value.len()).unwrap_or(i32::MAX));
        self.bytes.extend(length.to_be_bytes());
        self.bytes.extend(value.unwrap_or_default());
    }

    /// Has the server take all of them.
    pub(super) async fn send(mut self, client: &Client, statement: &str) -> Result<(), Error> {
        self.bytes.extend(TRAILER.to_be_bytes());
        let mut sink = pin!(client.copy_in(statement).await?);
        sink.send(Cursor::new(self.bytes)).await?;
        sink.finish().await?;
        Ok(())
    }
}
