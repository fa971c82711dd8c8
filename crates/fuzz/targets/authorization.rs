#![no_main]
//! Fuzz target of `wts_adapter_http::fuzzing::authorization`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wts_adapter_http::fuzzing::authorization(bytes));
