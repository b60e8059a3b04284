use std::io::Cursor;
use std::process::Command;

use super::*;

/// 64 MiB.
const SECTORS: u64 = 131_072;

fn table() -> Table {
    let partition = |kind, seed: u8, name: &str, first, last| {
        let guid = Guid::custom([seed; 16]);
        Partition { kind, guid, name: name.to_owned(), first, last, attributes: 0 }
    };
    Table {
        disk: Guid::custom([0x11; 16]),
        partitions: vec![
            partition(kind::ESP, 0x22, "esp", 2048, 34_815),
            partition(kind::LINUX, 0x33, "root-a", 34_816, 100_351),
            partition(kind::BASIC_DATA, 0x44, "Länge", 100_352, 131_038),
        ],
    }
}

fn disk(table: &Table) -> Vec<u8> {
    let ends = table.write(SECTORS).unwrap();
    let mut disk = vec![0; (SECTORS * SECTOR) as usize];
    disk[..ends.head.len()].copy_from_slice(&ends.head);
    let tail = disk.len() - ends.tail.len();
    disk[tail..].copy_from_slice(&ends.tail);
    disk
}

#[test]
fn crc_is_that_of_the_standard() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
}

#[test]
fn a_guid_reads_as_it_is_written() {
    let text = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
    assert_eq!(text.parse::<Guid>().unwrap(), kind::ESP);
    assert_eq!(kind::ESP.to_string(), text);
    assert_eq!(kind::ESP.to_disk()[..8], [0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11]);
    assert!("c12a7328".parse::<Guid>().is_err());
    assert!("+12a7328-f81f-11d2-ba4b-00a0c93ec93b".parse::<Guid>().is_err());
}

#[test]
fn what_is_written_is_read_back() {
    assert_eq!(Table::read(&mut Cursor::new(disk(&table()))).unwrap(), table());
}

#[test]
fn bytes_stay_the_same_from_version_to_version() {
    let ends = table().write(SECTORS).unwrap();
    let crcs = [u32_at(&ends.head, 512 + 16), u32_at(&ends.head, 512 + 88), crc32(&ends.head), crc32(&ends.tail)];
    assert_eq!(crcs, [0x1550_2b6d, 0x0ab4_9c64, 0xa4e8_17e2, 0x71f6_e160], "{crcs:#x?}");
}

#[test]
fn one_table_may_be_damaged() {
    for at in [512, 600, 1024 + 70, 1024 + 16_383] {
        let mut disk = disk(&table());
        disk[at] ^= 1;
        assert!(Table::read_at(&mut Cursor::new(&disk), 1).unwrap().is_none_or(|_| at == 600), "byte {at}");
        assert_eq!(Table::read(&mut Cursor::new(&disk)).unwrap(), table());
    }
    let mut disk = disk(&table());
    disk[512] = 0;
    *disk.last_mut().unwrap() = 1;
    let header = disk.len() - 512;
    disk[header] = 0;
    assert!(matches!(Table::read(&mut Cursor::new(&disk)), Err(Error::NoTable)));
    assert!(matches!(Table::read(&mut Cursor::new(&disk[..700])), Err(Error::NoTable)));
}

#[test]
fn partitions_that_cannot_be_are_refused() {
    let refused = |change: fn(&mut Table)| {
        let mut table = table();
        change(&mut table);
        table.write(SECTORS).err().unwrap().to_string()
    };
    assert_eq!(refused(|t| t.partitions[1].first += 1), "partition root-a: does not begin on 1 MiB");
    assert_eq!(refused(|t| t.partitions[1].first = 2048), "partition root-a: lies over the one before it");
    assert_eq!(refused(|t| t.partitions[2].last += 1), "partition Länge: does not fit on the disk");
    assert_eq!(refused(|t| t.partitions[0].name = "x".repeat(37)), format!("partition {}: the name is too long", "x".repeat(37)));
}

/// What others think of it, where they are installed.
#[test]
fn other_tools_read_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("disk");
    std::fs::write(&file, disk(&table())).unwrap();
    let ask = |program: &str, option: &str| match Command::new(program).env("LC_ALL", "C").arg(option).arg(&file).output() {
        Ok(output) => Some(format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))),
        Err(_) => {
            eprintln!("{program} is not installed");
            None
        }
    };
    if let Some(said) = ask("sfdisk", "--dump") {
        for partition in table().partitions {
            let guid = partition.guid.to_string().to_uppercase();
            assert!(said.contains(&format!("start={:>12}, size={:>12}", partition.first, partition.sectors())), "{said}");
            // It spells what is not ASCII by bytes.
            let name = partition.name.replace('ä', "\\xc3\\xa4");
            assert!(said.contains(&guid) && said.contains(&name), "{said}");
        }
    }
    if let Some(said) = ask("sgdisk", "--verify") {
        assert!(said.contains("No problems found"), "{said}");
    }
}
