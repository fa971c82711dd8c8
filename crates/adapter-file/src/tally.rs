//! What the last line says of all the others.

use sha2::{Digest, Sha256};
use wts_app::Counts;

use crate::wire::EndLine;

/// Counts and digests lines as they are written or read.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) counts: Counts,
    digest: Sha256,
}

impl Tally {
    /// Takes a line, its newline included.
    pub(crate) fn take(&mut self, line: &[u8]) {
        self.digest.update(line);
    }

    /// The last line, after all those that were taken.
    pub(crate) fn end(&self) -> EndLine {
        let Counts {
            staff,
            tickets,
            traces,
        } = self.counts;
        let digest = self.digest.clone().finalize();
        EndLine {
            kind: "end".to_owned(),
            staff,
            tickets,
            traces,
            sha256: hexadecimal(&digest),
        }
    }

    /// Whether a last line is the one that belongs there; if not, why.
    pub(crate) fn agree(&self, end: &EndLine) -> Result<(), String> {
        let expected = self.end();
        for (kind, said, counted) in [
            ("staff", end.staff, expected.staff),
            ("tickets", end.tickets, expected.tickets),
            ("traces", end.traces, expected.traces),
        ] {
            if said != counted {
                return Err(format!(
                    "{kind}: the file has {counted}, where {said} were written: lines were lost or added"
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

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
