//! How much of a file has been read.

use std::{
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use wts_app::Share;

/// Counts what is read.
pub(super) struct Counted<R> {
    input: R,
    done: Arc<AtomicU64>,
}

/// How much that is, also for those who do not hold the reader any more.
pub(super) struct Progress {
    done: Arc<AtomicU64>,
    of: Option<u64>,
}

impl<R: Read> Counted<R> {
    pub(super) fn new(input: R, of: Option<u64>) -> (Self, Progress) {
        let done = Arc::<AtomicU64>::default();
        let progress = Progress {
            done: Arc::clone(&done),
            of,
        };
        (Self { input, done }, progress)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.done
            .fetch_add(u64::try_from(read).unwrap_or(0), Ordering::Relaxed);
        Ok(read)
    }
}

impl Progress {
    pub(super) fn share(&self) -> Option<Share> {
        Some(Share {
            done: self.done.load(Ordering::Relaxed),
            of: self.of?,
        })
    }
}
