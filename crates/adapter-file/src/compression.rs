//! Compressed files.

use std::{
    io::{self, BufRead, BufReader, BufWriter, Cursor, Read, Write},
    str::FromStr,
};

use flate2::{read::MultiGzDecoder, write::GzEncoder};

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// The most memory that a compressed file may ask us to look back into, as a power of two. Ours need 2 MiB.
const LARGEST_WINDOW: u32 = 23;
const BUFFER: usize = 128 * 1024;

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// gzip (RFC 1952), which everything reads.
    Gzip,
    /// Zstandard (RFC 8878), smaller and several times as fast.
    Zstd,
}

impl FromStr for Compression {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            _ => Err("expected gzip or zstd".to_owned()),
        }
    }
}

/// What is in `input`, whether it is compressed or not: its first bytes say so.
pub(crate) fn decompressed(mut input: impl Read + Send + 'static) -> io::Result<Reader> {
    let mut first = Vec::with_capacity(ZSTD.len());
    input.by_ref().take(4).read_to_end(&mut first)?;
    let is = |magic: &[u8]| first.starts_with(magic);
    let (gzip, zstd) = (is(GZIP), is(ZSTD));
    let whole = BufReader::with_capacity(BUFFER, Cursor::new(first).chain(input));
    Ok(if gzip {
        Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(whole)))
    } else if zstd {
        let mut decoder = zstd::Decoder::with_buffer(whole)?;
        decoder.window_log_max(LARGEST_WINDOW)?;
        Box::new(BufReader::with_capacity(BUFFER, decoder))
    } else {
        Box::new(whole)
    })
}

pub(crate) type Reader = Box<dyn BufRead + Send>;

/// What compresses, or does not, what is written to an output.
pub(crate) enum Compressor<W: Write> {
    Plain(BufWriter<W>),
    Gzip(GzEncoder<BufWriter<W>>),
    Zstd(zstd::Encoder<'static, BufWriter<W>>),
}

impl<W: Write> Compressor<W> {
    pub(crate) fn new(output: W, compression: Option<Compression>) -> io::Result<Self> {
        let output = BufWriter::with_capacity(BUFFER, output);
        Ok(match compression {
            None => Self::Plain(output),
            Some(Compression::Gzip) => {
                Self::Gzip(GzEncoder::new(output, flate2::Compression::default()))
            }
            Some(Compression::Zstd) => {
                let mut encoder = zstd::Encoder::new(output, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                // A file that is damaged where our own digest has not been reached yet is found out.
                encoder.include_checksum(true)?;
                Self::Zstd(encoder)
            }
        })
    }

    /// The output.
    pub(crate) fn get_ref(&self) -> &W {
        match self {
            Self::Plain(output) => output.get_ref(),
            Self::Gzip(encoder) => encoder.get_ref().get_ref(),
            Self::Zstd(encoder) => encoder.get_ref().get_ref(),
        }
    }

    /// Writes what was held back, and gives the output.
    pub(crate) fn finish(self) -> io::Result<W> {
        let output = match self {
            Self::Plain(output) => output,
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Zstd(encoder) => encoder.finish()?,
        };
        output.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

impl<W: Write> Write for Compressor<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(output) => output.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(output) => output.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}
