//! A sysfs made of files, and what is read out of it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::*;

/// A machine: sysfs, mounts and swaps in a folder.
struct Machine {
    folder: tempfile::TempDir,
    mounts: String,
    swaps: String,
    minor: u32,
}

impl Machine {
    fn new() -> Machine {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("sys/block")).unwrap();
        Machine { folder, mounts: String::new(), swaps: "Filename\tType\tSize\tUsed\tPriority\n".to_owned(), minor: 0 }
    }

    /// A disk at a place below `devices`, with attributes. Gives its number.
    fn disk(&mut self, place: &str, attributes: &[(&str, &str)]) -> u32 {
        let name = place.rsplit('/').next().unwrap();
        let folder = self.folder.path().join("sys/devices").join(place);
        let number = self.node(&folder, attributes);
        symlink(&folder, self.folder.path().join("sys/block").join(name)).unwrap();
        number
    }

    fn part(&mut self, place: &str, number: u32) -> u32 {
        let folder = self.folder.path().join("sys/devices").join(place);
        self.node(&folder, &[("partition", &number.to_string()), ("size", "2048")])
    }

    fn node(&mut self, folder: &Path, attributes: &[(&str, &str)]) -> u32 {
        self.minor += 1;
        put(folder, "dev", &format!("8:{}\n", self.minor));
        for (name, text) in attributes {
            put(folder, name, &format!("{text}\n"));
        }
        self.minor
    }

    fn attribute(&self, place: &str, name: &str, text: &str) {
        put(&self.folder.path().join("sys/devices").join(place), name, text);
    }

    fn mount(&mut self, number: u32, at: &str, source: &str) {
        self.mounts.push_str(&format!("30 1 8:{number} / {at} rw shared:1 - ext4 {source} rw\n"));
    }

    fn read(&self, image: Option<Number>) -> Vec<Disk> {
        let at = |name: &str| self.folder.path().join(name);
        fs::write(at("mountinfo"), &self.mounts).unwrap();
        fs::write(at("swaps"), &self.swaps).unwrap();
        let roots = Roots { sys: at("sys"), dev: "/dev".into(), mountinfo: at("mountinfo"), swaps: at("swaps") };
        read(&roots, image).unwrap()
    }
}

fn put(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// 32 GB, in sectors.
const SIZE: (&str, &str) = ("size", "62333952");

const STICK: &str = "pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0/block";

fn stick(machine: &mut Machine, name: &str) -> u32 {
    let usb = format!("{}/idVendor", STICK.split("/1-2:").next().unwrap());
    let (folder, _) = usb.rsplit_once('/').unwrap();
    machine.attribute(folder, "idVendor", "0781\n");
    machine.attribute(folder, "serial", "4C530001\u{202e}2\n");
    machine.disk(
        &format!("{STICK}/{name}"),
        &[
            SIZE,
            ("removable", "1"),
            ("ro", "0"),
            ("device/vendor", "SanDisk "),
            ("device/model", "Ultra USB 3.0   "),
            ("diskseq", "12"),
        ],
    )
}

#[track_caller]
fn one<'a>(disks: &'a [Disk], name: &str) -> &'a Disk {
    disks.iter().find(|disk| disk.name == name).unwrap()
}

#[test]
fn point_1_a_stick_is_read_with_all_that_is_known() {
    let mut machine = Machine::new();
    let number = stick(&mut machine, "sdb");
    machine.part(&format!("{STICK}/sdb/sdb2"), 2);
    machine.part(&format!("{STICK}/sdb/sdb1"), 1);
    let disks = machine.read(None);
    let disk = one(&disks, "sdb");
    assert_eq!((disk.bus, disk.removable, disk.bytes, disk.sequence), (Bus::Usb, true, 62_333_952 * 512, Some(12)));
    assert_eq!((disk.number.minor, disk.model.as_str()), (number, "SanDisk Ultra USB 3.0"));
    assert_eq!(disk.serial.as_deref(), Some("4C530001\u{fffd}2"), "a mark that turns the line round is not shown");
    assert_eq!(disk.partitions, ["sdb1", "sdb2"]);
    assert_eq!(disk.verdict(), Verdict::Free);
}

#[test]
fn point_1_and_2_what_is_in_use_is_refused_with_its_reason() {
    let mut machine = Machine::new();
    let mut disk = |place: &str, more: &[(&str, &str)]| machine.disk(place, &[&[SIZE, ("removable", "1")], more].concat());
    disk("pci/ata1/host0/sda", &[("device/serial", "S-A")]);
    disk("pci/usb1/sdc", &[("device/serial", "S-C")]);
    disk("pci/usb1/sdd", &[("device/serial", "S-D")]);
    disk("pci/usb1/sde", &[("device/serial", "S-E"), ("ro", "1")]);
    disk("pci/usb1/sdg", &[("device/serial", "S-G"), ("queue/logical_block_size", "4096")]);
    disk("pci/mmc/mmcblk0", &[("device/serial", "0x1"), ("device/type", "SD"), ("device/name", "SD32G"), ("removable", "0")]);
    disk("pci/mmc/mmcblk0boot0", &[]);
    disk("virtual/loop0", &[]);
    disk("virtual/dm-0", &[("dm/name", "cryptroot")]);
    let root = disk("virtual/dm-1", &[("dm/name", "vg-root")]);
    machine.disk("pci/usb1/sdf", &[("size", "0"), ("removable", "1")]);
    machine.part("pci/ata1/host0/sda/sda1", 1);
    machine.part("pci/usb1/sdc/sdc1", 1);
    machine.part("pci/usb1/sdd/sdd1", 1);
    // / on LVM on LUKS on sda1; a RAID on sdc1.
    machine.attribute("virtual/dm-1", "slaves/dm-0", "");
    machine.attribute("virtual/dm-0", "slaves/sda1", "");
    machine.attribute("pci/ata1/host0/sda/sda1", "holders/dm-0", "");
    machine.attribute("pci/usb1/sdc/sdc1", "holders/md127", "");
    machine.mount(root, "/", "/dev/mapper/vg-root");
    machine.swaps.push_str("/dev/sdd1 partition 100 0 -2\n/swapfile file 1 0 -3\n");
    let disks = machine.read(None);
    let reasons = |name: &str| one(&disks, name).reasons();
    assert_eq!(reasons("sda"), "this machine runs from it (/); in use by dm-0");
    assert_eq!(reasons("sdc"), "in use by md127");
    assert_eq!(reasons("sdd"), "swap space (/dev/sdd1)");
    assert_eq!(reasons("sde"), "write-protected");
    assert_eq!(reasons("sdf"), "no medium in it; says no serial");
    assert_eq!(reasons("sdg"), "sectors of 4096 bytes, the image needs 512");
    assert_eq!(reasons("mmcblk0"), "", "an SD card in a built-in reader");
    assert!(reasons("mmcblk0boot0").starts_with("the boot area of another disk"));
    assert!(reasons("loop0").starts_with("not a medium (loop device)"));
    assert!(one(&disks, "dm-0").refusals.contains(&Refusal::System("/".to_owned())));
    assert_eq!(disks.iter().filter(|disk| disk.verdict() == Verdict::Free).count(), 1, "{disks:#?}");
    assert_eq!(disks.len(), 11, "none is hidden");
}

#[test]
fn point_1_mounts_are_told_by_number_not_by_name() {
    let mut machine = Machine::new();
    stick(&mut machine, "sda");
    let other = machine.disk("pci/usb2/sdaa", &[SIZE, ("removable", "1"), ("device/serial", "AA")]);
    machine.mount(other, "/media/b", "/dev/sdaa");
    let disks = machine.read(None);
    assert_eq!(one(&disks, "sda").verdict(), Verdict::Free, "sdaa is another disk");
    assert_eq!(one(&disks, "sdaa").refusals, [Refusal::Mounted("/media/b".to_owned())]);
}

#[test]
fn point_1_file_systems_with_numbers_of_their_own_are_found_by_their_source() {
    let mut machine = Machine::new();
    stick(&mut machine, "sdb");
    machine.part(&format!("{STICK}/sdb/sdb1"), 1);
    machine.mounts.push_str("30 1 0:44 /@ / rw - btrfs /dev/sdb1 rw\n");
    let disks = machine.read(Some(Number { major: 0, minor: 44 }));
    assert_eq!(one(&disks, "sdb").refusals, [Refusal::System("/".to_owned()), Refusal::HoldsImage]);
}

#[test]
fn point_2_the_disk_that_holds_the_image_is_refused() {
    let mut machine = Machine::new();
    stick(&mut machine, "sdb");
    let part = machine.part(&format!("{STICK}/sdb/sdb1"), 1);
    let image = Number { major: 8, minor: part };
    assert_eq!(one(&machine.read(Some(image)), "sdb").reasons(), "the image's file lies on it");
    assert_eq!(one(&machine.read(None), "sdb").verdict(), Verdict::Free);
}

#[test]
fn point_3_another_disk_under_the_same_name_is_noticed() {
    let mut machine = Machine::new();
    stick(&mut machine, "sdb");
    let before = machine.read(None);
    let chosen = one(&before, "sdb");
    for (attribute, text) in [("diskseq", "13"), ("size", "4096"), ("device/serial", "OTHER"), ("dev", "8:99")] {
        let place = format!("{STICK}/sdb");
        let old = fs::read_to_string(machine.folder.path().join("sys/devices").join(&place).join(attribute)).unwrap_or_default();
        machine.attribute(&place, attribute, text);
        let now = machine.read(None);
        assert!(!one(&now, "sdb").is_same(chosen), "{attribute}");
        let error = crate::device::Target::open(chosen, &now).err().unwrap().to_string();
        assert!(error.contains("is another disk now"), "{error}");
        if old.is_empty() {
            fs::remove_file(machine.folder.path().join("sys/devices").join(&place).join(attribute)).unwrap();
        } else {
            machine.attribute(&place, attribute, &old);
        }
    }
    assert!(one(&machine.read(None), "sdb").is_same(chosen));
    assert!(crate::device::Target::open(chosen, &[]).err().unwrap().to_string().contains("was it unplugged?"));
    let mut machine_now = machine.read(None);
    machine_now[0].refusals.push(Refusal::Mounted("/media/x".to_owned()));
    assert!(
        crate::device::Target::open(chosen, &machine_now).err().unwrap().to_string().contains("must not be written any more")
    );
}

#[test]
fn point_3_equal_serials_are_pointed_out() {
    let mut machine = Machine::new();
    for name in ["sdb", "sdc"] {
        machine.disk(&format!("pci/usb1/{name}"), &[SIZE, ("removable", "1"), ("device/serial", "0123456789")]);
    }
    assert!(machine.read(None).iter().all(|disk| disk.cautions == [Caution::SameSerial]));
}
