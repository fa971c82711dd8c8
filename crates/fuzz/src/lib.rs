//! What the fuzz targets of the HTTP interface check.

#[path = "../../adapter-http/tests/fuzz/oracles.rs"]
pub mod http;
