#![no_main]
//! Fuzz target of `wts_fuzz::http::settings` and `wts_adapter_db::fuzzing::database_url`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    wts_fuzz::http::settings(bytes);
    wts_adapter_db::fuzzing::database_url(bytes);
});
