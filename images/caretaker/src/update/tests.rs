use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::thread::JoinHandle;

use bootstate::Slot;
use provision::{Hours, Update};

use super::*;
use crate::tests::Bench;

/// How the server treats one request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Treat {
    /// As it should.
    Well,
    /// The line goes after so many bytes of the body.
    Cut(usize),
    /// Another status.
    Say(u16),
    /// Knows no ranges.
    WithoutRanges,
    /// Sends a part that nobody asked for.
    WrongRange,
    /// Has another file from now on.
    Change,
}

struct Server {
    url: String,
    thread: JoinHandle<Vec<Option<u64>>>,
}

fn content(letter: u8) -> Vec<u8> {
    (0..300_000_u32).map(|at| letter ^ (at % 251) as u8).collect()
}

impl Server {
    /// Treats the requests that come like this, one after the other; then goes away.
    fn start(treats: &[Treat]) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/wegovnow.raucb", listener.local_addr().unwrap());
        let mut treats: VecDeque<Treat> = treats.iter().copied().collect();
        let thread = std::thread::spawn(move || {
            let mut letter = b'a';
            let mut asked = Vec::new();
            while let Some(treat) = treats.pop_front() {
                let (mut stream, _) = listener.accept().unwrap();
                let (mut range, mut if_range) = (None, None);
                for line in BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
                    let (name, value) = line.split_once(": ").unwrap_or_default();
                    match name.to_ascii_lowercase().as_str() {
                        "range" => range = value.strip_prefix("bytes=").and_then(|from| from.strip_suffix('-')?.parse().ok()),
                        "if-range" => if_range = Some(value.to_owned()),
                        _ => {}
                    }
                }
                asked.push(range);
                if treat == Treat::Change {
                    letter = b'z';
                }
                let (tag, bytes) = (format!("\"{}\"", char::from(letter)), content(letter));
                let known = treat != Treat::WithoutRanges && if_range.as_ref() == Some(&tag);
                let from = range.filter(|_| known).unwrap_or(0) as usize;
                let head = match treat {
                    Treat::Say(status) => format!("{status} Said\r\nContent-Length: 0"),
                    _ if from >= bytes.len() => format!("416 No\r\nContent-Range: bytes */{}\r\nContent-Length: 0", bytes.len()),
                    Treat::WrongRange => format!("206 Part\r\nContent-Range: bytes 7-9/{}\r\nContent-Length: 3", bytes.len()),
                    _ if from > 0 => format!(
                        "206 Part\r\nContent-Range: bytes {from}-{}/{}\r\nContent-Length: {}",
                        bytes.len() - 1,
                        bytes.len(),
                        bytes.len() - from
                    ),
                    _ => format!("200 OK\r\nContent-Length: {}", bytes.len()),
                };
                let body = match treat {
                    Treat::Say(_) => &[],
                    _ if from >= bytes.len() => &[],
                    Treat::WrongRange => &bytes[7..10],
                    Treat::Cut(after) => &bytes[from..(from + after).min(bytes.len())],
                    _ => &bytes[from..],
                };
                write!(stream, "HTTP/1.1 {head}\r\nETag: {tag}\r\nConnection: close\r\n\r\n").unwrap();
                // Who asked may have gone.
                let _ = stream.write_all(body);
            }
            asked
        });
        Server { url, thread }
    }

    /// From which byte each request wanted.
    fn asked(self) -> Vec<Option<u64>> {
        self.thread.join().unwrap()
    }
}

fn folder(bench: &Bench) -> PathBuf {
    bench.path("/var/lib/wegovnow-box/download")
}

fn fetch(bench: &Bench, url: &str) -> Result<()> {
    download(&bench.care(), url, &Route::default(), &folder(bench), &mut |_, _, _| {})
}

#[track_caller]
fn is_whole(bench: &Bench, letter: u8) {
    assert!(fs::read(folder(bench).join("bundle.raucb")).unwrap() == content(letter), "other bytes came");
    assert!(!folder(bench).join("bundle.part").exists() && !folder(bench).join("bundle.json").exists());
}

#[test]
fn a_download_goes_on_where_it_was_cut() {
    let bench = Bench::new();
    let server = Server::start(&[Treat::Cut(100_000), Treat::Say(503), Treat::Cut(70_000), Treat::Well]);
    fetch(&bench, &server.url).unwrap();
    is_whole(&bench, b'a');
    assert_eq!(server.asked(), [None, Some(100_000), Some(100_000), Some(170_000)]);
}

#[test]
fn it_goes_on_after_the_power_failed() {
    let bench = Bench::new();
    let server = Server::start(&[Treat::Cut(100_000), Treat::Well]);
    // The first call is killed while it waits.
    let first = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut stop = |_: &str, done: u64, _: Option<u64>| {
            if done >= 100_000 {
                std::panic::resume_unwind(Box::new(()));
            }
        };
        download(&bench.care(), &server.url, &Route::default(), &folder(&bench), &mut stop)
    }));
    assert!(first.is_err());
    fetch(&bench, &server.url).unwrap();
    is_whole(&bench, b'a');
    assert_eq!(server.asked(), [None, Some(100_000)]);
}

#[test]
fn another_file_is_fetched_from_its_beginning() {
    let bench = Bench::new();
    let server = Server::start(&[Treat::Cut(100_000), Treat::Change]);
    fetch(&bench, &server.url).unwrap();
    is_whole(&bench, b'z');
    let server = Server::start(&[Treat::Cut(50_000), Treat::WithoutRanges]);
    fetch(&bench, &server.url).unwrap();
    is_whole(&bench, b'a');
    let server = Server::start(&[Treat::Cut(50_000), Treat::WrongRange, Treat::Well]);
    fetch(&bench, &server.url).unwrap();
    is_whole(&bench, b'a');
    assert_eq!(server.asked(), [None, Some(50_000), None]);
}

#[test]
fn what_is_whole_already_is_not_fetched_again() {
    let bench = Bench::new();
    let server = Server::start(&[Treat::Well]);
    fs::create_dir_all(folder(&bench)).unwrap();
    fs::write(folder(&bench).join("bundle.part"), content(b'a')).unwrap();
    bench.put("/var/lib/wegovnow-box/download/bundle.json", &format!(r#"{{"url":"{}","validator":"\"a\""}}"#, server.url));
    fetch(&bench, &server.url).unwrap();
    is_whole(&bench, b'a');
    assert_eq!(server.asked(), [Some(300_000)]);
}

#[test]
fn a_server_that_says_no_is_believed_at_once() {
    let bench = Bench::new();
    let server = Server::start(&[Treat::Say(404)]);
    let error = format!("{:#}", fetch(&bench, &server.url).unwrap_err());
    assert!(error.contains("404"), "{error}");
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_server_that_is_away_is_asked_for_a_while() {
    let bench = Bench::new();
    let began = crate::system::System::elapsed(&bench);
    let server = Server::start(&[Treat::Say(503); 8]);
    let url = server.url.clone();
    let error = fetch(&bench, &url).unwrap_err().to_string();
    assert!(error.contains("8 times on end; what came is kept"), "{error}");
    server.asked();
    let waited = crate::system::System::elapsed(&bench) - began;
    assert!((120..600).contains(&waited.as_secs()), "{waited:?}");
    // Nobody listens any more.
    assert!(fetch(&bench, &url).is_err());
    assert!(fetch(&bench, "http://no address").is_err());
}

#[test]
fn an_update_from_an_address_is_installed_and_tidied_away() {
    let bench = Bench::new();
    bench.answer("rauc info", 0, r#"{"version":"1.3.0"}"#);
    bench.answer("rauc install", 0, "");
    let server = Server::start(&[Treat::Cut(9), Treat::Well]);
    let source = Source::Url(server.url.clone());
    let request = Request { source, sha256: None, again: false, other_variant: false, restart: true };
    run(&bench.care(), &request, &mut |_, _, _| {}).unwrap();
    assert_eq!(bench.reboots.get(), 1);
    assert!(!folder(&bench).join("bundle.raucb").exists());
    let line = bench.ran.borrow().iter().find(|line| line.starts_with("rauc install")).cloned().unwrap();
    assert!(line.ends_with("download/bundle.raucb"), "{line}");
    assert!(bench.history().contains("installed version 1.3.0 in slot b"));
    server.asked();
}

/// Sticks: `sda` is what the box runs from, `sdb` a stick with two partitions, `mmcblk0` a card reader without a card.
fn with_sticks() -> Bench {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("/dev/disk/appliance")).unwrap();
    std::os::unix::fs::symlink("../../sda1", bench.path("/dev/disk/appliance/esp")).unwrap();
    for (disk, removable, parts) in
        [("sda", "1", &["sda1", "sda2"][..]), ("sdb", "1", &["sdb1", "sdb2"]), ("vda", "0", &["vda1"])]
    {
        bench.put(&format!("/sys/block/{disk}/removable"), removable);
        bench.put(&format!("/sys/block/{disk}/size"), "1000\n");
        for part in parts {
            bench.put(&format!("/sys/block/{disk}/{part}/partition"), "1\n");
        }
    }
    bench.put("/sys/block/mmcblk0/removable", "1\n");
    bench.put("/sys/block/mmcblk0/size", "0\n");
    // A drive without a disc.
    bench.put("/sys/block/sr0/removable", "1\n");
    bench.put("/sys/block/sr0/size", "2097151\n");
    bench.put("/sys/block/sr0/device/type", "5\n");
    bench
}

fn from_usb(bench: &Bench) -> Result<Version> {
    let request = Request { source: Source::Stick, sha256: None, again: false, other_variant: false, restart: false };
    run(&bench.care(), &request, &mut |_, _, _| {})
}

#[test]
fn only_sticks_are_looked_at() {
    assert_eq!(sticks(&with_sticks().care()), ["/dev/sdb1", "/dev/sdb2"].map(PathBuf::from));
    let bench = Bench::new();
    let begun = bench.elapsed.get();
    assert_eq!(from_usb(&bench).unwrap_err().to_string(), "no stick is plugged in");
    assert_eq!(bench.elapsed.get() - begun, STICK, "a stick that was just plugged in takes its time");
}

#[test]
fn a_stick_that_settles_is_waited_for() {
    let bench = with_sticks();
    let begun = bench.elapsed.get();
    bench.answer("rauc info", 0, r#"{"version":"1.3.0"}"#);
    bench.answer("rauc install", 0, "");
    // An empty drive is there all the time.
    fs::create_dir_all(bench.volume("stick-sdb1")).unwrap();
    fs::create_dir_all(bench.volume("stick-sdc")).unwrap();
    fs::write(bench.volume("stick-sdc").join("wegovnow.raucb"), "bundle").unwrap();
    for (file, text) in [("removable", "1"), ("size", "1000\n")] {
        bench.later.borrow_mut().push((format!("/sys/block/sdc/{file}"), text.to_owned()));
    }
    assert_eq!(from_usb(&bench).unwrap().to_string(), "1.3.0");
    assert_eq!(bench.elapsed.get() - begun, LOOK);
}

#[test]
fn exactly_one_bundle_is_taken_from_a_stick() {
    let bench = with_sticks();
    bench.answer("rauc info", 0, r#"{"version":"1.3.0"}"#);
    bench.answer("rauc install", 0, "");
    // The second partition is of a kind that cannot be mounted.
    let stick = bench.volume("stick-sdb1");
    fs::create_dir_all(stick.join("folder.raucb")).unwrap();
    let none = from_usb(&bench).unwrap_err().to_string();
    assert_eq!(none, "no stick has an update: put one file that ends with .raucb at its top level");
    fs::write(stick.join("wegovnow.RAUCB"), "bundle").unwrap();
    // As macOS leaves it.
    fs::write(stick.join("._wegovnow.raucb"), "not a bundle").unwrap();
    assert_eq!(from_usb(&bench).unwrap().to_string(), "1.3.0");
    fs::write(stick.join("older.raucb"), "bundle").unwrap();
    let several = from_usb(&bench).unwrap_err().to_string();
    assert_eq!(several, "there are several updates: older.raucb, wegovnow.RAUCB: leave the one that is meant");
    assert_eq!(fs::read_dir(&stick).unwrap().count(), 4, "the stick is as it was");
}

#[test]
fn what_a_cut_left_does_not_take_the_room_of_the_next_update() {
    let bench = with_sticks();
    bench.answer("rauc info", 0, r#"{"version":"1.3.0"}"#);
    bench.answer("rauc install", 0, "");
    fs::create_dir_all(bench.volume("stick-sdb1")).unwrap();
    fs::write(bench.volume("stick-sdb1").join("new.raucb"), [0; 1000]).unwrap();
    fs::create_dir_all(folder(&bench)).unwrap();
    // Power went while it was copied, downloaded or installed: room is there for one, and no more.
    bench.free.set(SPARE + 1000);
    for left in ["bundle.copy", "bundle.raucb", "bundle.part"] {
        fs::write(folder(&bench).join(left), [0; 900]).unwrap();
        assert_eq!(from_usb(&bench).map_err(|error| error.to_string()).unwrap().to_string(), "1.3.0", "{left}");
    }
    bench.free.set(SPARE + 999);
    assert!(from_usb(&bench).unwrap_err().to_string().contains("are needed on the data partition"));
    // Where there is room for both, a download that broke off is gone on with later.
    bench.free.set(SPARE + 5000);
    fs::write(folder(&bench).join("bundle.part"), [0; 900]).unwrap();
    from_usb(&bench).unwrap();
    assert!(folder(&bench).join("bundle.part").exists());
}

#[test]
fn a_download_that_was_whole_before_a_cut_is_not_fetched_again() {
    let bench = Bench::new();
    bench.answer("rauc info", 0, r#"{"version":"1.3.0"}"#);
    bench.answer("rauc install", 0, "");
    fs::create_dir_all(folder(&bench)).unwrap();
    let whole = folder(&bench).join("bundle.raucb");
    let request = |url: &str, sha256: &str| Request {
        source: Source::Url(url.to_owned()),
        sha256: Some(sha256.to_owned()),
        again: false,
        other_variant: false,
        restart: false,
    };
    fs::write(&whole, content(b'a')).unwrap();
    let known = digest(&whole).unwrap();
    // Nobody listens there.
    run(&bench.care(), &request("http://127.0.0.1:9/w.raucb", &known), &mut |_, _, _| {}).unwrap();
    // Another one is: it goes, and the right one is fetched.
    fs::write(&whole, "another").unwrap();
    let server = Server::start(&[Treat::Well]);
    run(&bench.care(), &request(&server.url, &known), &mut |_, _, _| {}).unwrap();
    assert_eq!(server.asked(), [None]);
}

#[test]
fn a_refused_bundle_does_not_stay_on_the_data_partition() {
    let bench = with_sticks();
    bench.answer("rauc info", 0, r#"{"version":"1.0.0"}"#);
    fs::create_dir_all(bench.volume("stick-sdb1")).unwrap();
    fs::write(bench.volume("stick-sdb1").join("old.raucb"), "bundle").unwrap();
    assert!(from_usb(&bench).unwrap_err().is::<Refused>());
    assert!(!folder(&bench).join("bundle.raucb").exists());
    assert_eq!(bench.state().primary(), Slot::A);
}

#[test]
fn updates_by_themselves_come_at_their_time_and_not_twice() {
    let update = |automatic, window| Update { url: None, channel: None, window, automatic };
    let offer = Offer { version: "1.3.0".parse().unwrap(), file: "a.raucb".to_owned(), sha256: None };
    let running: Version = "1.2.0".parse().unwrap();
    let night = Some(Hours { from_min: 120, to_min: 300 });
    assert_eq!(due(&update(true, night), &offer, &running, None, 180), Due::Yes);
    assert_eq!(due(&update(true, None), &offer, &running, None, 700), Due::Yes);
    assert!(matches!(due(&update(true, night), &offer, &running, None, 700), Due::No(why) if why.contains("window")));
    assert!(matches!(due(&update(false, night), &offer, &running, None, 180), Due::No(why) if why.contains("automatic")));
    assert!(matches!(due(&update(true, night), &offer, &offer.version, None, 180), Due::No(_)));
    let gone_back =
        Rollback { slot: "b".to_owned(), version: Some("1.3.0".to_owned()), reason: "the daemon".to_owned(), at_s: 0 };
    assert!(
        matches!(due(&update(true, night), &offer, &running, Some(&gone_back), 180), Due::No(why) if why.contains("went back"))
    );
    let newer = Offer { version: "1.3.1".parse().unwrap(), ..offer.clone() };
    assert_eq!(due(&update(true, night), &newer, &running, Some(&gone_back), 180), Due::Yes);

    assert_eq!(offer.address("https://example.org/w/"), "https://example.org/w/a.raucb");
    let elsewhere = Offer { file: "https://other.example/b".to_owned(), ..offer };
    assert_eq!(elsewhere.address("https://example.org"), "https://other.example/b");
}

#[test]
fn a_server_is_asked_for_the_newest() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/w", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut first = String::new();
        BufReader::new(&stream).read_line(&mut first).unwrap();
        let body = r#"{"version":"1.3.0","file":"w.raucb","sha256":"00"}"#;
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).unwrap();
        first
    });
    let update = Update { url: Some(url.clone()), channel: Some("beta".to_owned()), window: None, automatic: false };
    let (offer, address) = look(&Route::default(), &update).unwrap();
    assert_eq!((offer.version.to_string().as_str(), address), ("1.3.0", format!("{url}/w.raucb")));
    assert_eq!(thread.join().unwrap(), "GET /w/beta.json HTTP/1.1\r\n");
}
