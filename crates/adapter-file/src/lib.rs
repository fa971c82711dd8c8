//! Ticket histories in files, behind the ports of [`wts_app`]: [`FileSource`] reads them, [`FileSink`] writes them.
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
