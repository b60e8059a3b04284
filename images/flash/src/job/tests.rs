use std::sync::Arc;
use std::sync::atomic::Ordering;

use proptest::prelude::*;

use super::*;
use crate::device::fault::{Fake, Faults};
use crate::plan::{Options, Refusal};
use crate::sample::{Bench, IMAGE_MIB, MEDIUM, MIB, image, noise, table};

/// Everything but the two ends and PROVISION is the image's; behind it there is what was there before, or nothing.
#[track_caller]
fn assert_holds(bench: &Bench, image: &[u8]) {
    let medium = bench.medium.content(0..MEDIUM);
    let own = personalise::range(&table(), PROVISION).unwrap();
    for (number, (found, wanted)) in medium.chunks(MIB as usize).zip(image.chunks(MIB as usize)).enumerate() {
        let at = number as u64 * MIB;
        // The image's own copy of the table stays where it is, at the image's end.
        if at >= HEAD && !(bench.options.provision.is_some() && own.contains(&at)) {
            assert!(found == wanted, "MiB {number} differs");
        }
    }
    let found = personalise::table(&medium).expect("a sound table at the start");
    let names = |table: &Table| -> Vec<(String, u64, u64)> {
        table.partitions.iter().map(|own| (own.name.clone(), own.first, own.last)).collect()
    };
    assert_eq!(names(&found), names(&table()));
    let sectors = MEDIUM / 512;
    let copy = Table::read_at(&mut std::io::Cursor::new(&medium), sectors - 1).unwrap().expect("a sound copy at the end");
    assert_eq!(copy, found);
    assert_eq!(&medium[..4], b"boot", "boot code is the image's");
}

fn receipt(bench: &Bench, ended: &Ended) -> Receipt {
    let text = std::fs::read_to_string(ended.receipt.as_ref().unwrap()).unwrap();
    Receipt::open(&text, &[bench.key.verifying_key()]).unwrap().0
}

#[test]
fn point_6_the_medium_holds_the_image_and_nothing_of_before() {
    for no_discard in [false, true] {
        let image = image(1);
        let faults = Faults { no_discard, short: Some(100_000), ..Faults::default() };
        let bench = Bench::new(&image, Some("0.2.0"), Fake::with(MEDIUM, faults));
        let ended = bench.run();
        assert_eq!(ended.ending, Ending::Done, "{}", ended.text);
        assert_eq!(ended.text, "all 26 MiB read back as written; safe to remove");
        assert_holds(&bench, &image);
        assert_eq!(bench.medium.discarded.load(Ordering::SeqCst) > 0, !no_discard);
    }
}

#[test]
fn point_6_what_is_empty_is_not_written() {
    let bench = Bench::new(&image(1), Some("0.2.0"), Fake::new(MEDIUM));
    let ended = bench.run();
    let mapped = bench.image.manifest.as_ref().unwrap().mapped_bytes();
    // All that is mapped but the first MiB, which is written apart.
    assert_eq!(receipt(&bench, &ended).written_bytes, mapped - MIB);
    assert!(mapped < IMAGE_MIB * MIB / 2);
}

#[test]
fn point_6_the_tail_is_padded_with_zeros() {
    for length in [3 * MIB + 1, 3 * MIB + 511, 2 * MIB + 512, 4 * MIB, 8 * MIB, 700] {
        let bytes = noise(4, length as usize);
        for version in [None, Some("1.0.0")] {
            let bench = Bench::new(&bytes, version, Fake::new(MEDIUM));
            let ended = bench.run();
            assert_eq!(ended.ending, Ending::Done, "{}", ended.text);
            let padded = length.next_multiple_of(512);
            assert_eq!(bench.medium.content(0..length), bytes);
            assert!(bench.medium.content(length..padded).iter().all(|byte| *byte == 0), "{length}");
        }
    }
}

#[test]
fn point_6_what_makes_it_start_is_written_last() {
    let bench =
        Bench::new(&image(1), Some("0.2.0"), Fake::with(MEDIUM, Faults { unplugged_after: Some(6 * MIB), ..Faults::default() }));
    bench.medium.put(&image(9), 0);
    let bench = Bench { options: Options { force: true, ..bench.options.clone() }, ..bench };
    let ended = bench.run();
    assert_eq!(ended.ending, Ending::Failed);
    assert!(ended.text.contains("was unplugged"), "{}", ended.text);
    assert!(ended.text.ends_with("does not start now and shows as empty: the same command goes on"), "{}", ended.text);
    assert!(bench.medium.content(0..MIB).iter().all(|byte| *byte == 0), "no table, no boot code");
    assert_eq!(receipt(&bench, &ended).result, "failed", "a failure is filed too");
}

#[test]
fn point_7_a_chunk_that_did_not_arrive_is_written_once_more() {
    let image = image(1);
    let lost = 10 * MIB + 4096..10 * MIB + 8192;
    let bench = Bench::new(&image, Some("0.2.0"), Fake::with(MEDIUM, Faults { dropped_once: Some(lost), ..Faults::default() }));
    let ended = bench.run();
    assert_eq!(ended.ending, Ending::Done, "{}", ended.text);
    assert!(ended.text.contains("at the second try"), "{}", ended.text);
    assert_eq!(bench.notes().len(), 1, "{:?}", bench.notes());
    assert_holds(&bench, &image);
}

#[test]
fn point_7_bad_chunks_are_counted_and_the_first_is_named() {
    let image = image(1);
    for faults in [
        Faults { dropped: Some(11 * MIB + 5000..13 * MIB), ..Faults::default() },
        Faults { read_error: Some(11 * MIB + 5000..12 * MIB + 8), ..Faults::default() },
    ] {
        let bench = Bench::new(&image, Some("0.2.0"), Fake::with(MEDIUM, faults));
        let bench = Bench { options: Options { capacity: false, ..bench.options.clone() }, ..bench };
        let ended = bench.run();
        assert_eq!(ended.ending, Ending::Bad, "{}", ended.text);
        let words = format!("2 of 26 MiB differ, the first at byte {}, also at the second try: do not use this medium", 11 * MIB);
        assert!(ended.text.starts_with(&words), "{}", ended.text);
        let filed = receipt(&bench, &ended);
        assert_eq!((filed.first_bad_byte, filed.bad_chunks), (Some(11 * MIB), 2));
        assert!(bench.medium.content(0..MIB).iter().all(|byte| *byte == 0), "it does not start");
    }
}

#[test]
fn point_7_errors_of_the_medium_are_named() {
    for (faults, words) in [
        (
            Faults { write_error: Some(12 * MIB..12 * MIB + 1), ..Faults::default() },
            "cannot be written: the medium reports an error (EIO)",
        ),
        (Faults { full_at: Some(12 * MIB), ..Faults::default() }, "the medium has less room than it says"),
    ] {
        let bench = Bench::new(&image(1), Some("0.2.0"), Fake::with(MEDIUM, faults));
        let bench = Bench { options: Options { capacity: false, ..bench.options.clone() }, ..bench };
        let ended = bench.run();
        assert_eq!(ended.ending, Ending::Failed);
        assert!(ended.text.contains(words), "{}", ended.text);
    }
}

#[test]
fn point_8_a_fake_is_found_before_the_image_is_written() {
    let bench =
        Bench::new(&image(1), Some("0.2.0"), Fake::with(MEDIUM, Faults { wraps_at: Some(16 * MIB), ..Faults::default() }));
    let ended = bench.run();
    assert_eq!(ended.ending, Ending::Bad);
    assert!(ended.text.contains("it is a fake"), "{}", ended.text);
    assert!(bench.medium.written.load(Ordering::SeqCst) < MIB);
}

#[test]
fn point_5_a_damaged_image_is_not_written_on() {
    let mut bytes = image(1);
    let bench = Bench::new(&bytes, Some("0.2.0"), Fake::new(MEDIUM));
    bytes[12 * MIB as usize + 77] ^= 1;
    std::fs::write(bench.folder.path().join("sample.img"), &bytes).unwrap();
    let ended = bench.run();
    assert_eq!(ended.ending, Ending::Failed);
    assert!(ended.text.starts_with(&format!("the image is damaged at byte {}", 12 * MIB)), "{}", ended.text);
    let old = bench.medium.content(12 * MIB..13 * MIB);
    assert!(old.iter().all(|byte| *byte == 0 || *byte == 0xa5), "nothing of the damaged chunk arrived");
}

#[test]
fn point_4_what_does_not_fit_is_known_before() {
    let bench = Bench::new(&image(1), Some("0.2.0"), Fake::new(20 * MIB));
    assert_eq!(bench.plan().unwrap_err(), Refusal::TooSmall { medium: 20 * MIB, image: IMAGE_MIB * MIB });
    assert_eq!(bench.plan().unwrap_err().to_string(), "it holds 20.9 MB, the image needs 28.3 MB; take a larger one");
}

#[test]
fn point_4_an_image_of_unknown_size_stops_at_the_end_of_the_medium() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &noise(1, 9 * MIB as usize)).unwrap();
    let bench = Bench::new(&packed.finish().unwrap(), None, Fake::new(8 * MIB));
    assert_eq!(bench.image.raw_bytes, None);
    let ended = bench.run();
    assert_eq!(ended.ending, Ending::Failed);
    assert!(ended.text.starts_with("the image is larger than the medium (8388608 bytes)"), "{}", ended.text);
}

#[test]
fn point_10_a_medium_is_made_that_of_one_box() {
    let image = image(1);
    let bench = Bench::new(&image, Some("0.2.0"), Fake::new(MEDIUM));
    let mut bench = Bench {
        options: Options { provision: Some("[site]\nname = \"Library\"\n".to_owned()), ..bench.options.clone() },
        ..bench
    };
    bench.world.step = 1;
    let ended = bench.run();
    assert_eq!(ended.ending, Ending::Done, "{}", ended.text);
    assert_holds(&bench, &image);
    let medium = bench.medium.content(0..MEDIUM);
    let own = personalise::table(&medium).unwrap();
    let mut guids: Vec<String> = own.partitions.iter().map(|own| own.guid.to_string()).chain([own.disk.to_string()]).collect();
    guids.sort();
    guids.dedup();
    assert_eq!(guids.len(), 9, "each GUID is another");
    assert_eq!(receipt(&bench, &ended).disk_guid, Some(own.disk.to_string()));
    let range = personalise::range(&own, PROVISION).unwrap();
    let found = fat::read(&bench.medium, range, FILE).unwrap();
    assert_eq!(found.as_deref(), Some("[site]\nname = \"Library\"\n".as_bytes()));
    let label = std::fs::read_to_string(ended.receipt.unwrap().with_extension("label.txt")).unwrap();
    assert!(label.contains("serial  SERIAL-1") && label.contains('█'), "{label}");
}

#[test]
fn point_10_a_folder_gives_each_medium_its_own_file() {
    const OWN: &str = "schema = 1\ngeneration = 2\n";
    const COMMON: &str = "schema = 1\ngeneration = 1\n";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("A1.toml"), OWN).unwrap();
    assert!(personalise::provisioning(folder.path(), "B2").is_err());
    std::fs::write(folder.path().join(FILE), COMMON).unwrap();
    assert_eq!(personalise::provisioning(folder.path(), "A1").unwrap(), OWN);
    assert_eq!(personalise::provisioning(folder.path(), "B2").unwrap(), COMMON);
    assert_eq!(personalise::provisioning(folder.path(), "../A1").unwrap(), COMMON);
    std::fs::write(folder.path().join("A1.toml"), "own =").unwrap();
    assert!(personalise::provisioning(folder.path(), "A1").is_err(), "not TOML");
}

#[test]
fn point_11_the_receipt_says_what_happened_and_is_signed() {
    let bench = Bench::new(&image(1), Some("0.2.0"), Fake::new(MEDIUM));
    let ended = bench.run();
    let path = ended.receipt.clone().unwrap();
    let filed = receipt(&bench, &ended);
    assert_eq!((filed.serial.as_str(), filed.model.as_str(), filed.medium_bytes), ("SERIAL-1", "Sample Stick", MEDIUM));
    assert_eq!((filed.site.as_str(), filed.technician.as_str()), ("Library", "Anna"));
    assert_eq!(filed.image_sha256, Some(bench.image.manifest.as_ref().unwrap().raw.sha256.clone()));
    assert_eq!((filed.started.as_str(), filed.result.as_str()), ("2026-11-18T11:06:40Z", "done"));
    assert_eq!(filed.verified.as_deref(), Some("all 26 MiB read back as written"));
    assert!(filed.bytes_per_second > 0 && filed.direct);
    let text = std::fs::read_to_string(&path).unwrap();
    let forged = text.replace("SERIAL-1", "SERIAL-2");
    assert!(Receipt::open(&forged, &[bench.key.verifying_key()]).is_err());
    assert_ne!(bench.run().receipt.unwrap(), path, "no receipt is written over");
}

#[test]
fn point_13_stopping_leaves_a_clean_medium_and_says_so() {
    for phase in [("write", 12 * MIB), ("verify", MIB), ("open", 0)] {
        let image = image(1);
        let bench = Bench::new(&image, Some("0.2.0"), Fake::new(MEDIUM));
        let mut bench = Bench { stop_in: Some(phase), options: Options { capacity: false, ..bench.options.clone() }, ..bench };
        if phase.0 == "open" {
            bench.stop.store(true, Ordering::SeqCst);
        }
        let ended = bench.run();
        assert_eq!(ended.ending, Ending::Stopped);
        if phase.0 == "open" {
            assert_eq!(ended.text, "stopped by the technician; nothing was written");
            continue;
        }
        assert!(ended.text.starts_with("stopped by the technician; the medium does not start now"), "{}", ended.text);
        for end in [0..MIB, MEDIUM - MIB..MEDIUM] {
            assert!(bench.medium.content(end).iter().all(|byte| *byte == 0), "no table at either end");
        }
        bench.stop = Arc::default();
        bench.stop_in = None;
        assert_eq!(bench.run().ending, Ending::Done);
        assert_holds(&bench, &image);
    }
}

#[test]
fn point_13_the_dry_run_is_the_plan() {
    let bench = Bench::new(&image(1), Some("0.2.0"), Fake::new(MEDIUM));
    let plan = bench.plan().unwrap();
    assert_eq!(plan.lines().join("\n") + "\n", include_str!("../../golden/plan.txt"));
    assert_eq!(bench.medium.written.load(Ordering::SeqCst), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever arrived before the power went, going on ends with the same bytes as never having stopped.
    #[test]
    fn point_13_a_cut_at_any_byte_is_made_good(cut in 1_u64..18 * MIB, again in 1_u64..18 * MIB, packed in any::<bool>(), loses in any::<bool>()) {
        let image = image(5);
        let bytes = if packed { zstd::encode_all(&image[..], 1).unwrap() } else { image.clone() };
        let bench = Bench::new(&bytes, Some("0.2.0"), Fake::new(MEDIUM));
        for cut in [cut, again] {
            let fault = if loses { Faults { cut_after: Some(cut), ..Faults::default() } } else { Faults { unplugged_after: Some(cut), ..Faults::default() } };
            *bench.medium.faults.lock().unwrap() = fault;
            let ended = bench.run();
            prop_assert!(matches!(ended.ending, Ending::Failed | Ending::Bad | Ending::Done), "{}", ended.text);
            bench.medium.heal();
            if ended.ending == Ending::Done {
                break;
            }
            if personalise::table(&bench.medium.content(0..MIB)).is_some() {
                // The very last write arrived and was not answered: what starts is whole.
                assert_holds(&bench, &image);
            }
        }
        if personalise::table(&bench.medium.content(0..MIB)).is_none() {
            let ended = bench.run();
            prop_assert_eq!(ended.ending, Ending::Done, "{}", ended.text);
        }
        assert_holds(&bench, &image);
    }

    /// Any pattern of empty and full chunks, with or without a manifest, arrives; and no more is written than is full.
    #[test]
    fn point_6_any_sparse_image_arrives(full in prop::collection::vec(any::<bool>(), 1..14), tail in 0_usize..3000, listed in any::<bool>(), discards in any::<bool>()) {
        let mut bytes: Vec<u8> = full.iter().enumerate().flat_map(|(at, full)| if *full { noise(at as u64 + 1, MIB as usize) } else { vec![0; MIB as usize] }).collect();
        bytes.extend(noise(77, tail));
        let bench = Bench::new(&bytes, listed.then_some("1.0.0"), Fake::with(MEDIUM, Faults { no_discard: !discards, ..Faults::default() }));
        let ended = bench.run();
        prop_assert_eq!(ended.ending, Ending::Done, "{}", &ended.text);
        prop_assert!(bench.medium.content(0..bytes.len() as u64) == bytes);
        let mapped: u64 = full.iter().skip(1).filter(|full| **full).count() as u64 * MIB + (tail as u64).next_multiple_of(512);
        prop_assert_eq!(receipt(&bench, &ended).written_bytes, mapped);
    }
}

mod kept {
    use super::*;
    use crate::keep;

    /// A medium with a running box: its table grown, its state and data in use, its floor on the ESP.
    fn boxed(floor: Option<&str>, version: &str) -> (Bench, Vec<u8>, Table) {
        let old = image(20);
        let mut table = table();
        table.disk = gpt::Guid::custom([0x77; 16]);
        for (number, partition) in table.partitions.iter_mut().enumerate() {
            partition.guid = gpt::Guid::custom([0x40 + number as u8; 16]);
        }
        table.partitions[7].last = (MEDIUM - MIB) / 512 - 1;
        let new = image(21);
        let bench = Bench::new(&new, Some(version), Fake::new(MEDIUM));
        bench.medium.put(&old, 0);
        let ends = table.write(MEDIUM / 512).unwrap();
        bench.medium.put(&ends.head, 0);
        bench.medium.put(&ends.tail, MEDIUM - ends.tail.len() as u64);
        for name in ["state", "data"] {
            let range = personalise::range(&table, name).unwrap();
            bench.medium.put(&noise(30, (range.end - range.start) as usize), range.start);
        }
        if let Some(floor) = floor {
            let esp = personalise::range(&table, ESP).unwrap();
            for change in fat::put(&bench.medium, esp, None, FLOOR, floor.as_bytes()).unwrap() {
                bench.medium.put(&change.bytes, change.offset);
            }
        }
        let options = Options { keep_data: true, ..bench.options.clone() };
        (Bench { options, ..bench }, new, table)
    }

    fn data(bench: &Bench, table: &Table) -> Vec<Vec<u8>> {
        ["state", "data"].map(|name| bench.medium.content(personalise::range(table, name).unwrap())).into()
    }

    #[track_caller]
    fn assert_renewed(bench: &Bench, new: &[u8], table: &Table, before: &[Vec<u8>], floor: Option<&str>) {
        assert_eq!(data(bench, table), before, "state and data are as they were");
        let now = keep::recognise(&bench.medium).unwrap().expect("still ours");
        assert_eq!(now.table, *table, "GUIDs and the grown data stay");
        for name in ["PROVISION", "boot-a", "root-a", "boot-b", "root-b"] {
            let range = personalise::range(table, name).unwrap();
            assert!(bench.medium.content(range.clone()) == new[range.start as usize..range.end as usize], "{name}");
        }
        let esp = personalise::range(table, ESP).unwrap();
        assert_eq!(fat::read(&bench.medium, esp.clone(), "LOADER.EFI").unwrap(), Some(noise(22, 300_000)));
        assert_eq!(fat::read(&bench.medium, esp, FLOOR).unwrap().as_deref(), floor.map(str::as_bytes));
    }

    #[test]
    fn point_12_state_and_data_stay_and_the_rest_is_new() {
        for floor in [None, Some("0.2.0\n")] {
            let (bench, new, table) = boxed(floor, "0.3.0");
            let before = data(&bench, &table);
            let ended = bench.run();
            assert_eq!(ended.ending, Ending::Done, "{}", ended.text);
            assert_renewed(&bench, &new, &table, &before, floor);
            assert!(receipt(&bench, &ended).kept_data);
        }
    }

    #[test]
    fn point_12_what_cannot_be_kept_is_refused() {
        let refusal = |bench: &Bench| bench.plan().unwrap_err().to_string();
        let (bench, ..) = boxed(Some("0.4.0"), "0.3.9");
        assert_eq!(refusal(&bench), "the data needs version 0.4.0 or newer, the image is 0.3.9; take a newer image");
        let forced = Bench { options: Options { force: true, ..bench.options.clone() }, ..bench };
        assert!(refusal(&forced).contains("needs version 0.4.0"), "no force overrides that");

        let (bench, ..) = boxed(Some("rubbish"), "0.3.9");
        assert!(refusal(&bench).contains("names no version"));
        let forced = Bench { options: Options { force: true, ..bench.options.clone() }, ..bench };
        assert!(forced.plan().is_ok());

        let (bench, _, mut table) = boxed(None, "0.3.0");
        table.partitions[6].last -= 1024;
        bench.medium.put(&table.write(MEDIUM / 512).unwrap().head, 0);
        assert!(refusal(&bench).starts_with("partition state lies elsewhere"));
        bench.medium.put(&vec![0; MIB as usize], 0);
        assert!(bench.plan().is_ok(), "the copy at the end counts");
        bench.medium.put(&vec![0; MIB as usize], MEDIUM - MIB);
        assert!(refusal(&bench).starts_with("there is no box of ours"));
    }

    #[test]
    fn point_12_a_box_with_data_is_not_wiped_by_accident() {
        let (bench, ..) = boxed(None, "0.3.0");
        let bench = Bench { options: Options { keep_data: false, ..bench.options.clone() }, ..bench };
        assert_eq!(bench.plan().unwrap_err(), Refusal::HoldsData);
        let bench = Bench { options: Options { force: true, ..bench.options.clone() }, ..bench };
        assert_eq!(bench.run().ending, Ending::Done);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

        #[test]
        fn point_12_a_cut_never_costs_the_data(cut in 1_u64..14 * MIB, loses in any::<bool>()) {
            let (bench, new, table) = boxed(Some("0.2.0\n"), "0.3.0");
            let before = data(&bench, &table);
            let fault = if loses { Faults { cut_after: Some(cut), ..Faults::default() } } else { Faults { unplugged_after: Some(cut), ..Faults::default() } };
            *bench.medium.faults.lock().unwrap() = fault;
            let first = bench.run();
            bench.medium.heal();
            prop_assert_eq!(data(&bench, &table), before.clone());
            if first.ending != Ending::Done {
                let ended = bench.run();
                prop_assert_eq!(ended.ending, Ending::Done, "{}", ended.text);
            }
            assert_renewed(&bench, &new, &table, &before, Some("0.2.0\n"));
        }
    }
}

#[test]
fn point_13_what_goes_on_is_read_back_whatever_was_asked() {
    let image = image(1);
    let bench = Bench::new(&image, Some("0.2.0"), Fake::new(MEDIUM));
    let bench = Bench { options: Options { verify: false, ..bench.options.clone() }, ..bench };
    assert!(bench.plan().unwrap().steps.contains(&Step::Check { all: false }));
    let mut map = Map::open(&bench.maps(), &subject(&bench.image, &bench.disk, false)).unwrap();
    // The map says so, and the medium was wiped meanwhile.
    map.advance(20 * MIB).unwrap();
    assert!(bench.plan().unwrap().steps.contains(&Step::Check { all: true }));
    let ended = bench.run();
    assert_eq!(ended.ending, Ending::Done, "{}", ended.text);
    assert!(ended.text.contains("at the second try"), "{}", ended.text);
    assert_holds(&bench, &image);
}
