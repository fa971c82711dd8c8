#![no_main]
//! Fuzz target of `wts_adapter_http::fuzzing::settings` and `wts_adapter_db::fuzzing::database_url`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    wts_adapter_http::fuzzing::settings(bytes);
    wts_adapter_db::fuzzing::database_url(bytes);
});
