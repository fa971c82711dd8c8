//! Records that stay on their line: who gets a line break into a log could forge the next record.

use std::io::{self, Write};

use tracing_subscriber::fmt::MakeWriter;

/// Writes records, each handed over whole, with every line break in them spelled out.
#[derive(Clone)]
pub(super) struct OneLine<W>(W);

impl<W> OneLine<W> {
    pub(super) fn new(writer: W) -> Self {
        Self(writer)
    }
}

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        let line = record.strip_suffix(b"\n").unwrap_or(record);
        if line.iter().any(|byte| is_break(*byte)) {
            let mut spelled = Vec::with_capacity(record.len() + 16);
            for byte in line {
                match byte {
                    b'\n' => spelled.extend_from_slice(b"\\n"),
                    byte if is_break(*byte) => spelled.extend_from_slice(b"\\r"),
                    byte => spelled.push(*byte),
                }
            }
            spelled.extend_from_slice(record.get(line.len()..).unwrap_or_default());
            self.0.write_all(&spelled)?;
        } else {
            self.0.write_all(record)?;
        }
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What ends a line for one program or another.
fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | 0x0B | 0x0C)
}

impl<W: Write + Clone> MakeWriter<'_> for OneLine<W> {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_with_line_breaks_in_it_is_one_line() {
        let mut log = Vec::new();
        let mut writer = OneLine::new(&mut log);
        writer
            .write_all(b"INFO reason=a\r\nERROR forged\n")
            .unwrap();
        writer.write_all(b"INFO another\n").unwrap();
        assert_eq!(
            String::from_utf8(log).unwrap(),
            "INFO reason=a\\r\\nERROR forged\nINFO another\n"
        );
    }
}
