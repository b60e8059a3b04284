use std::process::{Command as Program, Output};

use proptest::prelude::*;

use super::*;
use crate::shell::have;

const LENGTH: u64 = 16 * 512;

/// A disk of sixteen sectors, all bytes 0xee.
fn disk(fault: Fault, seed: u64) -> (tempfile::TempDir, Disk) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("disk");
    std::fs::write(&path, vec![0xee; LENGTH as usize]).unwrap();
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let chance = Chance::new(seed);
    (
        dir,
        Disk {
            file,
            length: LENGTH,
            fault,
            volatile: Volatile::default(),
            chance,
            flushes: 0,
            writes: 0,
            cut: None,
            trace: None,
        },
    )
}

fn request(command: Command, offset: u64, length: u32, is_durable: bool, fill: u8) -> Request {
    let data = vec![fill; if command == Command::Write { length as usize } else { 0 }];
    Request { command, is_durable, cookie: 1, offset, length, data }
}

fn on_disk(disk: &Disk) -> Vec<u8> {
    let mut bytes = vec![0; LENGTH as usize];
    disk.file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

fn seen(disk: &mut Disk) -> Vec<u8> {
    disk.answer(&request(Command::Read, 0, LENGTH as u32, false, 0)).unwrap()
}

/// Something that is asked of the disk; each write has a byte of its own.
#[derive(Debug, Clone)]
enum Step {
    Write { first: u64, sectors: u64, is_durable: bool },
    Zero { first: u64, sectors: u64, is_durable: bool },
    Flush,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let range = || (0..16_u64, 1..=16_u64).prop_map(|(first, sectors)| (first, sectors.min(16 - first)));
    let step = prop_oneof![
        4 => (range(), any::<bool>()).prop_map(|((first, sectors), is_durable)| Step::Write { first, sectors, is_durable }),
        1 => (range(), any::<bool>()).prop_map(|((first, sectors), is_durable)| Step::Zero { first, sectors, is_durable }),
        1 => Just(Step::Flush),
    ];
    proptest::collection::vec(step, 0..40)
}

/// What each sector may hold after a cut, the newest last; what is durable has no elder beside it.
fn carry_out(disk: &mut Disk, steps: &[Step]) -> Vec<Vec<u8>> {
    let mut may = vec![vec![0xee]; 16];
    for (number, step) in (1..).zip(steps) {
        let (first, sectors, fill, is_durable, command) = match *step {
            Step::Write { first, sectors, is_durable } => (first, sectors, number, is_durable, Command::Write),
            Step::Zero { first, sectors, is_durable } => (first, sectors, 0, is_durable, Command::WriteZeroes),
            Step::Flush => {
                disk.answer(&request(Command::Flush, 0, 0, false, 0)).unwrap();
                for sector in &mut may {
                    let newest = *sector.last().unwrap();
                    *sector = vec![newest];
                }
                continue;
            }
        };
        disk.answer(&request(command, first * 512, (sectors * 512) as u32, is_durable, fill)).unwrap();
        for sector in &mut may[first as usize..(first + sectors) as usize] {
            if is_durable {
                sector.clear();
            }
            sector.push(fill);
        }
    }
    may
}

proptest! {
    /// What was written is read, durable or not.
    #[test]
    fn reads_see_the_newest_writes(steps in steps()) {
        let (_dir, mut disk) = disk(Fault::default(), 1);
        let may = carry_out(&mut disk, &steps);
        let newest: Vec<u8> = may.iter().flat_map(|sector| [*sector.last().unwrap(); 512]).collect();
        prop_assert_eq!(seen(&mut disk), newest.clone());
        disk.answer(&request(Command::Flush, 0, 0, false, 0)).unwrap();
        prop_assert_eq!(on_disk(&disk), newest);
    }

    /// After a cut every sector is whole, holds something that was written there, and nothing older than what was made durable.
    #[test]
    fn a_cut_loses_nothing_that_was_promised(steps in steps(), seed in any::<u64>()) {
        let (_dir, mut disk) = disk(Fault::default(), seed);
        let may = carry_out(&mut disk, &steps);
        disk.power_fails().unwrap();
        for (number, (sector, may)) in on_disk(&disk).chunks(512).zip(may).enumerate() {
            prop_assert!(sector.iter().all(|byte| *byte == sector[0]), "sector {} is torn", number);
            prop_assert!(may.contains(&sector[0]), "sector {} holds {}, not one of {:?}", number, sector[0], may);
        }
    }

    /// The seed alone decides.
    #[test]
    fn the_same_seed_makes_the_same_cut(steps in steps(), seed in any::<u64>()) {
        let after = || {
            let (_dir, mut disk) = disk(Fault::default(), seed);
            carry_out(&mut disk, &steps);
            disk.power_fails().unwrap();
            (on_disk(&disk), disk.cut)
        };
        prop_assert_eq!(after(), after());
    }
}

#[test]
fn a_cut_keeps_tears_and_loses() {
    let mut sum = Cut::default();
    for seed in 0..50 {
        let (_dir, mut disk) = disk(Fault::default(), seed);
        disk.answer(&request(Command::Write, 0, 8 * 512, false, 7)).unwrap();
        disk.power_fails().unwrap();
        let Cut { kept, torn, lost } = disk.cut.unwrap();
        (sum.kept, sum.torn, sum.lost) = (sum.kept + kept, sum.torn + torn, sum.lost + lost);
    }
    assert_eq!(sum.kept + sum.torn + sum.lost, 50);
    assert!(sum.kept > 0 && sum.torn > 0 && sum.lost > 0, "{sum:?}");
}

#[test]
fn a_card_that_lies_loses_what_it_said_was_flushed() {
    let lost = (0..50).filter(|seed| {
        let (_dir, mut disk) = disk(Fault { lies: true, ..Fault::default() }, *seed);
        disk.answer(&request(Command::Write, 0, 512, true, 7)).unwrap();
        disk.answer(&request(Command::Flush, 0, 0, false, 0)).unwrap();
        disk.power_fails().unwrap();
        on_disk(&disk)[0] == 0xee
    });
    assert!((10..40).contains(&lost.count()));
}

#[test]
fn the_power_fails_at_the_write_that_was_chosen() {
    let (_dir, mut disk) = disk(Fault { cut_at_write: Some(2), ..Fault::default() }, 1);
    disk.answer(&request(Command::Write, 0, 512, false, 1)).unwrap();
    assert!(disk.cut.is_none());
    let _ = disk.answer(&request(Command::Write, 512, 512, false, 2));
    let cut = disk.cut.unwrap();
    assert_eq!(cut.kept + cut.torn + cut.lost, 2, "neither was flushed");
}

#[test]
fn the_power_fails_at_the_flush_that_was_named() {
    let (_dir, mut disk) = disk(Fault { cut_at_flush: Some(2), ..Fault::default() }, 1);
    disk.answer(&request(Command::Flush, 0, 0, false, 0)).unwrap();
    assert!(disk.cut.is_none());
    disk.answer(&request(Command::Flush, 0, 0, false, 0)).unwrap();
    assert!(disk.cut.is_some());
    assert_eq!(disk.flushes, 2);
}

#[test]
fn a_full_and_a_broken_disk_say_so() {
    let fault = Fault { full_from: Some(4096), broken: Some(512..1024), ..Fault::default() };
    let (_dir, mut disk) = disk(fault, 1);
    let mut ask = |command, offset, length| disk.answer(&request(command, offset, length, false, 7)).map(|_| ());
    assert_eq!(ask(Command::Write, 3584, 512), Ok(()));
    assert_eq!(ask(Command::Write, 3584, 1024), Err(Refusal::NoSpace));
    assert_eq!(ask(Command::Read, 4096, 512), Ok(()));
    assert_eq!(ask(Command::Read, 0, 1024), Err(Refusal::Io));
    assert_eq!(ask(Command::Write, 512, 512), Err(Refusal::Io));
    assert_eq!(ask(Command::Read, 0, 512), Ok(()));
    assert_eq!(ask(Command::Write, LENGTH, 512), Err(Refusal::NoSpace), "behind the end");
    assert_eq!(ask(Command::Read, u64::MAX, 512), Err(Refusal::Invalid));
    assert_eq!(ask(Command::Unknown, 0, 512), Err(Refusal::Invalid));
}

/// No test waits to see that nothing comes: what is written while it hangs must not have been done before it was mended.
#[test]
fn a_disk_that_hangs_does_what_it_was_asked_once_it_is_mended() {
    use std::io::{Read, Write};

    let dir = tempfile::tempdir().unwrap();
    let (file, socket) = (dir.path().join("disk"), dir.path().join("socket"));
    std::fs::write(&file, vec![0xee; LENGTH as usize]).unwrap();
    let server = Server::start(&file, &socket, Fault { hangs: true, ..Fault::default() }, 1).unwrap();
    let mut client = UnixStream::connect(&socket).unwrap();
    // The handshake, for the export without a name, and no zeros behind it.
    client.read_exact(&mut [0; 18]).unwrap();
    client.write_all(&[&2_u32.to_be_bytes()[..], b"IHAVEOPT", &1_u32.to_be_bytes(), &0_u32.to_be_bytes()].concat()).unwrap();
    client.read_exact(&mut [0; 10]).unwrap();
    let ask = [&0x2560_9513_u32.to_be_bytes()[..], &[0; 4], &7_u64.to_be_bytes(), &0_u64.to_be_bytes(), &512_u32.to_be_bytes()];
    client.write_all(&ask.concat()).unwrap();
    client.set_nonblocking(true).unwrap();
    assert_eq!(client.read(&mut [0; 1]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    server.shared.lock().file.write_all_at(&[0xaa; 512], 0).unwrap();
    server.set_fault(Fault::default());
    client.set_nonblocking(false).unwrap();
    let mut reply = [0; 16 + 512];
    client.read_exact(&mut reply).unwrap();
    assert_eq!((&reply[4..16], &reply[16..]), (&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7][..], &[0xaa; 512][..]));
    // One that still hangs ends with its server.
    server.set_fault(Fault { hangs: true, ..Fault::default() });
    client.write_all(&ask.concat()).unwrap();
    drop(server);
}

#[test]
fn more_than_a_disk_holds_becomes_durable() {
    let (_dir, disk) = disk(Fault::default(), 1);
    let mut volatile = Volatile::default();
    for _ in 0..65 {
        volatile.write(0, 1 << 20, Some(vec![7; 1 << 20]), false);
        volatile.limit(&disk.file).unwrap();
    }
    assert_eq!(on_disk(&disk)[0], 7);
}

/// Another's client understands our server.
#[test]
fn qemu_reads_back_what_it_wrote() {
    if !have("qemu-io") {
        println!("qemu-utils is not installed: not tried");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (file, socket) = (dir.path().join("disk"), dir.path().join("socket"));
    File::create(&file).unwrap().set_len(8 << 20).unwrap();
    let fault = Fault { full_from: Some(6 << 20), cut_at_flush: None, ..Fault::default() };
    let server = Server::start(&file, &socket, fault, 1).unwrap();
    let address = format!("nbd+unix:///?socket={}", socket.display());
    let qemu_io = |commands: &[&str]| -> Output {
        let commands = commands.iter().flat_map(|command| ["-c", command]);
        Program::new("qemu-io").args(["-f", "raw", "-t", "writeback"]).args(commands).arg(&address).output().unwrap()
    };
    let said =
        |output: &Output| format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));

    let done = qemu_io(&["write -P 0xab 0 1M", "write -f -P 0xcd 1M 64k", "write -z 512k 64k", "discard 1M 4k", "flush"]);
    assert!(done.status.success(), "{}", said(&done));
    let done = qemu_io(&["read -P 0xab 0 512k", "read -P 0 512k 64k", "read -P 0 1M 4k", "read -P 0xcd 1028k 60k"]);
    assert!(done.status.success() && !said(&done).contains("Pattern"), "{}", said(&done));
    assert!(server.flushes() > 0);
    let done = qemu_io(&["write 6M 4k"]);
    assert!(said(&done).contains("No space left"), "{}", said(&done));
    let info = Program::new("qemu-img").args(["info", "--output=json", &address]).output().unwrap();
    assert!(String::from_utf8_lossy(&info.stdout).contains("\"virtual-size\": 8388608"));

    server.cut().unwrap();
    assert!(server.is_cut());
    let done = qemu_io(&["read 0 4k"]);
    assert!(said(&done).contains("error") || !done.status.success(), "{}", said(&done));
}
