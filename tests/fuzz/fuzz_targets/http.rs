#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rtmp_inspect_fuzz::targets::http::run(bytes));
