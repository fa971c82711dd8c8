#![no_main]
//! Fuzz target of `wts_adapter_http::fuzzing::claims`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wts_adapter_http::fuzzing::claims(bytes));
