//! Feeds [`fuzz::border`] from libFuzzer: `cargo fuzz run --fuzz-dir tests/fuzz --features libfuzzer fuzz-border`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::border(data);
});
