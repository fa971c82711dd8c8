#![no_main]
//! Fuzz target of `wts_fuzz::http::claims`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wts_fuzz::http::claims(bytes));
