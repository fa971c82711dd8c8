//! The counts and the digest in the last line of a file.

use sha2::{Digest, Sha256};
use wts_app::Counts;

use crate::wire::EndLine;

/// Counts and digests lines as they are written or read.
#[derive(Default)]
pub(crate) struct FileDigest {
    pub(crate) counts: Counts,
    digest: Sha256,
}

impl FileDigest {
    /// Adds a line with its newline.
    pub(crate) fn update(&mut self, line: &[u8]) {
        self.digest.update(line);
    }

    /// Returns the last line of a file with these lines.
    pub(crate) fn end(&self) -> EndLine {
        let digest = self.digest.clone().finalize();
        let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let hexadecimal = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
        EndLine::new(self.counts, hexadecimal.collect())
    }

    /// Compares the last line of a file with the lines before it; the error names the difference.
    pub(crate) fn verify(&self, end: &EndLine) -> Result<(), String> {
        let expected = self.end();
        for (kind, written, found) in [
            ("staff", end.staff, expected.staff),
            ("tickets", end.tickets, expected.tickets),
            ("traces", end.traces, expected.traces),
        ] {
            if written != found {
                return Err(format!(
                    "{kind}: the file has {found}, where {written} were written: lines were lost or added"
                ));
            }
        }
        if end.sha256 != expected.sha256 {
            return Err(format!(
                "sha256: the lines before have the digest {}, not the one that was written: the file was changed",
                expected.sha256
            ));
        }
        Ok(())
    }
}
