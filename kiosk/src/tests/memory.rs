//! Nothing that was typed is left in memory or in the log when the session is over.
//!
//! The window is drawn by the software renderer, as on the appliance, with real fonts; calls go over a real socket. What is typed
//! stands nowhere in this program but masked, and the memory is compared with the mask: so whatever is found was left there.

use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixListener;

use slint::platform::WindowEvent;
use slint::platform::software_renderer::{MinimalSoftwareWindow, RepaintBufferType};

use super::*;

/// Words that were typed, each letter masked.
struct Canary {
    name: &'static str,
    masked: Vec<u8>,
}

const MASK: u8 = 0x5A;

impl Canary {
    /// Made of chance, letter by letter, so that it is never anywhere in one piece.
    fn new(name: &'static str, letters: &[u8], length: usize) -> Canary {
        let masked = (0..length).map(|_| letters[usize::from(chance()[0]) % letters.len()] ^ MASK).collect();
        Canary { name, masked }
    }

    fn letters(&self) -> impl Iterator<Item = char> {
        self.masked.iter().map(|letter| char::from(letter ^ MASK))
    }

    /// How often it stands in these bytes, as UTF-8 and as UTF-16.
    fn count(&self, bytes: &[u8]) -> usize {
        let (first, length) = (self.masked[0] ^ MASK, self.masked.len());
        let is_at = |at: usize, step: usize| {
            let letter = |index: usize| bytes.get(at + index * step).is_some_and(|byte| byte ^ MASK == self.masked[index]);
            let gap = |index: usize| step == 1 || bytes.get(at + index * step + 1) == Some(&0);
            (1..length).all(|index| letter(index) && gap(index - 1))
        };
        let (mut at, mut count) = (0, 0);
        while let Some(next) = bytes[at..].iter().position(|byte| *byte == first) {
            count += usize::from(is_at(at + next, 1) || is_at(at + next, 2));
            at += next + 1;
        }
        count
    }
}

/// Looks through all memory of this process that can be written to.
fn search(canaries: &[Canary]) -> Vec<(&'static str, usize)> {
    let memory = std::fs::File::open("/proc/self/mem").unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut found: Vec<(&'static str, usize)> = canaries.iter().map(|canary| (canary.name, 0)).collect();
    let mut chunk = vec![0; 1 << 20];
    let overlap = 512;
    let mut searched = 0;
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (Some((from, to)), Some(rights)) = (words.next().and_then(|range| range.split_once('-')), words.next()) else {
            continue;
        };
        if !rights.starts_with("rw") || line.contains("[vvar]") {
            continue;
        }
        let (from, to) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        let own = chunk.as_ptr() as u64;
        let mut at = from;
        while at < to {
            let length = (to - at).min(chunk.len() as u64) as usize;
            if memory.read_exact_at(&mut chunk[..length], at).is_ok() {
                // Not what was read before, in the buffer that it is read into.
                let (start, end) = (own.clamp(at, at + length as u64), (own + (1 << 20)).clamp(at, at + length as u64));
                chunk[(start - at) as usize..(end - at) as usize].fill(0);
                searched += length;
                for (canary, found) in canaries.iter().zip(&mut found) {
                    found.1 += canary.count(&chunk[..length]);
                }
            }
            at += if at + (length as u64) < to { (length - overlap) as u64 } else { length as u64 };
        }
    }
    chunk.fill(0);
    println!("{} MB searched: {found:?}", searched >> 20);
    found
}

/// Keeps what is copied and selected, as the linuxkms backend does.
struct Display(Rc<MinimalSoftwareWindow>, Clipboards);

type Clipboards = Rc<RefCell<[Option<String>; 2]>>;

impl slint::platform::Platform for Display {
    fn create_window_adapter(&self) -> Result<Rc<dyn slint::platform::WindowAdapter>, slint::PlatformError> {
        Ok(Rc::clone(&self.0) as Rc<dyn slint::platform::WindowAdapter>)
    }

    fn set_clipboard_text(&self, text: &str, clipboard: slint::platform::Clipboard) {
        let index = usize::from(clipboard == slint::platform::Clipboard::SelectionClipboard);
        self.1.borrow_mut()[index] = Some(text.to_owned());
    }
}

/// Everything that is logged, of every crate, at the finest level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A daemon that takes every call and knows nothing; it tells what was called.
fn daemon(listener: UnixListener, called: mpsc::Sender<String>) {
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { return };
        let called = called.clone();
        std::thread::spawn(move || {
            let mut bytes = vec![0; 1 << 16];
            while let Ok(length @ 1..) = stream.read(&mut bytes) {
                // The path up to what it asks, never what it asks.
                let path = bytes[..length].split(|byte| b" ?".contains(byte)).nth(1).unwrap_or_default();
                let _ = called.send(String::from_utf8_lossy(path).into_owned());
                bytes[..length].fill(0);
                let body = r#"{"code":"unknown_code","message":"no","refusal":null}"#;
                let head = "HTTP/1.1 422 Unprocessable Entity\r\ncontent-type: application/json\r\ncontent-length:";
                if stream.write_all(format!("{head} {}\r\n\r\n{body}", body.len()).as_bytes()).is_err() {
                    return;
                }
            }
        });
    }
}

struct Drawn {
    display: Rc<MinimalSoftwareWindow>,
    kiosk: Kiosk,
}

impl Drawn {
    fn touch(&self, label: &str) {
        self.kiosk.later(Duration::from_secs(1));
        let mut found = ElementHandle::find_by_accessible_label(self.kiosk.window(), label);
        let element = found.next().unwrap_or_else(|| panic!("nothing says {label:?}"));
        let (at, size) = (element.absolute_position(), element.size());
        let position = slint::LogicalPosition::new(at.x + size.width / 2.0, at.y + size.height / 2.0);
        let button = slint::platform::PointerEventButton::Left;
        for event in [
            WindowEvent::PointerMoved { position },
            WindowEvent::PointerPressed { position, button },
            WindowEvent::PointerReleased { position, button },
            WindowEvent::PointerExited,
        ] {
            self.kiosk.window().window().dispatch_event(event);
        }
        self.draw();
    }

    /// On a real keyboard: each letter comes alone.
    fn type_in(&self, canary: &Canary) {
        for letter in canary.letters() {
            let text = slint::SharedString::from(letter);
            self.kiosk.window().window().dispatch_event(WindowEvent::KeyPressed { text: text.clone() });
            self.kiosk.window().window().dispatch_event(WindowEvent::KeyReleased { text });
            self.draw();
        }
    }

    fn draw(&self) {
        slint::platform::update_timers_and_animations();
        self.display.draw_if_needed(|renderer| {
            let mut line = vec![slint::platform::software_renderer::Rgb565Pixel(0); 1920];
            renderer.render_by_line(Line(&mut line));
        });
        self.kiosk.pump();
    }
}

struct Line<'a>(&'a mut [slint::platform::software_renderer::Rgb565Pixel]);

impl slint::platform::software_renderer::LineBufferProvider for Line<'_> {
    type TargetPixel = slint::platform::software_renderer::Rgb565Pixel;

    fn process_line(&mut self, _: usize, range: std::ops::Range<usize>, draw: impl FnOnce(&mut [Self::TargetPixel])) {
        draw(&mut self.0[range]);
    }
}

fn wait_for(called: &Receiver<String>, path: &str) {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        match called.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(one) if one.contains(path) => return,
            Ok(_) => {}
            Err(error) => panic!("{path} is not called: {error}"),
        }
    }
}

#[test]
fn what_was_typed_is_nowhere_when_the_session_is_over() {
    let log = Log::default();
    let writer = log.clone();
    let everything = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone());
    everything.try_init().expect("no other test logs");

    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("daemon.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let (tell, called) = mpsc::channel();
    std::thread::spawn(move || daemon(listener, tell));

    let display = MinimalSoftwareWindow::new(RepaintBufferType::ReusedBuffer);
    let clipboards = Clipboards::default();
    slint::platform::set_platform(Box::new(Display(Rc::clone(&display), Rc::clone(&clipboards)))).unwrap();
    let kiosk = Kiosk::new(Client::over_socket(&socket).unwrap(), Options::default()).unwrap();
    kiosk.window().show().unwrap();
    display.set_size(slint::PhysicalSize::new(1920, 1080));
    let screen = Drawn { display, kiosk };
    // The clock and the daemon are the test's.
    screen.kiosk.send(Msg::Town(Ok(gallery::town(None).unwrap())));

    let letters = b"abcdefghijkmnopqrstuvwxyz";
    let canaries = [
        Canary::new("search", letters, 24),
        Canary::new("text", letters, 60),
        Canary::new("answer", b"123456789", 30),
        Canary::new("code", b"23456789ABCDEFGH", 13),
        Canary::new("comment", letters, 40),
    ];
    let [search_, text, answer, code, comment] = &canaries;

    screen.touch("Follow up with a code");
    screen.type_in(code);
    screen.kiosk.send(Msg::Back);
    // One that holds, so that it goes over the wire.
    screen.touch("Report a problem");
    screen.touch("Street lighting");
    screen.touch("Street and number, or a place");
    screen.type_in(search_);
    wait_for(&called, "/search");
    screen.kiosk.pump();
    screen.kiosk.send(Msg::Spot(gallery::town(None).unwrap().center));
    screen.touch("Next");
    screen.touch("Your words");
    screen.type_in(text);
    screen.kiosk.send(Msg::KeyboardAway);
    screen.draw();
    screen.touch("It is out");
    let since = Field::Answer("since".parse().unwrap());
    screen.kiosk.send(Msg::Typed { field: since, text: answer.letters().collect(), caret: 9 });
    screen.draw();
    screen.kiosk.send(Msg::Open(api::ReportId([3; 16])));
    screen.kiosk.send(Msg::WriteComment);
    screen.draw();
    screen.kiosk.send(Msg::Typed { field: Field::Comment, text: comment.letters().collect(), caret: 9 });
    screen.draw();
    screen.kiosk.send(Msg::SendComment { id: api::CommentId([4; 16]) });
    wait_for(&called, "/comments");
    screen.kiosk.send(Msg::StartFollow);
    screen.draw();
    screen.type_in(code);
    screen.draw();
    // Copied, and selected by two touches.
    let control = slint::SharedString::from(Key::Control);
    screen.kiosk.window().window().dispatch_event(WindowEvent::KeyPressed { text: control.clone() });
    for key in ["a", "c"] {
        screen.kiosk.window().window().dispatch_event(WindowEvent::KeyPressed { text: key.into() });
        screen.kiosk.window().window().dispatch_event(WindowEvent::KeyReleased { text: key.into() });
    }
    screen.kiosk.window().window().dispatch_event(WindowEvent::KeyReleased { text: control });
    let copied = |index: usize| clipboards.borrow()[index].as_ref().map(String::len);
    assert!(copied(0).is_some_and(|length| length >= 13), "the code is on the clipboard");
    let before = search(&canaries);
    assert!(before.iter().all(|(_, times)| *times > 0), "they are there while they are wanted: {before:?}");

    screen.kiosk.later(Duration::from_millis(app::IDLE_MS + app::WARNING_MS));
    assert_eq!(screen.kiosk.inner.state.borrow().session, Session::default());
    screen.draw();
    screen.kiosk.pump();
    // A call may still be on its way; nobody's answer is waited for longer than this.
    let end = Instant::now() + Duration::from_secs(20);
    let mut after = search(&canaries);
    while after.iter().any(|(_, times)| *times > 0) && Instant::now() < end {
        screen.kiosk.pump_until(Duration::from_millis(200), |_| false);
        screen.draw();
        after = search(&canaries);
    }
    assert_eq!((copied(0), copied(1)), (Some(1), Some(1)), "the clipboards hold something else");
    let logged = log.0.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(logged.len() > 1_000, "only {} bytes were logged", logged.len());
    let logged: Vec<_> = canaries.iter().map(|canary| (canary.name, canary.count(&logged))).collect();
    assert!(logged.iter().all(|(_, times)| *times == 0), "the log keeps what was typed: {logged:?}");
    assert!(after.iter().all(|(_, times)| *times == 0), "the memory keeps what was typed: {after:?}");
}
