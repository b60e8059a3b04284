//! Feeds [`fuzz::code`] from libFuzzer: `cargo fuzz run --fuzz-dir tests/fuzz --features libfuzzer fuzz-code`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::code(data);
});
