//! Compression of bodies with zstd and gzip.
//!
//! Levels and windows are those that gain most of what there is to gain for little: a history of a few hundred traces
//! takes a tenth of a millisecond and shrinks to a tenth, and the memory of a long one is bounded while it is sent.
//! Brotli is not offered: its bodies are as long as those of zstd and cost more, and clients that accept it accept gzip too.

use std::{io, pin::Pin};

use actix_web::body::{BodyStream, BoxBody, MessageBody};
use async_compression::{
    Level,
    tokio::bufread::{GzipEncoder, ZstdEncoder},
    zstd::CParameter,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::{
    io::{AsyncBufRead, AsyncRead, AsyncReadExt},
    sync::{Semaphore, SemaphorePermit},
};
use tokio_util::io::{ReaderStream, StreamReader};

use super::coding::ContentCoding;
use crate::error::ApiError;

/// Bounds how many streams are compressed at a time. Each takes up to 1 MiB until its client has received it.
pub(super) static STREAMING_COMPRESSIONS: Semaphore = Semaphore::const_new(16);

const LEVEL: Level = Level::Precise(1);
/// How far back zstd looks for a repetition, as a power of two, in bytes; gzip looks 2^15 bytes back.
const ZSTD_WINDOW_LOG: u32 = 17;
/// The most bytes that a stream's compressed chunk has.
const CHUNK: usize = 64 * 1_024;

/// Compresses a body: at once if it is in memory as a whole, otherwise while it is sent, which takes one of the
/// `permits`. If there is none, the body stays as it is if `identity` is accepted. Returns the coding that was applied.
///
/// # Errors
///
/// [`ApiError::Busy`] if there is no permit and identity is not accepted, and [`ApiError::Internal`] if the encoder fails.
pub(super) async fn compress(
    body: BoxBody,
    coding: ContentCoding,
    identity: bool,
    permits: &'static Semaphore,
) -> Result<(BoxBody, Option<ContentCoding>), ApiError> {
    let body = match body.try_into_bytes() {
        Ok(whole) => {
            let mut compressed = Vec::with_capacity(whole.len() / 4);
            encoder(&*whole, coding)
                .read_to_end(&mut compressed)
                .await
                .map_err(|_| ApiError::Internal("a response could not be compressed"))?;
            compressed.boxed()
        }
        Err(body) => match permits.try_acquire() {
            Ok(permit) => compress_stream(body, coding, permit),
            Err(_) if identity => return Ok((body, None)),
            Err(_) => return Err(ApiError::Busy),
        },
    };
    Ok((body, Some(coding)))
}

/// Compresses a body while it is sent.
fn compress_stream(
    mut body: BoxBody,
    coding: ContentCoding,
    permit: SemaphorePermit<'static>,
) -> BoxBody {
    let chunks = stream::poll_fn(move |context| Pin::new(&mut body).poll_next(context))
        .map_err(|error| io::Error::other(error.to_string()));
    let compressed = ReaderStream::with_capacity(encoder(StreamReader::new(chunks), coding), CHUNK);
    let until_dropped = compressed.map(move |chunk| {
        let _held = &permit;
        chunk
    });
    BodyStream::new(until_dropped).boxed()
}

fn encoder<'a>(
    plain: impl AsyncBufRead + 'a,
    coding: ContentCoding,
) -> Pin<Box<dyn AsyncRead + 'a>> {
    match coding {
        ContentCoding::Zstd => {
            let window = [CParameter::window_log(ZSTD_WINDOW_LOG)];
            Box::pin(ZstdEncoder::with_quality_and_params(plain, LEVEL, &window))
        }
        ContentCoding::Gzip => Box::pin(GzipEncoder::with_quality(plain, LEVEL)),
    }
}

#[cfg(test)]
mod tests;
