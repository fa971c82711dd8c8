//! A log that nobody who logs waits for.
//!
//! Records gather in memory, and a thread writes together what has gathered in a moment. Handing every record to such a
//! thread by itself, over a channel, wakes it for each: that took a tenth of the service's time under load.

use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

use super::LogFormat;

/// How long records gather.
const MOMENT: Duration = Duration::from_millis(10);
/// How many bytes may wait to be written. Should nobody take them, records that are too many are lost, and not the
/// requests that they are about.
const MOST: usize = 4 * 1_024 * 1_024;
/// How much memory is kept for what comes next.
const ORDINARY: usize = 64 * 1_024;
/// How long the end waits until the last records are written.
const FAREWELL: Duration = Duration::from_secs(1);

/// Where records are put.
#[derive(Clone)]
pub(super) struct Gathered(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// That there is something to write, or that the end has come.
    news: Condvar,
}

#[derive(Default)]
struct State {
    records: Vec<u8>,
    /// How many did not fit.
    lost: u64,
    ended: bool,
}

/// As long as it lives, records are written. When it is dropped the last ones are.
pub(crate) struct Guard {
    shared: Arc<Shared>,
    written: mpsc::Receiver<()>,
}

/// Writes what is put into the first of the two, records in this format, to `out`, until the second is dropped.
///
/// # Errors
///
/// If there can be no further thread.
pub(super) fn gather(
    out: impl Write + Send + 'static,
    format: LogFormat,
) -> io::Result<(Gathered, Guard)> {
    let shared = Arc::new(Shared::default());
    let (done, written) = mpsc::channel();
    thread::Builder::new().name("log".to_owned()).spawn({
        let shared = Arc::clone(&shared);
        move || {
            write_all(&shared, out, format);
            let _ = done.send(()); // unless nobody waits any more
        }
    })?;
    let guard = Guard {
        shared: Arc::clone(&shared),
        written,
    };
    Ok((Gathered(shared), guard))
}

fn write_all(shared: &Shared, mut out: impl Write, format: LogFormat) {
    let mut records = Vec::new();
    loop {
        let (lost, ended) = {
            let state = shared.state();
            let mut state = shared
                .news
                .wait_while(state, |state| state.records.is_empty() && !state.ended)
                .unwrap_or_else(PoisonError::into_inner);
            mem::swap(&mut state.records, &mut records);
            (mem::take(&mut state.lost), state.ended)
        };
        // What cannot be written is lost: there is no other place to say so.
        let _ = out.write_all(&records);
        if lost > 0 {
            let _ = writeln!(out, "{}", format.lost(lost));
        }
        let _ = out.flush();
        records.clear();
        records.shrink_to(ORDINARY);
        if ended {
            break;
        }
        thread::sleep(MOMENT);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that is done under the lock leaves it half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Gathered {
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        let mut state = self.0.state();
        if state.records.len() + record.len() > MOST {
            state.lost += 1;
        } else {
            state.records.extend_from_slice(record);
            if state.records.len() == record.len() {
                self.0.news.notify_one();
            }
        }
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.shared.state().ended = true;
        self.shared.news.notify_one();
        let _ = self.written.recv_timeout(FAREWELL);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::mpsc::{Receiver, Sender, channel},
        time::Instant,
    };

    use super::*;

    /// A standard error that somebody reads, or nobody.
    struct Pipe {
        written: Sender<Vec<u8>>,
        /// Every write waits for one of these.
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
    fn the_last_records_are_written_before_the_end() {
        let (pipe, read, take) = pipe();
        drop(take); // read as soon as it is written
        let (mut log, guard) = gather(pipe, LogFormat::Text).unwrap();

        for record in ["one\n", "two\n", "three\n"] {
            log.write_all(record.as_bytes()).unwrap();
        }
        drop(guard);

        let written: Vec<u8> = read.try_iter().flatten().collect();
        assert_eq!(String::from_utf8(written).unwrap(), "one\ntwo\nthree\n");
    }

    #[test]
    fn who_logs_does_not_wait_for_who_reads_and_is_told_what_was_lost() {
        for (format, told) in [
            (
                LogFormat::Text,
                "3 log records were lost: nobody took them in time",
            ),
            (LogFormat::Json, r#""lost":3,"target":"wts"}"#),
        ] {
            let (pipe, read, take) = pipe();
            let (mut log, guard) = gather(pipe, format).unwrap();
            log.write_all(b"first\n").unwrap();
            assert_eq!(read.recv().unwrap(), b"first\n", "and nobody takes it");

            let record = [b'x'; 1_024];
            for _ in 0..MOST / record.len() + 3 {
                log.write_all(&record).unwrap();
            }
            drop(take);
            drop(guard);

            let written: Vec<u8> = read.try_iter().flatten().collect();
            let (records, rest) = written.split_at(MOST);
            assert!(records.iter().all(|byte| *byte == b'x'), "what fits");
            let line = str::from_utf8(rest).unwrap().strip_suffix('\n').unwrap();
            assert!(line.ends_with(told), "{line}");
            let is_json = serde_json::from_str::<serde_json::Value>(line).is_ok();
            assert_eq!(is_json, format == LogFormat::Json, "{line}");
        }
    }

    #[test]
    fn the_end_does_not_wait_for_ever_for_who_does_not_read() {
        let (pipe, _read, _take) = pipe();
        let (mut log, guard) = gather(pipe, LogFormat::Text).unwrap();
        log.write_all(b"never taken\n").unwrap();

        let begun = Instant::now();
        drop(guard);

        assert!(begun.elapsed() >= FAREWELL);
    }
}
