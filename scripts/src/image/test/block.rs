//! The boot loader's files on the EFI partition, as tests name and damage them.

pub use bootstate::block::{parse, render as block};
use bootstate::{File, Policy};

pub const TRIES: &str = "wegovnow/tries";
pub const POLICIES: [&str; 2] = ["wegovnow/policy1", "wegovnow/policy2"];

pub fn tries() -> Vec<u8> {
    File::Tries.new_image()
}

pub fn policy(seq: u32) -> Vec<u8> {
    Policy::new(seq).render()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_where_the_boot_loader_has_them() {
        assert_eq!(File::ALL.map(File::path), [TRIES, POLICIES[0], POLICIES[1]]);
    }
}
