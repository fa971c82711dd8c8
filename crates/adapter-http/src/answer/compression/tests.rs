//! What is compressed can be read again.

use std::{
    collections::VecDeque,
    future::poll_fn,
    io::{Read, Write},
};

use super::*;

const CODINGS: [Coding; 3] = [Coding::Zstd, Coding::Brotli, Coding::Gzip];

fn decompressed(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut read = Vec::new();
    match coding {
        "zstd" => read = zstd::decode_all(bytes).unwrap(),
        "br" => {
            brotli::Decompressor::new(bytes, 4_096)
                .read_to_end(&mut read)
                .unwrap();
        }
        "gzip" => {
            flate2::read::GzDecoder::new(bytes)
                .read_to_end(&mut read)
                .unwrap();
        }
        other => panic!("{other}"),
    }
    read
}

/// A body whose chunks come one by one, with a pause before each.
struct Chunks {
    left: VecDeque<Bytes>,
    rested: bool,
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
        self.rested = !self.rested;
        if self.rested {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.left.pop_front().map(|chunk| match &*chunk {
            b"broken" => Err(io::Error::other("as the test wanted")),
            _ => Ok(chunk),
        }))
    }
}

fn stream(chunks: impl IntoIterator<Item = Bytes>) -> BoxBody {
    let left = chunks.into_iter().collect();
    Chunks {
        left,
        rested: false,
    }
    .boxed()
}

fn places(number: usize) -> &'static Semaphore {
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

/// Something of about so many bytes that does not repeat itself all too much.
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
async fn a_whole_body_is_shorter_and_its_length_is_known() {
    let plain = text(2_000).repeat(3);
    for coding in CODINGS {
        let body = Bytes::from(plain.clone()).boxed();
        let coded = compress(body, coding, true, places(0)).unwrap();
        assert_eq!(coded.coding, Some(coding));
        let BodySize::Sized(length) = coded.body.size() else {
            panic!("{coding:?}: its length is not known");
        };
        let written = all(coded.body).await.concat();
        assert_eq!(written.len() as u64, length);
        assert!(written.len() < plain.len() / 2, "{coding:?}: {length}");
        assert_eq!(
            decompressed(coding.name().to_str().unwrap(), &written),
            plain
        );
    }
}

#[tokio::test]
async fn a_long_body_is_compressed_while_it_comes() {
    let plain = text(3_000_000);
    for coding in CODINGS {
        let chunks = plain.chunks(64 * 1_024).map(Bytes::copy_from_slice);
        let coded = compress(stream(chunks), coding, true, places(1)).unwrap();
        assert_eq!(coded.body.size(), BodySize::Stream);

        let written = all(coded.body).await;

        assert!(written.len() > 10, "{coding:?}: {} chunks", written.len());
        let longest = written.iter().map(Bytes::len).max();
        assert!(longest < Some(1_024 * 1_024), "{coding:?}: {longest:?}");
        let name = coding.name();
        assert_eq!(
            decompressed(name.to_str().unwrap(), &written.concat()),
            plain
        );
    }
}

#[tokio::test]
async fn only_so_many_long_bodies_are_compressed_at_a_time() {
    let one = places(1);
    let long = || stream([Bytes::from_static(b"long")]);
    let first = compress(long(), Coding::Zstd, true, one).unwrap();

    let second = compress(long(), Coding::Zstd, true, one).unwrap();
    assert_eq!(second.coding, None);
    assert_eq!(all(second.body).await.concat(), b"long");
    let third = compress(long(), Coding::Zstd, false, one);
    assert!(
        matches!(third, Err(ApiError::Busy)),
        "it must not be sent as it is"
    );

    drop(first);
    let fourth = compress(long(), Coding::Zstd, true, one).unwrap();
    assert_eq!(fourth.coding, Some(Coding::Zstd));
    all(fourth.body).await;
    assert_eq!(
        one.available_permits(),
        1,
        "whoever is done leaves their place"
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_does_so_compressed_too() {
    for coding in CODINGS {
        let chunks = [Bytes::from_static(b"whole"), Bytes::from_static(b"broken")];
        let mut body = compress(stream(chunks), coding, true, places(1))
            .unwrap()
            .body;
        let error = loop {
            match next(&mut body).await {
                Some(Ok(_)) => {}
                Some(Err(error)) => break error,
                None => panic!("{coding:?}: it seems to be whole"),
            }
        };
        assert!(error.to_string().contains("as the test wanted"), "{error}");
    }
}
