//! `wegovnow-box swap`: memory that is not used for a while is packed and stays in memory (zram). Flash is never swapped on.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::Caretaker;

const DEVICE: &str = "/dev/zram0";
/// Packs three to one, as a rule, where the kernel's own choice, lzo-rle, packs two to one; both unpack a page in some 10 µs.
const WANTED: &str = "zstd";
/// Of the machine's memory, before it is packed: full, it takes a sixth.
const SHARE: u64 = 2;
/// Before any other there might be.
const PRIORITY: &str = "100";
const LIMIT: Duration = Duration::from_secs(30);

/// Turns it on; answers what it did. A kernel without zram is no error.
pub fn start(care: &Caretaker<'_>) -> Result<String> {
    let folder = care.places.at("/sys/block/zram0");
    if !folder.exists() {
        let loaded = care.system.run("modprobe", &["zram", "num_devices=1"], LIMIT);
        if !loaded.is_ok_and(|ran| ran.is_good()) || !folder.exists() {
            return Ok("the kernel has no zram: nothing is swapped".to_owned());
        }
    }
    let sysfs = |name: &str| folder.join(name);
    let read = |name: &str| fs::read_to_string(sysfs(name)).with_context(|| format!("cannot read {}", sysfs(name).display()));
    let write = |name: &str, value: &str| {
        fs::write(sysfs(name), value).with_context(|| format!("cannot write {}", sysfs(name).display()))
    };
    if read("disksize")?.trim() != "0" {
        return Ok("there is one already".to_owned());
    }
    let meminfo = fs::read_to_string(care.places.at("/proc/meminfo")).context("cannot read /proc/meminfo")?;
    let memory = Memory::parse(&meminfo).context("/proc/meminfo says no MemTotal")?;
    let size = memory.total_bytes / SHARE / 4096 * 4096;
    // The device takes its size last.
    let algorithm = if offers(&read("comp_algorithm")?, WANTED) && write("comp_algorithm", WANTED).is_ok() { WANTED } else { "" };
    write("disksize", &size.to_string())?;
    for (program, arguments) in [("mkswap", &[DEVICE][..]), ("swapon", &["--priority", PRIORITY, DEVICE][..])] {
        let ran = care.system.run(program, arguments, LIMIT).with_context(|| format!("cannot run {program}"))?;
        if !ran.is_good() {
            bail!("{program}: {}", ran.complaint());
        }
    }
    let how = if algorithm.is_empty() { "as the kernel does by itself" } else { algorithm };
    Ok(format!("{} MB may be packed, {how}", size / 1_000_000))
}

/// `lzo [lzo-rle] zstd`: the chosen one in brackets.
fn offers(algorithms: &str, wanted: &str) -> bool {
    algorithms.split_whitespace().any(|word| word.trim_matches(['[', ']']) == wanted)
}

/// Memory in use, as `/proc/meminfo` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Memory {
    pub total_bytes: u64,
    /// What new programs could not have: all but `MemAvailable`.
    pub used_bytes: u64,
    pub swap_total_bytes: u64,
    /// Packed away, before packing.
    pub swap_used_bytes: u64,
}

impl Memory {
    pub fn parse(text: &str) -> Option<Memory> {
        let bytes = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.saturating_mul(1024))
        };
        let (total, swap) = (bytes("MemTotal")?, bytes("SwapTotal").unwrap_or(0));
        Some(Memory {
            total_bytes: total,
            used_bytes: total.saturating_sub(bytes("MemAvailable")?),
            swap_total_bytes: swap,
            swap_used_bytes: swap.saturating_sub(bytes("SwapFree").unwrap_or(0)),
        })
    }

    pub fn read(care: &Caretaker<'_>) -> Option<Memory> {
        Memory::parse(&fs::read_to_string(care.places.at("/proc/meminfo")).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::Bench;

    const MEMINFO: &str = "MemTotal:        1000000 kB\nMemFree:          200000 kB\nMemAvailable:     600000 kB\n\
        SwapTotal:        500000 kB\nSwapFree:         400000 kB\n";

    fn bench() -> Bench {
        let bench = Bench::new();
        bench.put("/proc/meminfo", MEMINFO);
        bench.put("/sys/block/zram0/disksize", "0\n");
        bench.put("/sys/block/zram0/comp_algorithm", "lzo [lzo-rle] lz4 zstd \n");
        bench.answer("mkswap /dev/zram0", 0, "");
        bench.answer("swapon", 0, "");
        bench
    }

    #[test]
    fn half_the_memory_may_be_packed() {
        let bench = bench();
        assert_eq!(start(&bench.care()).unwrap(), "512 MB may be packed, zstd");
        assert_eq!(bench.get("/sys/block/zram0/disksize"), "512000000");
        assert_eq!(bench.get("/sys/block/zram0/comp_algorithm"), "zstd");
        assert_eq!(bench.ran.borrow().last().unwrap(), "swapon --priority 100 /dev/zram0");
        assert_eq!(start(&bench.care()).unwrap(), "there is one already");
    }

    #[test]
    fn without_the_module_nothing_is_swapped_and_nothing_fails() {
        let bench = bench();
        fs::remove_dir_all(bench.path("/sys/block/zram0")).unwrap();
        assert!(start(&bench.care()).unwrap().contains("no zram"));
        bench.answer("modprobe zram", 1, "");
        assert!(start(&bench.care()).unwrap().contains("no zram"));
    }

    #[test]
    fn an_older_kernel_packs_as_it_can_and_a_refusal_is_told() {
        let bench = bench();
        bench.put("/sys/block/zram0/comp_algorithm", "lzo [lzo-rle]\n");
        assert!(start(&bench.care()).unwrap().contains("by itself"));
        bench.put("/sys/block/zram0/disksize", "0\n");
        bench.answer("swapon", 255, "swapon: no");
        assert!(start(&bench.care()).unwrap_err().to_string().contains("swapon"));
    }

    #[test]
    fn memory_in_use_is_what_new_programs_cannot_have() {
        let memory = Memory::parse(MEMINFO).unwrap();
        let kib = |count: u64| count * 1024;
        let expect = Memory {
            total_bytes: kib(1_000_000),
            used_bytes: kib(400_000),
            swap_total_bytes: kib(500_000),
            swap_used_bytes: kib(100_000),
        };
        assert_eq!(memory, expect);
        assert_eq!(Memory::parse("MemTotal: many kB\n"), None);
        assert_eq!(Memory::parse(""), None);
        assert_eq!(Memory::parse("MemTotal: 1 kB\nMemAvailable: 5 kB\n").unwrap().used_bytes, 0);
    }
}
