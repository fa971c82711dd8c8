//! Compression and decompression of files.

use std::{
    io::{self, BufRead, BufReader, BufWriter, Cursor, Read, Write},
    str::FromStr,
};

use flate2::{read::MultiGzDecoder, write::GzEncoder};

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The maximum zstd window of a compressed file, as a power of two. It bounds the memory of a reader. Files written by
/// this crate need 2 MiB.
const MAX_WINDOW_LOG: u32 = 23;
const BUFFER_BYTES: usize = 128 * 1024;

/// A compression format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// gzip (RFC 1952), which most programs support.
    Gzip,
    /// Zstandard (RFC 8878), which compresses better than gzip and is several times as fast.
    Zstd,
}

impl FromStr for Compression {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            _ => Err("expected gzip or zstd"),
        }
    }
}

pub(crate) type Reader = Box<dyn BufRead + Send>;

/// Returns a reader that decompresses `input` if it begins with the magic number of gzip or Zstandard, and that skips a byte
/// order mark.
pub(crate) fn decompressed(mut input: impl Read + Send + 'static) -> io::Result<Reader> {
    let mut first = Vec::with_capacity(ZSTD.len());
    input.by_ref().take(4).read_to_end(&mut first)?;
    let (gzip, zstd) = (first.starts_with(GZIP), first.starts_with(ZSTD));
    let whole = BufReader::with_capacity(BUFFER_BYTES, Cursor::new(first).chain(input));
    let mut text: Reader = if gzip {
        let decoder = MultiGzDecoder::new(whole);
        Box::new(BufReader::with_capacity(BUFFER_BYTES, decoder))
    } else if zstd {
        let mut decoder = zstd::Decoder::with_buffer(whole)?;
        decoder.window_log_max(MAX_WINDOW_LOG)?;
        Box::new(BufReader::with_capacity(BUFFER_BYTES, decoder))
    } else {
        Box::new(whole)
    };
    // An error is reported with its line when the line is read.
    if text
        .fill_buf()
        .is_ok_and(|first| first.starts_with(BYTE_ORDER_MARK))
    {
        text.consume(BYTE_ORDER_MARK.len());
    }
    Ok(text)
}

/// The buffered output that a file is written to.
pub(crate) type Output = BufWriter<Box<dyn Write + Send>>;

/// A writer that compresses its input, or writes it to the output unchanged.
pub(crate) trait Compressor: Write + Send {
    /// Writes the buffered data and ends the compressed stream.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

impl Compressor for Output {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.flush()
    }
}

impl Compressor for GzEncoder<Output> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        Self::finish(*self)?.flush()
    }
}

impl Compressor for zstd::Encoder<'static, Output> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        Self::finish(*self)?.flush()
    }
}

pub(crate) fn compressed(
    output: Box<dyn Write + Send>,
    compression: Option<Compression>,
) -> io::Result<Box<dyn Compressor>> {
    let output = BufWriter::with_capacity(BUFFER_BYTES, output);
    Ok(match compression {
        None => Box::new(output),
        Some(Compression::Gzip) => Box::new(GzEncoder::new(output, flate2::Compression::default())),
        Some(Compression::Zstd) => {
            let mut encoder = zstd::Encoder::new(output, zstd::DEFAULT_COMPRESSION_LEVEL)?;
            // The checksum also detects damage before the reader has reached the digest in the last line.
            encoder.include_checksum(true)?;
            Box::new(encoder)
        }
    })
}
