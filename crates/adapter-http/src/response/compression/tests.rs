//! Tests of compressed bodies: their content, the length of chunks, the limit of streamed compressions, and errors.

use std::{
    collections::VecDeque,
    future::poll_fn,
    io::{Read, Write},
    task::{Context, Poll},
};

use actix_web::{body::BodySize, web::Bytes};

use super::*;

fn decompressed(coding: ContentCoding, bytes: &[u8]) -> Vec<u8> {
    match coding {
        ContentCoding::Zstd => zstd::decode_all(bytes).unwrap(),
        ContentCoding::Gzip => {
            let mut plain = Vec::new();
            let mut decoder = flate2::read::GzDecoder::new(bytes);
            decoder.read_to_end(&mut plain).unwrap();
            plain
        }
    }
}

/// A streamed body that returns `Pending` before each chunk. Instead of the chunk `broken`, it returns an error.
struct Chunks {
    remaining: VecDeque<Bytes>,
    yielded: bool,
}

impl MessageBody for Chunks {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.yielded = !self.yielded;
        if self.yielded {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.remaining.pop_front().map(|chunk| match &*chunk {
            b"broken" => Err(io::Error::other("broken chunk")),
            _ => Ok(chunk),
        }))
    }
}

fn stream(chunks: impl IntoIterator<Item = Bytes>) -> BoxBody {
    let remaining = chunks.into_iter().collect();
    Chunks {
        remaining,
        yielded: false,
    }
    .boxed()
}

fn permits(number: usize) -> &'static Semaphore {
    Box::leak(Box::new(Semaphore::new(number)))
}

async fn next(body: &mut BoxBody) -> Option<Result<Bytes, Box<dyn std::error::Error>>> {
    poll_fn(|context| Pin::new(&mut *body).poll_next(context)).await
}

async fn all(mut body: BoxBody) -> Vec<Bytes> {
    let mut chunks = Vec::new();
    while let Some(chunk) = next(&mut body).await {
        chunks.push(chunk.unwrap());
    }
    chunks
}

/// Returns text of about `length` bytes that has few repetitions.
fn text(length: usize) -> Vec<u8> {
    let mut text = Vec::new();
    for number in 0_u64.. {
        if text.len() >= length {
            break;
        }
        write!(text, "{:x},", number.wrapping_mul(0x9E37_79B9_7F4A_7C15)).unwrap();
    }
    text
}

#[tokio::test]
async fn body_in_memory_is_compressed_with_known_length() {
    let plain = text(2_000).repeat(3);
    for coding in ContentCoding::ALL {
        let body = Bytes::from(plain.clone()).boxed();
        let (body, applied) = compress(body, coding, true, permits(0)).await.unwrap();
        assert_eq!(applied, Some(coding));
        let BodySize::Sized(length) = body.size() else {
            panic!("{coding:?}: expected a known length");
        };
        let written = all(body).await.concat();
        assert_eq!(written.len() as u64, length);
        assert!(written.len() < plain.len() / 2, "{coding:?}: {length}");
        assert_eq!(decompressed(coding, &written), plain);
    }
}

#[tokio::test]
async fn streamed_body_is_compressed_chunk_by_chunk() {
    let plain = text(3_000_000);
    for coding in ContentCoding::ALL {
        let chunks = plain.chunks(64 * 1_024).map(Bytes::copy_from_slice);
        let compressed = compress(stream(chunks), coding, true, permits(1)).await;
        let (body, _) = compressed.unwrap();
        assert_eq!(body.size(), BodySize::Stream);

        let written = all(body).await;

        assert!(written.len() > 10, "{coding:?}: {} chunks", written.len());
        let longest = written.iter().map(Bytes::len).max();
        assert!(longest < Some(1_024 * 1_024), "{coding:?}: {longest:?}");
        assert_eq!(decompressed(coding, &written.concat()), plain);
    }
}

#[tokio::test]
async fn stream_without_permit_is_uncompressed_or_an_error() {
    let one = permits(1);
    let compress = async |identity| {
        let body = stream([Bytes::from_static(b"long")]);
        compress(body, ContentCoding::Zstd, identity, one).await
    };
    let (first, _) = compress(true).await.unwrap();

    let (second, coding) = compress(true).await.unwrap();
    assert_eq!(coding, None);
    assert_eq!(all(second).await.concat(), b"long");
    assert!(
        matches!(compress(false).await, Err(ApiError::Busy)),
        "sent without compression although identity is not accepted"
    );

    drop(first);
    let (fourth, coding) = compress(true).await.unwrap();
    assert_eq!(coding, Some(ContentCoding::Zstd));
    all(fourth).await;
    assert_eq!(
        one.available_permits(),
        1,
        "the permit was not released at the end"
    );
}

#[tokio::test]
async fn error_of_a_stream_is_returned_by_its_compression() {
    for coding in ContentCoding::ALL {
        let chunks = [Bytes::from_static(b"whole"), Bytes::from_static(b"broken")];
        let compressed = compress(stream(chunks), coding, true, permits(1)).await;
        let (mut body, _) = compressed.unwrap();
        let error = loop {
            match next(&mut body).await {
                Some(Ok(_)) => {}
                Some(Err(error)) => break error,
                None => panic!("{coding:?}: the body ended without an error"),
            }
        };
        assert!(error.to_string().contains("broken chunk"), "{error}");
    }
}
