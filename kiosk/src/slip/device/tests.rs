use std::os::unix::net::UnixStream;
use std::sync::Mutex;

use super::super::escpos::tests::english;
use super::super::interpreter::{Interpreter, Step};
use super::*;

/// Long, for a machine that has other things to do; never waited for when all is well.
const LONG: Duration = Duration::from_secs(60);

/// One end of a line, to which a printer is attached on the other.
struct Line(UnixStream);

impl Port for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into) {
            // The other end is gone.
            Ok(0) => Err(io::ErrorKind::BrokenPipe.into()),
            read => read,
        }
    }

    fn wait(&mut self, _to_write: bool, patience: Duration) {
        // Until there is something to be read; what a test writes always goes through.
        let flags = PollFlags::IN;
        let mut files = [PollFd::from_borrowed_fd(self.0.as_fd(), flags)];
        let patience = Timespec { tv_sec: 0, tv_nsec: i64::from(patience.min(Duration::from_millis(5)).subsec_nanos()) };
        let _ = poll(&mut files, Some(&patience));
    }
}

/// A printer at the other end, that says what came out when the line is gone.
fn machine(mut line: UnixStream) -> std::thread::JoinHandle<Interpreter> {
    std::thread::spawn(move || {
        let mut printer = Interpreter::new(Paper::Mm80.dots());
        let mut byte = [0];
        let mut seen = 0;
        while line.read(&mut byte).is_ok_and(|count| count > 0) {
            printer.take(&byte);
            for step in &printer.steps[seen..] {
                let answer: &[u8] = match step {
                    Step::Asked(_) => &[0x12],
                    Step::AskedPaper => &[0x00],
                    _ => &[],
                };
                if line.write_all(answer).is_err() {
                    break;
                }
            }
            seen = printer.steps.len();
        }
        printer
    })
}

#[test]
fn the_thread_prints_tells_and_ends_and_takes_a_new_line_when_one_breaks() {
    let (told, heard) = mpsc::channel();
    let told = Mutex::new(told);
    let deliver: Deliver = std::sync::Arc::new(move |msg| drop(told.lock().unwrap().send(msg)));
    let (lines, free) = mpsc::channel::<UnixStream>();
    let (orders, arrived) = mpsc::channel();
    let open = move || -> io::Result<Box<dyn Port>> {
        let line = free.try_recv().map_err(|_| io::Error::from(io::ErrorKind::NotFound))?;
        line.set_nonblocking(true)?;
        Ok(Box::new(Line(line)))
    };
    let server = std::thread::spawn(move || {
        let (name, driver, paper) = ("a line".to_owned(), Driver::in_a_hurry(), Paper::Mm80);
        Server { open, name, driver, letters: None, paper, deliver }.serve(&arrived);
    });
    let next = || heard.recv_timeout(LONG).unwrap();
    assert!(matches!(next(), Msg::Printer(crate::app::Printer::NotAnswering)), "nothing is plugged in");
    for round in 0..2 {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let theirs_too = theirs.try_clone().unwrap();
        let printer = machine(theirs);
        lines.send(ours).unwrap();
        assert!(matches!(next(), Msg::Printer(crate::app::Printer::Ready)), "round {round}");
        orders.send(Order::Print(Ticket(round), Box::new(english()))).unwrap();
        let Msg::Reply(ticket, Reply::Printed(printed)) = next() else { panic!("round {round}") };
        assert_eq!((ticket, printed), (Ticket(round), Ok(())));
        theirs_too.shutdown(std::net::Shutdown::Both).unwrap();
        assert!(matches!(next(), Msg::Printer(crate::app::Printer::NotAnswering)), "round {round}: pulled out");
        let paper = printer.join().unwrap();
        assert!(paper.unknown.is_empty() && paper.letters.is_empty());
        assert!(paper.rows().len() > 400, "{}", paper.rows().len());
        assert_eq!(paper.steps.iter().filter(|step| **step == Step::Cut).count(), 1);
    }
    drop(orders);
    server.join().unwrap();
}

#[test]
fn a_device_that_takes_nothing_never_blocks_and_a_file_is_no_printer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lp0");
    assert_eq!(Node::open(&path).err().unwrap().kind(), io::ErrorKind::NotFound);
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let mut node = Node::open(&path).unwrap();
    assert_eq!(node.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    let mut taken = 0;
    let error = loop {
        match node.write(&[0; 4096]) {
            Ok(count) => taken += count,
            Err(error) => break error,
        }
    };
    assert!(taken > 0);
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    let start = Instant::now();
    node.wait(true, LONG);
    assert!(start.elapsed() < LONG / 4, "no longer than it may");
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert_eq!(Node::open(&file).err().unwrap().kind(), io::ErrorKind::InvalidInput);
}
