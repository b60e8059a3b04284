//! Single values of the machine.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::{Clock, LIMIT, Network};
use crate::Caretaker;
use crate::system::nvme;

/// `ip -json address`
#[derive(Deserialize)]
struct Interface {
    #[serde(default)]
    link_type: String,
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    addr_info: Vec<Address>,
}

#[derive(Deserialize)]
struct Address {
    #[serde(default)]
    family: String,
    #[serde(default)]
    local: String,
    #[serde(default)]
    scope: String,
}

pub fn network(care: &Caretaker<'_>) -> Network {
    let host = fs::read_to_string(care.places.run("hostname")).ok().map(|name| name.trim().to_owned());
    let said = care.system.run("ip", &["-json", "address"], LIMIT).ok().map(|ran| ran.stdout);
    let interfaces: Option<Vec<Interface>> = said.and_then(|text| serde_json::from_str(&text).ok());
    let Some(interfaces) = interfaces else { return Network { host, ..Network::default() } };
    let outward: Vec<&Interface> = interfaces.iter().filter(|one| one.link_type != "loopback").collect();
    let global = outward.iter().flat_map(|one| &one.addr_info).filter(|address| address.scope == "global");
    let mut addresses: Vec<&Address> = global.collect();
    // What people type first.
    addresses.sort_by_key(|address| address.family != "inet");
    Network {
        addresses: addresses.into_iter().map(|address| address.local.clone()).collect(),
        host,
        is_plugged: Some(outward.iter().any(|one| one.flags.iter().any(|flag| flag == "LOWER_UP"))),
        is_captive: None,
    }
}

/// Who is behind a time that a person set.
pub const BY_HAND: &str = "set by hand";

pub fn clock(care: &Caretaker<'_>) -> Clock {
    let now = i64::try_from(care.system.now_s()).ok().and_then(|now_s| chrono::DateTime::from_timestamp(now_s, 0));
    let local = now.map(|now| now.with_timezone(&chrono::Local).format("%Y-%m-%d %H:%M").to_string());
    let said = care.system.run("chronyc", &["-c", "-n", "tracking"], LIMIT).ok().filter(|ran| ran.is_good());
    let (is_verified, source) = said.and_then(|ran| parse_tracking(&ran.stdout)).unzip();
    if is_verified != Some(true) && crate::clock::by_hand(care).is_some() {
        return Clock { is_verified: Some(true), source: Some(BY_HAND.to_owned()), local };
    }
    Clock { is_verified, source: source.flatten(), local }
}

/// Whether the clock is set by a server, and by which. Separated by commas: id, name or address, stratum, …, state of the leap second.
fn parse_tracking(text: &str) -> Option<(bool, Option<String>)> {
    let fields: Vec<&str> = text.trim().split(',').collect();
    let (source, leap) = (fields.get(1)?, fields.last().filter(|_| fields.len() >= 14)?);
    let is_verified = *leap != "Not synchronised";
    Some((is_verified, Some((*source).to_owned()).filter(|source| is_verified && !source.is_empty())))
}

/// Of the hottest sensor.
pub fn temperature_c(care: &Caretaker<'_>) -> Option<f32> {
    let mut found: Vec<i32> = Vec::new();
    for zone in below(&care.places.at("/sys/class/thermal"), "thermal_zone") {
        found.extend(number(&care.places.at("/sys/class/thermal").join(zone).join("temp")));
    }
    for monitor in below(&care.places.at("/sys/class/hwmon"), "hwmon") {
        let folder = care.places.at("/sys/class/hwmon").join(monitor);
        let inputs = below(&folder, "temp").into_iter().filter(|name| name.ends_with("_input"));
        found.extend(inputs.filter_map(|name| number(&folder.join(name))));
    }
    // Sensors that are not connected say 0, or what cannot be.
    let plausible = found.into_iter().filter(|milli| (1..=150_000).contains(milli)).max();
    plausible.map(|milli| milli as f32 / 1000.0)
}

/// What the box's disk says of its life: an eMMC in sysfs, an NVMe disk in its health log.
pub fn life_used_percent(care: &Caretaker<'_>) -> Option<u16> {
    let link = fs::read_link(care.places.at("/dev/disk/appliance/data")).ok()?;
    let partition = link.file_name()?.to_str()?.to_owned();
    let disk = below(&care.places.at("/sys/block"), "")
        .into_iter()
        .find(|disk| care.places.at("/sys/block").join(disk).join(&partition).exists())?;
    if let Some(controller) = nvme_controller(&disk) {
        let log = care.system.nvme_health(&care.places.at("/dev").join(controller)).ok()?;
        return Some(parse_nvme(&log));
    }
    let read = |name: &str| fs::read_to_string(care.places.at("/sys/block").join(&disk).join("device").join(name)).ok();
    let life = read("life_time").and_then(|text| parse_life(&text));
    life.max(read("pre_eol_info").and_then(|text| parse_end(&text)))
}

/// `nvme0` of `nvme0n1`; with several ways to the disk it is `nvme0c1n1` below, which is not asked.
fn nvme_controller(disk: &str) -> Option<&str> {
    let rest = disk.strip_prefix("nvme")?;
    let number = rest.split_once('n')?.0;
    number.bytes().all(|c| c.is_ascii_digit()).then(|| disk.get(.."nvme".len() + number.len()))?
}

/// `Percentage Used`, byte 5: may pass 100, and stops at 255.
fn parse_nvme(log: &[u8; nvme::LOG_LEN]) -> u16 {
    u16::from(log[5])
}

/// Tenths of the rated life, for the two kinds of memory of an eMMC (JEDEC JESD84-B51, registers 268 and 269).
fn parse_life(text: &str) -> Option<u16> {
    let tenths = text.split_whitespace().filter_map(|word| u16::from_str_radix(word.strip_prefix("0x")?, 16).ok());
    // 0 is: not defined.
    tenths.filter(|tenths| (1..=11).contains(tenths)).max().map(|tenths| tenths * 10)
}

/// How many of the spare blocks are gone (register 267): 2 is four fifths, 3 is nine tenths.
fn parse_end(text: &str) -> Option<u16> {
    match text.trim() {
        "0x02" => Some(80),
        "0x03" => Some(90),
        _ => None,
    }
}

fn number(path: &Path) -> Option<i32> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn below(folder: &Path, start: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name.starts_with(start));
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chrony_is_believed_when_it_is_synchronised() {
        let good = "C0000235,192.0.2.53,3,1790000000.123,0.000012,0.000034,0.000056,-1.2,0.001,0.05,0.012,0.0003,64.5,Normal\n";
        assert_eq!(parse_tracking(good), Some((true, Some("192.0.2.53".to_owned()))));
        let none = "00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,1.0,1.0,0.0,Not synchronised\n";
        assert_eq!(parse_tracking(none), Some((false, None)));
        assert_eq!(parse_tracking("506 Cannot talk to daemon\n"), None);
    }

    #[test]
    fn an_nvme_disk_is_asked_by_its_controller() {
        assert_eq!(nvme_controller("nvme0n1"), Some("nvme0"));
        assert_eq!(nvme_controller("nvme12n3"), Some("nvme12"));
        for other in ["nvme0c1n1", "nvme0", "mmcblk0", "sda", "nvmen1x"] {
            assert_ne!(nvme_controller(other), Some("nvme0"), "{other}");
        }
        let bench = crate::tests::Bench::new();
        fs::create_dir_all(bench.path("/dev/disk/appliance")).unwrap();
        std::os::unix::fs::symlink("../../nvme0n1p8", bench.path("/dev/disk/appliance/data")).unwrap();
        bench.put("/sys/block/nvme0n1/nvme0n1p8/partition", "8\n");
        assert_eq!(life_used_percent(&bench.care()), None, "it does not answer");
        fs::write(bench.path("/dev/nvme0"), [0, 0x2c, 0x01, 100, 10, 7]).unwrap();
        assert_eq!(life_used_percent(&bench.care()), Some(7));
    }

    #[test]
    fn few_spare_blocks_are_the_end_of_a_life() {
        assert_eq!(
            [parse_end("0x01\n"), parse_end("0x02\n"), parse_end("0x03\n"), parse_end("")],
            [None, Some(80), Some(90), None]
        );
    }

    #[test]
    fn life_is_the_worse_of_two() {
        assert_eq!(parse_life("0x01 0x03\n"), Some(30));
        assert_eq!(parse_life("0x0b 0x01\n"), Some(110));
        assert_eq!(parse_life("0x00 0x00\n"), None);
        assert_eq!(parse_life("\n"), None);
    }
}
