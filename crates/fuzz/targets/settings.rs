#![no_main]
//! See `wts_adapter_http::fuzzing::settings` and the address of a database.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    wts_adapter_http::fuzzing::settings(bytes);
    wts_adapter_db::fuzzing::database_url(bytes);
});
