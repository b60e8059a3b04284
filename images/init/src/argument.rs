//! What the boot loader says on the kernel's command line.

use std::str::FromStr;

use anyhow::{Context, Result, bail};
use gpt::Guid;

const RECOVERY: &str = "wegovnow.recovery";

#[derive(Debug, PartialEq, Eq)]
pub struct Arguments {
    /// Partition the boot loader was started from: on the disk that has it lie all others.
    pub esp: Guid,
    /// `a` or `b`.
    pub slot: char,
    pub verity: Verity,
    pub is_recovery: bool,
    /// As it was given: a word that is no tier is said, and no reason not to start.
    pub reset: Option<String>,
}

/// How to check the root file system; the tree lies behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
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
        Ok(Arguments {
            esp: value("esp")?.parse()?,
            slot,
            verity: value("verity")?.parse()?,
            is_recovery: line.split_whitespace().any(|word| word == RECOVERY),
            reset: value("reset").ok().map(str::to_owned),
        })
    }
}

impl FromStr for Verity {
    type Err = anyhow::Error;

    /// `ROOT-HASH,SALT,BLOCKS`, as the boot loader gives it and `slot.cfg` has it.
    fn from_str(text: &str) -> Result<Verity> {
        let [root_hash, salt, blocks] = text.split(',').collect::<Vec<_>>()[..] else {
            bail!("verity={text}: expected ROOT-HASH,SALT,BLOCKS")
        };
        // Both go into a line of words for the kernel.
        if [root_hash, salt].iter().any(|hex| hex.is_empty() || !hex.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            bail!("verity={text}: hash and salt are hexadecimal");
        }
        let blocks = blocks.parse().with_context(|| format!("verity={text}"))?;
        Ok(Verity { root_hash: root_hash.to_owned(), salt: salt.to_owned(), blocks })
    }
}

/// The line as it would be had the boot loader chosen this slot: what runs later reads the slot there.
pub fn with_slot(line: &str, slot: char, verity: &Verity) -> String {
    let Verity { root_hash, salt, blocks } = verity;
    let own = |word: &&str| {
        *word == RECOVERY || ["wegovnow.slot=", "wegovnow.verity=", "wegovnow.reset="].iter().any(|start| word.starts_with(start))
    };
    let mut words: Vec<&str> = line.split_whitespace().filter(|word| !own(word)).collect();
    let given = [format!("wegovnow.slot={slot}"), format!("wegovnow.verity={root_hash},{salt},{blocks}")];
    words.extend(given.iter().map(String::as_str));
    words.join(" ") + "\n"
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
        assert_eq!(arguments, Arguments { esp: gpt::kind::ESP, slot: 'a', verity, is_recovery: false, reset: None });
        let more = Arguments::parse(&format!("{LINE} wegovnow.recovery wegovnow.reset=data")).unwrap();
        assert!(more.is_recovery);
        assert_eq!(more.reset.as_deref(), Some("data"));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let said = |from: &str, to: &str| Arguments::parse(&LINE.replace(from, to)).unwrap_err().to_string();
        assert_eq!(said("wegovnow.esp", "esp"), "the boot loader did not give wegovnow.esp");
        assert_eq!(said("slot=a", "slot=../b"), "there is no slot \"../b\"");
        assert_eq!(said("00ff,a0", "00ff a0"), "verity=00ff: expected ROOT-HASH,SALT,BLOCKS");
        assert_eq!(said("a0,", ","), "verity=00ff,,4096: hash and salt are hexadecimal");
    }

    #[test]
    fn another_slot_reads_as_if_it_had_been_chosen() {
        let verity: Verity = "aa,bb,7".parse().unwrap();
        let line = with_slot(&format!("{} wegovnow.recovery wegovnow.reset=full", LINE.trim_end()), 'b', &verity);
        let arguments = Arguments::parse(&line).unwrap();
        let expect = Arguments { esp: gpt::kind::ESP, slot: 'b', verity, is_recovery: false, reset: None };
        assert_eq!(arguments, expect, "{line}");
        assert!(line.contains("console=tty0") && line.ends_with('\n'));
    }
}
