//! Reads and writes ticket histories in files: [`FileSource`] and [`FileSink`] implement the transfer traits of
//! [`wts_app`].
#![doc = ""]
#![doc = include_str!("../FORMAT.md")]

mod compression;
mod digest;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod sink;
mod source;
mod wire;

pub use compression::Compression;
pub use sink::FileSink;
pub use source::FileSource;
