//! Ticket histories in files, behind the ports of [`wts_app`]: [`FileSource`] reads them, [`FileSink`] writes them.
#![doc = ""]
#![doc = include_str!("../FORMAT.md")]

mod compression;
mod sink;
mod source;
mod tally;
mod wire;

pub use compression::Compression;
pub use sink::FileSink;
pub use source::FileSource;
