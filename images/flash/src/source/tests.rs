use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use semver::Version;

use super::manifest::Manifest;
use super::unpack::Packing;
use super::*;
use crate::sample::noise;

fn pack(bytes: &[u8], packing: Packing) -> Vec<u8> {
    match packing {
        Packing::Raw => bytes.to_vec(),
        Packing::Zstd => zstd::encode_all(bytes, 3).unwrap(),
        Packing::Gzip => {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packer.write_all(bytes).unwrap();
            packer.finish().unwrap()
        }
        Packing::Xz => {
            let mut packer = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
            packer.write_all(bytes).unwrap();
            packer.finish().unwrap()
        }
    }
}

const PACKINGS: [Packing; 4] = [Packing::Raw, Packing::Xz, Packing::Zstd, Packing::Gzip];

fn sample() -> Vec<u8> {
    [noise(1, 1_500_000), vec![0; 3 << 20], noise(2, 700_001)].concat()
}

fn listed(image: &Image) -> Manifest {
    Manifest::make(image, Version::new(1, 2, 3), &mut |_| ()).unwrap()
}

#[test]
fn point_5_every_packing_is_told_by_its_bytes_and_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    for packing in PACKINGS {
        // The name lies.
        let path = folder.path().join("image.gz");
        std::fs::write(&path, pack(&sample(), packing)).unwrap();
        let image = Image::open(&path, None).unwrap();
        assert_eq!(image.packing, packing);
        let mut bytes = Vec::new();
        image.reader().unwrap().read_to_end(&mut bytes).unwrap();
        assert!(bytes == sample(), "{packing:?}");
        let manifest = listed(&image);
        assert_eq!(manifest.raw.bytes, sample().len() as u64);
        assert_eq!(manifest.runs.iter().map(|run| (run.first, run.sha256.len())).collect::<Vec<_>>(), [(0, 2), (4, 2)]);
        assert_eq!(manifest.packed.bytes, image.packed_bytes);
    }
}

#[test]
fn point_4_sizes_are_known_before_unpacking_where_the_file_says_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image");
    let open = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Image::open(&path, None).unwrap().raw_bytes
    };
    let sample = sample();
    assert_eq!(open(&sample), Some(sample.len() as u64));
    assert_eq!(open(&pack(&sample, Packing::Xz)), Some(sample.len() as u64));
    assert_eq!(open(&pack(&sample, Packing::Gzip)), None, "gzip keeps 32 bits");
    let stated = zstd::bulk::compress(&sample, 1).unwrap();
    assert_eq!(open(&stated), Some(sample.len() as u64));
    assert_eq!(open(&[stated.clone(), stated].concat()), None, "two frames");
    let xz = pack(&sample, Packing::Xz);
    assert_eq!(open(&[xz.clone(), xz.clone()].concat()), None, "two streams");
    assert_eq!(open(&xz[..xz.len() - 5]), None, "cut");
}

#[test]
fn point_5_a_manifest_is_believed_only_when_it_is_signed_and_adds_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image");
    std::fs::write(&path, sample()).unwrap();
    let manifest = listed(&Image::open(&path, None).unwrap());
    let key = SigningKey::from_bytes(&[5; 32]);
    let text = manifest.seal(&key).unwrap();
    assert_eq!(Manifest::open(&text, &[key.verifying_key()]).unwrap(), manifest);
    let other = SigningKey::from_bytes(&[6; 32]).verifying_key();
    assert!(Manifest::open(&text, &[other]).unwrap_err().to_string().contains("not among the 1 trusted"));
    assert!(
        Manifest::open(&text.replace("1.2.3", "1.2.4"), &[key.verifying_key()]).unwrap_err().to_string().contains("does not fit")
    );

    let refused = |change: fn(&mut Manifest)| {
        let mut manifest = manifest.clone();
        change(&mut manifest);
        Manifest::open(&manifest.seal(&key).unwrap(), &[key.verifying_key()]).unwrap_err().to_string()
    };
    assert!(refused(|own| own.runs[1].first = 1).contains("lists chunk 1 twice"));
    assert!(refused(|own| own.runs[1].first = 5).contains("behind the image's end"));
    assert!(refused(|own| own.runs[1].first = u64::MAX).contains("behind the image's end"));
    assert!(refused(|own| own.chunk = 4096).contains("chunks of 4096 bytes"));
    assert!(refused(|own| own.raw.bytes = u64::MAX).contains("names an image of"));
    assert!(refused(|own| own.runs[0].sha256[0].truncate(5)).contains("chunk 0"));

    std::fs::write(&path, &sample()[1..]).unwrap();
    let error = format!("{:#}", Image::open(&path, Some(manifest)).unwrap_err());
    assert!(error.contains("do not belong together"), "{error}");
}

proptest! {
    #[test]
    fn point_5_strange_files_end_in_an_error_not_a_panic(packing in 0_usize..4, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image");
        let mut bytes = pack(&noise(9, 20_000), PACKINGS[packing]);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes.truncate(cut.index(bytes.len()) + 1);
        std::fs::write(&path, bytes).unwrap();
        if let Ok(image) = Image::open(&path, None) {
            let _ = image.head();
        }
    }
}

/// What a server does to those who fetch.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Whole,
    /// Hangs up after so many bytes of each answer.
    Cut(usize),
    /// Knows no parts.
    NoRange(usize),
    Wrong,
    Missing,
}

/// Serves bytes at a port of its own until it is dropped; counts requests.
struct Server {
    url: String,
    requests: std::sync::Arc<AtomicUsize>,
}

fn serve(content: Vec<u8>, mood: Mood) -> Server {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/image", listener.local_addr().unwrap());
    let requests = std::sync::Arc::new(AtomicUsize::new(0));
    let count = requests.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let number = count.fetch_add(1, Ordering::SeqCst);
            let mut from = 0;
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while let Some(Ok(line)) = lines.next().filter(|line| line.as_ref().is_ok_and(|line| !line.is_empty())) {
                if let Some(range) = line.to_lowercase().strip_prefix("range: bytes=") {
                    from = range.trim_end_matches('-').parse().unwrap();
                }
            }
            let (status, from, count) = match mood {
                Mood::Missing => ("404 Not Found", 0, 0),
                Mood::Whole | Mood::Wrong if from == 0 => ("200 OK", 0, content.len()),
                Mood::Whole | Mood::Wrong => ("206 Partial Content", from, content.len()),
                Mood::Cut(count) if from == 0 => ("200 OK", 0, count),
                Mood::Cut(count) => ("206 Partial Content", from, count),
                // The first answer breaks off; the next are whole.
                Mood::NoRange(count) => ("200 OK", 0, if number == 0 { count } else { content.len() }),
            };
            let rest = &content[from..];
            let range = format!("content-range: bytes {from}-{}/{}\r\n", content.len() - 1, content.len());
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{range}connection: close\r\n\r\n", rest.len());
            let body = if mood == Mood::Wrong { vec![7; rest.len()] } else { rest[..rest.len().min(count)].to_vec() };
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    Server { url, requests }
}

#[test]
fn point_5_a_fetch_goes_on_where_it_broke_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image");
    std::fs::write(&path, sample()).unwrap();
    let manifest = listed(&Image::open(&path, None).unwrap());
    let go = AtomicBool::new(false);
    let fetch = |mood: Mood, cache: &str| {
        let server = serve(sample(), mood);
        let mut last = 0;
        let cache = folder.path().join(cache);
        let got = fetch::image(&server.url, &manifest, &cache, &go, &mut |done, _| last = done);
        (got, server.requests.load(Ordering::SeqCst), last)
    };
    for (cache, mood, requests) in [("a", Mood::Whole, 1), ("b", Mood::Cut(1_000_000), 6), ("c", Mood::NoRange(50_000), 2)] {
        let (got, count, last) = fetch(mood, cache);
        assert!(std::fs::read(got.unwrap()).unwrap() == sample(), "{cache}");
        assert_eq!((count, last), (requests, sample().len() as u64), "{cache}");
        assert_eq!(fetch(Mood::Missing, cache).1, 0, "it is there already");
    }
    let (wrong, ..) = fetch(Mood::Wrong, "d");
    assert!(wrong.unwrap_err().to_string().contains("is not what the manifest lists"));
    assert_eq!(std::fs::read_dir(folder.path().join("d")).unwrap().count(), 0, "nothing is left of it");
    let (missing, ..) = fetch(Mood::Missing, "e");
    assert!(format!("{:#}", missing.unwrap_err()).contains("404"));

    // Stopped in the middle, then called again.
    let server = serve(sample(), Mood::Whole);
    let stop = AtomicBool::new(false);
    let cache = folder.path().join("f");
    let stopped =
        fetch::image(&server.url, &manifest, &cache, &stop, &mut |done, _| stop.store(done > 1_000_000, Ordering::SeqCst));
    assert!(stopped.unwrap_err().to_string().contains("stopped by the technician"));
    let mut first = None;
    fetch::image(&server.url, &manifest, &cache, &go, &mut |done, _| first = first.or(Some(done))).unwrap();
    assert!(first.unwrap() > 1_000_000, "what had come was kept");
}
