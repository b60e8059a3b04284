//! Feeds [`fuzz::fact`] from libFuzzer: `cargo fuzz run --fuzz-dir tests/fuzz --features libfuzzer fuzz-fact`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::fact(data);
});
