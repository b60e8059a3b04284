//! A small image of our layout, a workshop and media to try things on.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use ed25519_dalek::SigningKey;
use gpt::{Guid, Partition, Table, kind};
use semver::Version;

use crate::device::Medium;
use crate::device::fault::Fake;
use crate::inventory::{Bus, Disk, Number};
use crate::job::{self, Ended, Event, Shop, World};
use crate::keep;
use crate::plan::{Options, Plan, Refusal, plan};
use crate::source::Image;
use crate::source::manifest::Manifest;
use crate::write::map::Map;

pub const MIB: u64 = 1 << 20;

/// MiB of each partition.
const SIZES: [u64; 8] = [4, 4, 1, 6, 1, 6, 1, 2];

/// MiB of the whole image.
pub const IMAGE_MIB: u64 = 27;

/// Bytes of the usual medium: not a multiple of a MiB, as no real one is.
pub const MEDIUM: u64 = 40 * MIB + 1536;

pub fn table() -> Table {
    let mut first = 2048;
    let partitions = crate::personalise::LAYOUT.iter().zip(SIZES).map(|(name, mib)| {
        let kind = match *name {
            "esp" => kind::ESP,
            "PROVISION" => kind::BASIC_DATA,
            _ => kind::LINUX,
        };
        let sectors = mib * 2048;
        let guid = Guid::custom([name.len() as u8; 16]);
        let partition = Partition { kind, guid, name: (*name).to_owned(), first, last: first + sectors - 1, attributes: 0 };
        first += sectors;
        partition
    });
    Table { partitions: partitions.collect(), disk: Guid::custom([0xdd; 16]) }
}

/// The same noise for the same seed.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(next).flatten().take(length).collect()
}

fn fat(mib: u64, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut disk = Cursor::new(vec![0; (mib * MIB) as usize]);
    fatfs::format_volume(&mut disk, fatfs::FormatVolumeOptions::new()).unwrap();
    {
        let volume = fatfs::FileSystem::new(&mut disk, fatfs::FsOptions::new()).unwrap();
        volume.root_dir().create_dir("wegovnow").unwrap();
        for (name, content) in files {
            volume.root_dir().create_file(name).unwrap().write_all(content).unwrap();
        }
    }
    disk.into_inner()
}

/// An image as `cargo x image` lays it out, with noise of this seed in slot A.
pub fn image(seed: u64) -> Vec<u8> {
    let table = table();
    let mut image = vec![0; (IMAGE_MIB * MIB) as usize];
    let length = image.len();
    let ends = table.write(IMAGE_MIB * 2048).unwrap();
    image[..ends.head.len()].copy_from_slice(&ends.head);
    image[..4].copy_from_slice(b"boot");
    image[length - ends.tail.len()..].copy_from_slice(&ends.tail);
    let mut put = |name: &str, content: &[u8]| {
        let range = crate::personalise::range(&table, name).unwrap();
        image[range.start as usize..range.start as usize + content.len()].copy_from_slice(content);
    };
    put("esp", &fat(4, &[("LOADER.EFI", &noise(seed + 1, 300_000)), ("wegovnow/tries", &[b'#'; 1024])]));
    put("PROVISION", &fat(4, &[]));
    put("boot-a", &noise(seed + 2, 900_000));
    // With a hole in the middle.
    put("root-a", &[noise(seed + 3, 2_500_000), vec![0; 2_000_000], noise(seed + 4, 1_500_000)].concat());
    image
}

/// Time stands still, and chance is a number that counts up, if it is let.
pub struct Still {
    pub count: AtomicU64,
    pub step: u64,
}

impl World for Still {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap()
    }

    fn ticks(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn random(&self) -> Result<[u8; 32]> {
        Ok([self.count.fetch_add(self.step, Ordering::SeqCst) as u8; 32])
    }
}

/// A workshop with one image and one medium.
pub struct Bench {
    pub folder: tempfile::TempDir,
    pub image: Image,
    pub key: SigningKey,
    pub world: Still,
    pub stop: Arc<AtomicBool>,
    pub medium: Arc<Fake>,
    pub disk: Disk,
    pub options: Options,
    pub events: Mutex<Vec<Event>>,
    /// Stops after so many bytes of a phase of this name.
    pub stop_in: Option<(&'static str, u64)>,
}

pub fn disk(serial: &str, bytes: u64) -> Disk {
    Disk {
        name: "sdx".to_owned(),
        path: "/dev/sdx".into(),
        number: Number { major: 8, minor: 368 },
        sequence: Some(7),
        bytes,
        model: "Sample Stick".to_owned(),
        serial: Some(serial.to_owned()),
        bus: Bus::Usb,
        removable: true,
        sector: 512,
        partitions: Vec::new(),
        refusals: Vec::new(),
        cautions: Vec::new(),
    }
}

/// Writes a file, and opens it as an image with a manifest of this version.
pub fn open(folder: &Path, bytes: &[u8], version: Option<&str>) -> Image {
    let path = folder.join("sample.img");
    std::fs::write(&path, bytes).unwrap();
    let image = Image::open(&path, None).unwrap();
    let Some(version) = version else { return image };
    let key = SigningKey::from_bytes(&[1; 32]);
    let text = Manifest::make(&image, Version::parse(version).unwrap(), &mut |_| ()).unwrap().seal(&key).unwrap();
    Image::open(&path, Some(Manifest::open(&text, &[key.verifying_key()]).unwrap())).unwrap()
}

impl Bench {
    pub fn new(bytes: &[u8], version: Option<&str>, medium: Fake) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { verify: true, capacity: true, unsigned: version.is_none(), ..Options::default() };
        Bench {
            image: open(folder.path(), bytes, version),
            folder,
            key: SigningKey::from_bytes(&[3; 32]),
            world: Still { count: AtomicU64::new(1), step: 0 },
            stop: Arc::default(),
            disk: disk("SERIAL-1", medium.bytes()),
            medium: Arc::new(medium),
            options,
            events: Mutex::default(),
            stop_in: None,
        }
    }

    pub fn maps(&self) -> PathBuf {
        self.folder.path().join("maps")
    }

    pub fn plan(&self) -> Result<Plan, Refusal> {
        let head = self.image.head().unwrap();
        let table = crate::personalise::table(&head);
        let map = Map::look(&self.maps(), &job::subject(&self.image, &self.disk, self.options.keep_data)).unwrap();
        let found = keep::recognise(&self.medium).unwrap().map(|found| found.as_noted(map.noted("floor")));
        plan(&self.image, table.as_ref(), &self.disk, found.as_ref(), map.done(), &self.options)
    }

    pub fn run(&self) -> Ended {
        let plan = self.plan().unwrap();
        self.events.lock().unwrap().clear();
        let phase = Mutex::new("");
        let tell = |event: Event| {
            if let Event::Phase { name, .. } = &event {
                *phase.lock().unwrap() = name;
            }
            if let (Event::At { bytes }, Some((name, limit))) = (&event, self.stop_in)
                && *phase.lock().unwrap() == name
                && *bytes >= limit
            {
                self.stop.store(true, Ordering::SeqCst);
            }
            self.events.lock().unwrap().push(event);
        };
        let medium = self.medium.clone();
        let shop = Shop {
            image: &self.image,
            world: &self.world,
            open: &move |_| Ok(Box::new(medium.clone())),
            eject: &|_| Ok(true),
            stop: &self.stop,
            maps: self.maps(),
            receipts: self.folder.path().join("receipts"),
            key: &self.key,
            site: "Library".to_owned(),
            technician: "Anna".to_owned(),
        };
        job::run(&shop, &plan, &tell)
    }

    pub fn notes(&self) -> Vec<String> {
        let events = self.events.lock().unwrap();
        events.iter().filter_map(|event| if let Event::Note { text } = event { Some(text.clone()) } else { None }).collect()
    }
}
