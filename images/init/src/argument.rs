//! What the boot loader says on the kernel's command line.

use anyhow::{Context, Result, bail};
use gpt::Guid;

#[derive(Debug, PartialEq, Eq)]
pub struct Arguments {
    /// Partition the boot loader was started from: on the disk that has it lie all others.
    pub esp: Guid,
    /// `a` or `b`.
    pub slot: char,
    pub verity: Verity,
    pub is_recovery: bool,
}

/// How to check the root file system; the tree lies behind it.
#[derive(Debug, PartialEq, Eq)]
pub struct Verity {
    pub root_hash: String,
    pub salt: String,
    /// Blocks of 4096 bytes before the tree.
    pub blocks: u64,
}

impl Arguments {
    pub fn parse(line: &str) -> Result<Arguments> {
        let value = |name: &str| {
            let found = line.split_whitespace().filter_map(|word| word.strip_prefix("wegovnow.")?.strip_prefix(name)).next_back();
            found.and_then(|rest| rest.strip_prefix('=')).with_context(|| format!("the boot loader did not give wegovnow.{name}"))
        };
        let slot = match value("slot")? {
            "a" => 'a',
            "b" => 'b',
            other => bail!("there is no slot {other:?}"),
        };
        let verity = value("verity")?;
        let [root_hash, salt, blocks] = verity.split(',').collect::<Vec<_>>()[..] else {
            bail!("wegovnow.verity={verity}: expected ROOT-HASH,SALT,BLOCKS")
        };
        // Both go into a line of words for the kernel.
        if [root_hash, salt].iter().any(|hex| hex.is_empty() || !hex.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            bail!("wegovnow.verity={verity}: hash and salt are hexadecimal");
        }
        Ok(Arguments {
            esp: value("esp")?.parse()?,
            slot,
            verity: Verity {
                root_hash: root_hash.to_owned(),
                salt: salt.to_owned(),
                blocks: blocks.parse().with_context(|| format!("wegovnow.verity={verity}"))?,
            },
            is_recovery: line.split_whitespace().any(|word| word == "wegovnow.recovery"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "BOOT_IMAGE=(hd0,gpt3)/vmlinuz wegovnow.slot=a wegovnow.esp=C12A7328-f81f-11d2-ba4b-00a0c93ec93b \
                        wegovnow.verity=00ff,a0,4096 console=tty0\n";

    #[test]
    fn the_line_of_the_boot_loader_is_understood() {
        let arguments = Arguments::parse(LINE).unwrap();
        let verity = Verity { root_hash: "00ff".to_owned(), salt: "a0".to_owned(), blocks: 4096 };
        assert_eq!(arguments, Arguments { esp: gpt::kind::ESP, slot: 'a', verity, is_recovery: false });
        assert!(Arguments::parse(&format!("{LINE} wegovnow.recovery")).unwrap().is_recovery);
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let said = |from: &str, to: &str| Arguments::parse(&LINE.replace(from, to)).unwrap_err().to_string();
        assert_eq!(said("wegovnow.esp", "esp"), "the boot loader did not give wegovnow.esp");
        assert_eq!(said("slot=a", "slot=../b"), "there is no slot \"../b\"");
        assert_eq!(said("00ff,a0", "00ff a0"), "wegovnow.verity=00ff: expected ROOT-HASH,SALT,BLOCKS");
        assert_eq!(said("a0,", ","), "wegovnow.verity=00ff,,4096: hash and salt are hexadecimal");
    }
}
