//! The log writer: a separate thread writes the records, so that requests never wait for a slow log.
//!
//! The thread collects records and writes them together. If it were woken for every record, this would take a tenth of
//! the CPU time of the service under load.

use std::{
    io::{self, BufWriter, Write},
    sync::{Arc, OnceLock, mpsc},
    thread,
    time::Duration,
};

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

use super::LogFormat;

/// The time for which records are collected before they are written together.
const FLUSH_INTERVAL: Duration = Duration::from_millis(10);
/// The maximum number of records that wait to be written, some megabytes. If the log is read too slowly, further
/// records are lost, but requests are not delayed.
const MAX_QUEUED_RECORDS: usize = 8_192;
/// The size of the buffer that is written with one system call, in bytes.
const BUFFER_BYTES: usize = 64 * 1_024;
/// The timeout for writing the last records when the process ends.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// Starts a thread that writes records to `out` until the guard is dropped.
pub(super) fn start(
    out: impl Write + Send + 'static,
    format: LogFormat,
) -> (NonBlocking, FlushGuard) {
    let lost = Arc::new(OnceLock::new());
    let writer = BufferedWriter {
        out: BufWriter::with_capacity(BUFFER_BYTES, out),
        format,
        lost: Arc::clone(&lost),
        reported: 0,
    };
    let (records, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(MAX_QUEUED_RECORDS)
        .thread_name("log")
        .finish(writer);
    lost.get_or_init(|| records.error_counter());
    (records, FlushGuard(Some(guard)))
}

/// A guard that writes the last records when it is dropped.
pub(super) struct FlushGuard(Option<WorkerGuard>);

impl Drop for FlushGuard {
    fn drop(&mut self) {
        let guard = self.0.take();
        let (dropped, written) = mpsc::channel::<()>();
        // A second thread is used, because on a timeout `WorkerGuard` prints a message, which can block like the log.
        let _ = thread::Builder::new().spawn(move || {
            drop(guard);
            drop(dropped);
        });
        let _ = written.recv_timeout(FLUSH_TIMEOUT);
    }
}

/// A writer that buffers records, and writes each of them on one line. Every call of `write` contains exactly one
/// record.
struct BufferedWriter<W: Write> {
    out: BufWriter<W>,
    format: LogFormat,
    /// The counter of records that were lost because the queue was full.
    lost: Arc<OnceLock<ErrorCounter>>,
    /// The number of lost records that have been reported in the log.
    reported: usize,
}

impl<W: Write> BufferedWriter<W> {
    fn report_lost(&mut self) -> io::Result<()> {
        let lost = self.lost.get().map_or(0, ErrorCounter::dropped_lines);
        if lost > self.reported {
            let message = self.format.lost(lost - self.reported);
            self.reported = lost;
            writeln!(self.out, "{message}")?;
        }
        Ok(())
    }
}

// Errors are ignored and the record is lost, because an error could only be reported in the log.
impl<W: Write> Write for BufferedWriter<W> {
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        let _ = write_on_one_line(&mut self.out, record).and_then(|()| self.report_lost());
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.report_lost().and_then(|()| self.out.flush());
        thread::sleep(FLUSH_INTERVAL);
        Ok(())
    }
}

/// Writes a record and escapes its line breaks. Otherwise a client whose input is logged could forge a record.
fn write_on_one_line(out: &mut impl Write, record: &[u8]) -> io::Result<()> {
    let line = record.strip_suffix(b"\n").unwrap_or(record);
    // Some programs also treat vertical tab and form feed as line breaks.
    for piece in line.split_inclusive(|byte| matches!(byte, b'\n' | b'\r' | 0x0B | 0x0C)) {
        match piece.split_last() {
            Some((b'\n', rest)) => out.write_all(rest).and_then(|()| out.write_all(b"\\n"))?,
            Some((b'\r' | 0x0B | 0x0C, rest)) => {
                out.write_all(rest).and_then(|()| out.write_all(b"\\r"))?;
            }
            _ => out.write_all(piece)?,
        }
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use std::{
        sync::mpsc::{Receiver, Sender, channel},
        time::Instant,
    };

    use super::*;

    /// A standard error stream whose writes block until a test reads them.
    struct Pipe {
        written: Sender<Vec<u8>>,
        /// The permissions to finish a write. Every write waits for one.
        taken: Receiver<()>,
    }

    fn pipe() -> (Pipe, Receiver<Vec<u8>>, Sender<()>) {
        let (written, read) = channel();
        let (take, taken) = channel();
        (Pipe { written, taken }, read, take)
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.written.send(bytes.to_vec());
            let _ = self.taken.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn last_records_are_written_on_one_line_each() {
        let (pipe, read, take) = pipe();
        drop(take); // so that writes do not block
        let (mut log, guard) = start(pipe, LogFormat::Text);

        for record in ["one\n", "reason=a\r\nERROR forged\u{B}\n", "three\n"] {
            log.write_all(record.as_bytes()).unwrap();
        }
        drop(guard);

        let written: Vec<u8> = read.try_iter().flatten().collect();
        assert_eq!(
            String::from_utf8(written).unwrap(),
            "one\nreason=a\\r\\nERROR forged\\r\nthree\n"
        );
    }

    #[test]
    fn record_is_written_without_waiting_for_another() {
        let (pipe, read, _take) = pipe();
        let (mut log, _guard) = start(pipe, LogFormat::Text);
        log.write_all(b"one\n").unwrap();
        assert_eq!(read.recv().unwrap(), b"one\n");
    }

    #[test]
    fn unread_log_does_not_block_and_reports_lost_records() {
        for (format, reported) in [
            (
                LogFormat::Text,
                "3 log records were lost because the log was not read in time",
            ),
            (LogFormat::Json, r#""lost":3,"target":"wts"}"#),
        ] {
            let (pipe, read, take) = pipe();
            let (mut log, guard) = start(pipe, format);
            log.write_all(b"first\n").unwrap();
            assert_eq!(read.recv().unwrap(), b"first\n", "and its write blocks");

            for _ in 0..MAX_QUEUED_RECORDS + 3 {
                log.write_all(b"x\n").unwrap();
            }
            drop(take);
            drop(guard);

            let written: Vec<u8> = read.try_iter().flatten().collect();
            let written = String::from_utf8(written).unwrap();
            assert_eq!(written.matches("x\n").count(), MAX_QUEUED_RECORDS);
            let line = written.lines().find(|line| *line != "x").unwrap();
            assert!(line.ends_with(reported), "{line}");
            let is_json = serde_json::from_str::<serde_json::Value>(line).is_ok();
            assert_eq!(is_json, format == LogFormat::Json, "{line}");
        }
    }

    #[test]
    fn unread_log_delays_the_end_up_to_the_flush_timeout() {
        let (pipe, _read, _take) = pipe();
        let (mut log, guard) = start(pipe, LogFormat::Text);
        log.write_all(b"never read\n").unwrap();

        let begun = Instant::now();
        drop(guard);

        assert!(begun.elapsed() >= FLUSH_TIMEOUT);
    }
}
