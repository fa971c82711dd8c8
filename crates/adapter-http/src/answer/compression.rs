//! Bodies, compressed.
//!
//! Levels and windows are the ones that gain most of what there is to gain for little: a history of a few hundred traces
//! takes a tenth of a millisecond and shrinks to a tenth, and what a long one takes while it is written is bounded.

use std::{
    io::{self, Write},
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    web::Bytes,
};
use brotli::CompressorWriter;
use flate2::{Compression, write::GzEncoder};
use tokio::sync::{Semaphore, SemaphorePermit};
use zstd::stream::write::Encoder as ZstdEncoder;

use super::coding::Coding;
use crate::error::ApiError;

/// How many long bodies are compressed at a time. Each takes up to 1 MiB for as long as its client takes it.
pub(super) static LONG_AT_A_TIME: Semaphore = Semaphore::const_new(16);

const ZSTD_LEVEL: i32 = 1;
const BROTLI_QUALITY: u32 = 2;
const GZIP_LEVEL: u32 = 1;
/// How far back a repetition may lie, as a power of two, in bytes.
const WINDOW: u8 = 17;

/// A body and how it is compressed, if it is.
pub(super) struct Coded {
    pub(super) body: BoxBody,
    pub(super) coding: Option<Coding>,
}

/// Compresses a body: at once where it is there as a whole, and otherwise while the client takes it, for which it takes
/// one of the `places`. Where there is none, it stays as it is, if that `may_stay`.
///
/// # Errors
///
/// [`ApiError::Busy`] if it may not, and [`ApiError::Fault`] if the compressor fails.
pub(super) fn compress(
    body: BoxBody,
    coding: Coding,
    may_stay: bool,
    places: &'static Semaphore,
) -> Result<Coded, ApiError> {
    let failed = |_| ApiError::Fault("an answer could not be compressed");
    let body = match body.try_into_bytes() {
        Ok(whole) => {
            let mut encoder = Encoder::new(coding).map_err(failed)?;
            encoder.write(&whole).map_err(failed)?;
            encoder.finish().map_err(failed)?.boxed()
        }
        Err(body) => match places.try_acquire() {
            Ok(permit) => Compressed {
                body,
                encoder: Some(Encoder::new(coding).map_err(failed)?),
                _permit: permit,
            }
            .boxed(),
            Err(_) if may_stay => return Ok(Coded { body, coding: None }),
            Err(_) => return Err(ApiError::Busy),
        },
    };
    Ok(Coded {
        body,
        coding: Some(coding),
    })
}

/// A body that is compressed chunk by chunk.
struct Compressed {
    body: BoxBody,
    /// Until the end has been written.
    encoder: Option<Encoder>,
    _permit: SemaphorePermit<'static>,
}

impl MessageBody for Compressed {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        while let Some(encoder) = &mut this.encoder {
            // A compressor keeps what it is given until it is worth a block.
            let block = encoder.take();
            if !block.is_empty() {
                return Poll::Ready(Some(Ok(block)));
            }
            if let Some(chunk) = ready!(Pin::new(&mut this.body).poll_next(context)) {
                encoder.write(&chunk?)?;
            } else {
                let end = this.encoder.take().map(Encoder::finish).transpose()?;
                return Poll::Ready(end.map(Ok));
            }
        }
        Poll::Ready(None)
    }
}

enum Encoder {
    Zstd(ZstdEncoder<'static, Vec<u8>>),
    Brotli(Box<CompressorWriter<Vec<u8>>>),
    Gzip(GzEncoder<Vec<u8>>),
}

impl Encoder {
    fn new(coding: Coding) -> io::Result<Self> {
        Ok(match coding {
            Coding::Zstd => {
                let mut encoder = ZstdEncoder::new(Vec::new(), ZSTD_LEVEL)?;
                encoder.window_log(WINDOW.into())?;
                Self::Zstd(encoder)
            }
            Coding::Brotli => {
                const BUFFER: usize = 4 * 1_024;
                let writer =
                    CompressorWriter::new(Vec::new(), BUFFER, BROTLI_QUALITY, WINDOW.into());
                Self::Brotli(Box::new(writer))
            }
            Coding::Gzip => Self::Gzip(GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL))),
        })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Zstd(encoder) => encoder.write_all(bytes),
            Self::Brotli(encoder) => encoder.write_all(bytes),
            Self::Gzip(encoder) => encoder.write_all(bytes),
        }
    }

    /// What has come out so far.
    fn take(&mut self) -> Bytes {
        let written = match self {
            Self::Zstd(encoder) => encoder.get_mut(),
            Self::Brotli(encoder) => encoder.get_mut(),
            Self::Gzip(encoder) => encoder.get_mut(),
        };
        mem::take(written).into()
    }

    /// The rest.
    fn finish(self) -> io::Result<Bytes> {
        Ok(match self {
            Self::Zstd(encoder) => encoder.finish()?,
            Self::Brotli(encoder) => encoder.into_inner(),
            Self::Gzip(encoder) => encoder.finish()?,
        }
        .into())
    }
}

#[cfg(test)]
mod tests;
