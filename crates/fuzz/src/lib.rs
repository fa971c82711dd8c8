//! The checks of the fuzz targets of the HTTP interface. The tests of the HTTP adapter run them on the corpus.

#[path = "../../adapter-http/tests/fuzz/oracles.rs"]
pub mod http;
