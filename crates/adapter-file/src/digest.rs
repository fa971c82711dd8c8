//! The record counts and the digest in the last line of a file.

use sha2::{Digest, Sha256};
use wts_app::Counts;

use crate::wire::EndLine;

/// The record counts and the digest of the lines written or read so far.
#[derive(Default)]
pub(crate) struct FileDigest {
    pub(crate) counts: Counts,
    digest: Sha256,
}

impl FileDigest {
    /// Adds a line, including its newline, to the digest.
    pub(crate) fn update(&mut self, line: &[u8]) {
        self.digest.update(line);
    }

    /// Returns the last line of a file that contains these lines.
    pub(crate) fn end(&self) -> EndLine {
        let digest = self.digest.clone().finalize();
        let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let hexadecimal = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
        EndLine::new(self.counts, hexadecimal.collect())
    }

    /// Checks that the record counts and the SHA-256 digest in the last line match the lines before it. The error describes
    /// the difference.
    pub(crate) fn verify(&self, end: &EndLine) -> Result<(), String> {
        let expected = self.end();
        for (kind, written, found) in [
            ("staff", end.staff, expected.staff),
            ("tickets", end.tickets, expected.tickets),
            ("traces", end.traces, expected.traces),
        ] {
            if written != found {
                return Err(format!(
                    "{kind}: expected {written} records, found {found}: lines were lost or added"
                ));
            }
        }
        if end.sha256 != expected.sha256 {
            return Err(format!(
                "sha256: the lines before this one have the digest {}, which differs from this value: the file was changed",
                expected.sha256
            ));
        }
        Ok(())
    }
}
