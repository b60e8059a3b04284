//! Feeds [`fuzz::pairing`] from libFuzzer: `cargo fuzz run --fuzz-dir tests/fuzz --features libfuzzer fuzz-pairing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::pairing(data);
});
