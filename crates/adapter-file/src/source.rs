//! Reads histories from a file.

mod lines;

use std::{
    borrow::Cow,
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use wts_app::{BatchSender, Entry, HistorySource, Record, RecordLocation, TransferError};

use self::lines::{Line, Lines};
use crate::{
    compression::decompressed,
    digest::FileDigest,
    wire::{EndLine, FORMAT, HeaderLine, Kind, StaffRecord, TicketRecord, TraceRecord},
};

/// A source that reads histories from a file, which may be compressed. Reading returns an error if the file was
/// truncated or changed.
pub struct FileSource {
    lines: Lines,
    /// The number of bytes read so far, counted before decompression.
    read_bytes: Arc<AtomicU64>,
    /// The length of the file in bytes; `None` if it is unknown.
    total_bytes: Option<u64>,
}

impl FileSource {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file does not exist or cannot be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let length = metadata.is_file().then_some(metadata.len());
        Self::start(file, length)
    }

    /// Creates a source that reads a stream of unknown length, such as standard input.
    ///
    /// # Errors
    ///
    /// Returns an error if the first bytes of the stream cannot be read.
    pub fn reading(input: impl Read + Send + 'static) -> io::Result<Self> {
        Self::start(input, None)
    }

    fn start(input: impl Read + Send + 'static, total_bytes: Option<u64>) -> io::Result<Self> {
        let read_bytes = Arc::<AtomicU64>::default();
        let input = CountingReader {
            input,
            count: Arc::clone(&read_bytes),
        };
        Ok(Self {
            lines: Lines::new(decompressed(input)?),
            read_bytes,
            total_bytes,
        })
    }
}

/// A reader that counts the bytes it reads.
struct CountingReader<R> {
    input: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        let count = u64::try_from(read).unwrap_or(0);
        self.count.fetch_add(count, Ordering::Relaxed);
        Ok(read)
    }
}

impl HistorySource for FileSource {
    fn read(self: Box<Self>, output: &mut BatchSender<'_>) -> Result<(), TransferError> {
        let mut lines = self.lines;
        let mut digest = FileDigest::default();
        let header = lines.next()?;
        check_header(&header)?;
        digest.update(header.text);
        let last = loop {
            let line = lines.next()?;
            let content = parse(&line);
            line.ensure_complete()?;
            match content? {
                Content::Record(record) => {
                    digest.update(line.text);
                    digest.counts.count(&record);
                    if let Some(total) = self.total_bytes {
                        output.set_progress(self.read_bytes.load(Ordering::Relaxed), total);
                    }
                    let line = Some(line.number);
                    output.send(Entry { line, record })?;
                }
                Content::End(end) => {
                    digest.verify(&end).map_err(|problem| line.error(problem))?;
                    break line.number;
                }
            }
        };
        match lines.next() {
            Ok(line) if line.text.is_empty() => Ok(()),
            // Data after the end of a compressed file may not even be readable.
            Ok(_) | Err(_) => {
                let after = RecordLocation::line(last + 1);
                Err(after
                    .error("expected the end of the file after the end record")
                    .into())
            }
        }
    }
}

fn check_header(line: &Line<'_>) -> Result<(), TransferError> {
    let known = kind_of(line)
        .filter(|kind| kind == "header")
        .and_then(|_| line.parse::<HeaderLine>().ok())
        .filter(|header| header.format == FORMAT.0);
    let Some(header) = known else {
        let found =
            format_of(line.text).map_or(String::new(), |format| format!(", found {format}"));
        return Err(line.error(format!(
            "not a file of histories: expected it to begin with {{\"type\":\"header\",\"format\":\"wts-histories\"{found}"
        )));
    };
    if header.version != FORMAT.1 {
        let (known, found) = (FORMAT.1, header.version);
        return Err(line.error(format!(
            "unsupported version of the format: expected {known}, found {found}"
        )));
    }
    line.ensure_complete()
}

/// Returns a description of the format of a file that begins with these bytes; `None` if the format is not known.
fn format_of(first: &[u8]) -> Option<&'static str> {
    const FORMATS: [(&[u8], &str); 11] = [
        (b"\xff\xfe", "text in UTF-16: convert it to UTF-8"),
        (b"\xfe\xff", "text in UTF-16: convert it to UTF-8"),
        (b"PK\x03\x04", "a zip archive: extract the file"),
        (
            b"\xfd7zXZ\0",
            "a file compressed with xz: decompress it, or use gzip or zstd",
        ),
        (
            b"BZh",
            "a file compressed with bzip2: decompress it, or use gzip or zstd",
        ),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: extract the file"),
        (b"\x1f\x8b", "a file compressed twice: decompress it once"),
        (
            b"\x28\xb5\x2f\xfd",
            "a file compressed twice: decompress it once",
        ),
        (
            b"SQLite format 3\0",
            "a SQLite database: export its histories with `wts export`",
        ),
        (
            b"PGDMP",
            "a dump of PostgreSQL: restore it, and export its histories with `wts export`",
        ),
        (b"[", "a JSON array: expected one JSON object per line"),
    ];
    if first.is_empty() {
        return Some("an empty file");
    }
    if first.get(257..262) == Some(b"ustar") {
        return Some("a tar archive: extract the file");
    }
    let mut formats = FORMATS.iter();
    let (_, format) = formats.find(|(magic, _)| first.starts_with(magic))?;
    Some(format)
}

/// The content of a line after the header.
enum Content {
    Record(Record),
    End(EndLine),
}

fn parse(line: &Line<'_>) -> Result<Content, TransferError> {
    Ok(Content::Record(match kind_of(line).as_deref() {
        Some("trace") => Record::Trace(line.parse::<TraceRecord>()?.0),
        Some("ticket") => Record::Ticket(line.parse::<TicketRecord>()?.0),
        Some("staff") => Record::Staff(line.parse::<StaffRecord>()?.0),
        Some("end") => return line.parse().map(Content::End),
        Some(_) => {
            let problem = "expected \"staff\", \"ticket\", \"trace\" or \"end\"";
            return Err(line.error_in("type", problem));
        }
        // An invalid type is reported like any other invalid value.
        None => {
            line.parse::<Kind>()?;
            return Err(line.error_in("type", "expected a string"));
        }
    }))
}

/// Returns the `type` of a line; `None` if the line has no valid type.
fn kind_of(line: &Line<'_>) -> Option<Cow<'static, str>> {
    // Recognizes the two most frequent types without parsing the line.
    let kind = line.text.strip_prefix(b"{\"type\":\"");
    for known in ["trace", "ticket"] {
        let rest = kind.and_then(|kind| kind.strip_prefix(known.as_bytes()));
        if rest.is_some_and(|rest| rest.starts_with(b"\",")) {
            return Some(known.into());
        }
    }
    let kind: Kind = serde_json::from_slice(line.text).ok()?;
    Some(kind.kind.into())
}
