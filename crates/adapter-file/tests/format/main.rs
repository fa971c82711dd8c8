//! Tests of the guarantee of the file format: reading a file returns exactly the records that were written, or an error
//! with the line.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a panic fails the test")]

mod damage;
mod faults;
mod files;
mod round_trips;

use std::{
    io::{self, Cursor, Write},
    sync::{Arc, Mutex},
};

use wts_adapter_file::{Compression, FileSink, FileSource};
use wts_app::{
    Batch, HistorySink, HistorySource, ImportReport, Record, TransferError, copy_histories,
    verify_histories,
};
use wts_domain::{
    Access, Category, Priority, StaffId, StaffMember, Status, StudentId, Ticket, TicketId, Trace,
    TraceId,
};

const HEADER: &str = r#"{"type":"header","format":"wts-histories","version":1}"#;

/// A buffer that a sink writes to.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn written(records: &[Record], compression: Option<Compression>) -> Vec<u8> {
    let output = Written::default();
    let mut sink = FileSink::writing(output.clone(), compression).unwrap();
    sink.put(records.iter().cloned().collect()).unwrap();
    Box::new(sink).finish().unwrap();
    let bytes = output.0.lock().unwrap();
    bytes.clone()
}

/// Reads all records of a file, and verifies their order and digest.
fn read(bytes: &[u8]) -> Result<Vec<Record>, TransferError> {
    #[derive(Clone, Default)]
    struct CollectingSink(Arc<Mutex<Vec<Record>>>);
    impl HistorySink for CollectingSink {
        fn put(&mut self, batch: Batch) -> Result<(), TransferError> {
            let records = batch.into_entries().into_iter().map(|entry| entry.record);
            self.0.lock().unwrap().extend(records);
            Ok(())
        }
        fn finish(self: Box<Self>) -> Result<ImportReport, TransferError> {
            Ok(ImportReport::default())
        }
    }
    let collected = CollectingSink::default();
    let source = FileSource::reading(Cursor::new(bytes.to_vec()))
        .map_err(|error| TransferError::failed("opening", error))?;
    copy_histories(Box::new(source), Box::new(collected.clone()), &mut ())?;
    let records = collected.0.lock().unwrap();
    Ok(records.clone())
}

fn source(bytes: &[u8]) -> Box<dyn HistorySource> {
    Box::new(FileSource::reading(Cursor::new(bytes.to_vec())).unwrap())
}

/// Reads an invalid file and returns the error.
fn read_error(bytes: &[u8]) -> String {
    match verify_histories(source(bytes), &mut ()) {
        Ok(_) => panic!("expected an error for {:?}", String::from_utf8_lossy(bytes)),
        Err(TransferError::Failed(what, cause)) => format!("{what}: {cause}"),
        Err(error) => error.to_string(),
    }
}

/// Returns records of every kind that together use every field.
fn sample() -> Vec<Record> {
    let mut staff = StaffMember::new(
        StaffId::from("W007"),
        StudentId::from("2022310007"),
        Access::FormalMember,
    );
    "林静".clone_into(&mut staff.name);
    let id = TicketId::new(123).unwrap();
    let at = |text: &str| text.parse().unwrap();
    let mut scheduled_ticket = Ticket::new(
        id,
        StudentId::from("2024310001"),
        at("2025-12-06T10:00:00Z"),
        Category::FirstInstall,
        "宿舍没有网络".to_owned(),
    );
    scheduled_ticket.occur_at = Some(at("2025-12-05T23:59:59.5Z"));
    scheduled_ticket.notes = Some(String::new());
    scheduled_ticket.appointed_at = Some("2025-12-08T00:00:00Z".parse().unwrap());
    scheduled_ticket.status = Status::Scheduled;
    scheduled_ticket.last_updated_at = Some(at("2025-12-06T15:30:00Z"));
    let mut created = Trace::new(
        TraceId::new(1),
        id,
        scheduled_ticket.submitted_at,
        StaffId::from("W007"),
    );
    created.new_status = Some(Status::Fresh);
    created.new_priority = Some(Priority::Mainline);
    created.new_category = Some(Category::FirstInstall);
    "工单已创建".clone_into(&mut created.remark);
    let mut scheduled = Trace::new(
        TraceId::new(3),
        id,
        at("2025-12-06T15:30:00Z"),
        StaffId::from("W007"),
    );
    scheduled.new_status = Some(Status::Scheduled);
    scheduled.new_appointment = scheduled_ticket.appointed_at;
    let minimal_ticket = Ticket::new(
        TicketId::new(124).unwrap(),
        StudentId::from("2024310001"),
        at("infinity"),
        Category::Others,
        String::new(),
    );
    vec![
        Record::Staff(staff),
        Record::Ticket(scheduled_ticket),
        Record::Trace(created),
        Record::Trace(scheduled),
        Record::Ticket(minimal_ticket),
    ]
}
