#![no_main]
//! Fuzz target of `wts_adapter_file::fuzzing::import`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    wts_adapter_file::fuzzing::import(bytes);
});
