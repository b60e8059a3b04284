//! A real block device of the kernel: opened for us alone, written past its memory, its new table read. Needs root and a loop device.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::device::Target;
use crate::device::fault::Fake;
use crate::inventory::{self, Refusal, Roots};
use crate::sample::{Bench, MEDIUM, MIB, image, table};

/// A loop device, let go at the end.
struct Loop {
    path: String,
}

impl Loop {
    fn attach(file: &Path) -> Loop {
        let output = Command::new("losetup").args(["--partscan", "--find", "--show"]).arg(file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Loop { path: String::from_utf8(output.stdout).unwrap().trim().to_owned() }
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }

    /// As the inventory has it, but for its being virtual.
    fn disks(&self) -> Vec<Disk> {
        let mut disks = inventory::read(&Roots::default(), None).unwrap();
        for disk in &mut disks {
            disk.refusals.retain(|why| !matches!(why, Refusal::Virtual(_)));
        }
        disks
    }

    fn disk(&self) -> Disk {
        self.disks().into_iter().find(|disk| disk.name == self.name()).unwrap()
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup").arg("--detach").arg(&self.path).status();
    }
}

#[test]
#[ignore = "needs root and a loop device: cargo test -p flash block -- --ignored"]
fn point_15_a_block_device_is_written_and_its_table_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("medium");
    std::fs::write(&file, vec![0x5a; MEDIUM as usize]).unwrap();
    let device = Loop::attach(&file);
    let refused = inventory::read(&Roots::default(), None).unwrap();
    let refused = refused.iter().find(|disk| disk.name == device.name()).unwrap();
    assert!(refused.reasons().starts_with("not a medium (loop device)"), "{}", refused.reasons());
    assert!(Target::open(refused, std::slice::from_ref(refused)).is_err(), "a loop device is refused as it is");

    let chosen = device.disk();
    assert_eq!((chosen.bytes, chosen.sector), (MEDIUM, 512));
    let image = image(3);
    let mut bench = Bench::new(&image, Some("0.2.0"), Fake::new(MEDIUM));
    bench.disk = chosen.clone();
    bench.options.force = true;
    let plan = bench.plan().unwrap();
    let shop = Shop {
        image: &bench.image,
        world: &bench.world,
        open: &|disk| {
            let target = Target::open(disk, &device.disks())?;
            assert!(target.is_direct());
            let again = Target::open(disk, &device.disks()).err().expect("it is ours alone");
            assert!(again.to_string().contains("in use by another program"), "{again:#}");
            Ok(Box::new(target))
        },
        eject: &|_| Ok(false),
        stop: &AtomicBool::new(false),
        maps: bench.maps(),
        receipts: bench.folder.path().join("receipts"),
        key: &bench.key,
        site: String::new(),
        technician: String::new(),
    };
    let ended = run(&shop, &plan, &|_| ());
    assert_eq!((ended.ending, ended.text.as_str()), (Ending::Done, "all 26 MiB read back as written; safe to remove"));
    // Some kernels are built without GPT: they read the table, and find nothing.
    match device.disk().partitions.len() {
        0 => eprintln!("this kernel knows no GPT"),
        count => assert_eq!(count, table().partitions.len(), "the kernel read the new table"),
    }
    let written = std::fs::read(&file).unwrap();
    assert!(written[MIB as usize..image.len()] == image[MIB as usize..]);
    let receipt = std::fs::read_to_string(ended.receipt.unwrap()).unwrap();
    assert!(!receipt.contains("did not read the new partition table"), "{receipt}");
}
