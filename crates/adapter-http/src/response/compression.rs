//! Compression of response bodies with zstd and gzip.
//!
//! The compression level and the window are small. A history of a few hundred traces is compressed to a tenth of its
//! size in a tenth of a millisecond, and the memory use of a streamed body is limited. Brotli is not supported: it
//! compresses about as well as zstd but needs more CPU time, and clients that accept it also accept gzip.

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

/// The limit of streamed bodies that are compressed at the same time. Each of them uses up to 1 MiB of memory until the
/// client has received it.
pub(super) static STREAMING_COMPRESSIONS: Semaphore = Semaphore::const_new(16);

/// The compression level of zstd and of gzip.
const COMPRESSION_LEVEL: Level = Level::Precise(1);
/// The base-2 logarithm of the window size of zstd in bytes. The window of gzip has 2^15 bytes.
const ZSTD_WINDOW_LOG: u32 = 17;
/// The maximum length of a compressed chunk of a streamed body.
const MAX_CHUNK_BYTES: usize = 64 * 1_024;

/// Compresses a body. Returns the body and the coding that was applied.
///
/// A body that is completely in memory is compressed at once. A streamed body is compressed while it is sent, and holds
/// one of the `permits` until its end. If no permit is free and the client accepts identity, the body is returned
/// uncompressed.
///
/// # Errors
///
/// Returns [`ApiError::Busy`] if no permit is free and the client does not accept identity, and [`ApiError::Internal`] if
/// the encoder fails.
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
                .map_err(|_| ApiError::Internal("compressing a response failed"))?;
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

/// Returns a body that compresses `body` as it is sent. The returned body holds `permit` until it is dropped.
fn compress_stream(
    mut body: BoxBody,
    coding: ContentCoding,
    permit: SemaphorePermit<'static>,
) -> BoxBody {
    let chunks = stream::poll_fn(move |context| Pin::new(&mut body).poll_next(context))
        .map_err(|error| io::Error::other(error.to_string()));
    let compressed =
        ReaderStream::with_capacity(encoder(StreamReader::new(chunks), coding), MAX_CHUNK_BYTES);
    let with_permit = compressed.map(move |chunk| {
        let _permit = &permit;
        chunk
    });
    BodyStream::new(with_permit).boxed()
}

fn encoder<'a>(
    plain: impl AsyncBufRead + 'a,
    coding: ContentCoding,
) -> Pin<Box<dyn AsyncRead + 'a>> {
    match coding {
        ContentCoding::Zstd => {
            let window = [CParameter::window_log(ZSTD_WINDOW_LOG)];
            Box::pin(ZstdEncoder::with_quality_and_params(
                plain,
                COMPRESSION_LEVEL,
                &window,
            ))
        }
        ContentCoding::Gzip => Box::pin(GzipEncoder::with_quality(plain, COMPRESSION_LEVEL)),
    }
}

#[cfg(test)]
mod tests;
