//! Feeds [`fuzz::envelope`] from libFuzzer: `cargo fuzz run --fuzz-dir tests/fuzz --features libfuzzer fuzz-envelope`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::envelope(data);
});
