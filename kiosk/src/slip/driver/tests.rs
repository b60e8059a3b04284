use proptest::prelude::*;

use super::super::escpos::tests::{english, letters};
use super::super::escpos::{self, print};
use super::super::interpreter::{Interpreter, Step as Done};
use super::super::paper::{self, Paper};
use super::*;

const WIDTH: usize = 384;

/// A printer with a roll of paper, a lid and a plug.
struct Machine {
    reading: Interpreter,
    /// What was seen of `reading.steps`.
    seen: usize,
    /// Rows that wait for paper.
    held: Vec<Vec<bool>>,
    /// What came out.
    paper: Vec<Vec<bool>>,
    cuts: usize,
    room: usize,
    is_open: bool,
    answers: Vec<u8>,
    /// It takes no bytes.
    hangs: bool,
    /// It says nothing.
    is_mute: bool,
    knows_paper: bool,
}

impl Machine {
    fn new() -> Machine {
        Machine {
            reading: Interpreter::new(WIDTH),
            seen: 0,
            held: Vec::new(),
            paper: Vec::new(),
            cuts: 0,
            room: usize::MAX,
            is_open: false,
            answers: Vec::new(),
            hangs: false,
            is_mute: false,
            knows_paper: true,
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.reading.take(&[*byte]);
            let steps = self.reading.steps.split_off(self.seen);
            for step in steps {
                self.act(step);
            }
        }
    }

    fn act(&mut self, step: Done) {
        let (stops, is_open) = (self.room == 0, self.is_open);
        let bits = |on: bool, bits: u8| if on { bits } else { 0 };
        match step {
            Done::Row(row) => {
                self.held.push(row);
                self.feed();
            }
            Done::Cut => self.cuts += 1,
            Done::Cleared => self.held.clear(),
            Done::Asked(1) => self.say(0x12 | bits(stops || is_open, 0x08)),
            Done::Asked(2) => self.say(0x12 | bits(is_open, 0x04) | bits(stops, 0x20)),
            Done::Asked(4) => self.say(0x12 | bits(stops, 0x60)),
            Done::Asked(_) => self.say(0x12),
            // In its turn: not before what is held has come out.
            Done::AskedPaper if self.knows_paper && self.held.is_empty() => self.say(0x00),
            _ => {}
        }
    }

    fn say(&mut self, byte: u8) {
        if !self.is_mute {
            self.answers.push(byte);
        }
    }

    /// Prints what it holds, as far as the paper goes.
    fn feed(&mut self) {
        let count = if self.is_open { 0 } else { self.held.len().min(self.room) };
        self.room = self.room.saturating_sub(count);
        self.paper.extend(self.held.drain(..count));
    }
}

/// A printer, what drives it, and the time.
struct Bench {
    driver: Driver,
    machine: Machine,
    now_ms: u64,
    events: Vec<Event>,
    /// Bytes that go through at a time.
    share: usize,
    is_plugged: bool,
    opened: bool,
}

impl Bench {
    fn new(machine: Machine) -> Bench {
        Bench { driver: Driver::default(), machine, now_ms: 0, events: Vec::new(), share: 8192, is_plugged: true, opened: false }
    }

    fn run(&mut self, during_ms: u64) {
        let end = self.now_ms + during_ms;
        while self.now_ms < end {
            self.now_ms += 10;
            self.driver.tick(self.now_ms);
            if self.opened && (!self.is_plugged || self.driver.must_close()) {
                self.opened = false;
                self.driver.lost();
            } else if !self.opened && self.is_plugged && self.now_ms.is_multiple_of(1000) {
                self.opened = true;
                self.machine.answers.clear();
                self.driver.opened();
            }
            // A question goes out and its answer comes back within a step of the time, several times.
            for _ in 0..8 {
                if !self.opened || self.machine.hangs {
                    break;
                }
                let bytes = self.driver.to_write();
                let bytes = bytes[..bytes.len().min(self.share)].to_vec();
                self.machine.take(&bytes);
                self.driver.wrote(bytes.len());
                let answers = std::mem::take(&mut self.machine.answers);
                self.driver.read(&answers);
                self.driver.tick(self.now_ms);
            }
            self.events.extend(self.driver.events());
        }
        assert_eq!(self.machine.reading.unknown, Vec::<Vec<u8>>::new());
        assert!(self.machine.reading.letters.is_empty());
    }

    fn print(&mut self, ticket: u64) {
        self.driver.print(Ticket(ticket), print(&english(), Paper::Mm58, &mut letters()));
    }

    fn printed(&self, ticket: u64) -> Vec<Result<(), Printer>> {
        let of = |event: &Event| match event {
            Event::Printed(Ticket(whose), printed) if *whose == ticket => Some(*printed),
            _ => None,
        };
        self.events.iter().filter_map(of).collect()
    }

    fn told(&self) -> Option<Printer> {
        let of = |event: &Event| match event {
            Event::Printer(printer) | Event::Printed(_, Err(printer)) => Some(*printer),
            Event::Printed(_, Ok(())) => None,
        };
        self.events.iter().rev().find_map(of)
    }

    /// Takes the paper that came out.
    fn tear(&mut self) -> Vec<Vec<bool>> {
        std::mem::take(&mut self.machine.paper)
    }
}

/// The whole slip as it must come out.
fn whole() -> Vec<Vec<bool>> {
    let mut dots = paper::draw(&english(), Paper::Mm58, &mut letters());
    escpos::guard(&mut dots);
    (0..dots.rows()).map(|y| (0..WIDTH).map(|x| dots.is_dark(x, y)).collect()).collect()
}

#[test]
fn a_slip_comes_out_whole_and_is_cut_off() {
    let mut bench = Bench::new(Machine::new());
    bench.run(2_000);
    assert_eq!(bench.told(), Some(Printer::Ready));
    bench.print(1);
    bench.run(10_000);
    assert_eq!(bench.printed(1), [Ok(())]);
    assert!(bench.tear() == whole());
    assert_eq!(bench.machine.cuts, 1);
    bench.run(20_000);
    assert!(bench.tear().is_empty() && bench.machine.cuts == 1 && bench.printed(1).len() == 1, "once");
}

#[test]
fn paper_that_ends_amid_a_slip_is_told_and_the_rest_never_comes_out() {
    let whole = whole();
    for room in [1, 40, 300, whole.len() - 1] {
        let mut bench = Bench::new(Machine { room, ..Machine::new() });
        bench.run(2_000);
        bench.print(1);
        bench.run(10_000);
        assert_eq!(bench.printed(1), [Err(Printer::NoPaper)], "{room}");
        assert_eq!(bench.tear().len(), room);
        // A new roll.
        bench.machine.room = usize::MAX;
        bench.machine.feed();
        bench.run(5_000);
        assert!(bench.tear().is_empty(), "{room}: nothing of it for whoever stands there now");
        assert_eq!(bench.told(), Some(Printer::Ready));
        bench.print(2);
        bench.run(10_000);
        assert_eq!(bench.printed(2), [Ok(())]);
        assert!(bench.tear() == whole);
    }
}

#[test]
fn an_open_cover_is_told_before_anything_is_sent() {
    let mut bench = Bench::new(Machine { is_open: true, ..Machine::new() });
    bench.run(2_000);
    assert_eq!(bench.told(), Some(Printer::CoverOpen));
    bench.print(1);
    bench.run(3_000);
    assert_eq!(bench.printed(1), [Err(Printer::CoverOpen)]);
    bench.machine.is_open = false;
    bench.run(4_000);
    assert_eq!(bench.told(), Some(Printer::Ready));
    assert!(bench.tear().is_empty());
}

#[test]
fn a_printer_that_never_answers_is_printed_on_all_the_same() {
    let mut bench = Bench::new(Machine { is_mute: true, ..Machine::new() });
    bench.run(3_000);
    assert_eq!(bench.told(), Some(Printer::Ready));
    bench.print(1);
    bench.run(10_000);
    assert_eq!(bench.printed(1), [Ok(())]);
    assert!(bench.tear() == whole());
}

#[test]
fn a_printer_that_does_not_know_the_last_question_is_believed_to_be_well() {
    let mut bench = Bench::new(Machine { knows_paper: false, ..Machine::new() });
    bench.run(2_000);
    bench.print(1);
    bench.run(15_000);
    assert_eq!(bench.printed(1), [Ok(())]);
    assert!(bench.tear() == whole());
}

#[test]
fn one_that_hangs_amid_a_picture_is_given_up_and_the_next_slip_is_whole() {
    for share in [1, 7, 100, 250] {
        let mut bench = Bench::new(Machine::new());
        bench.run(2_000);
        bench.share = share;
        bench.print(1);
        // Until it stands amid a picture.
        while !bench.machine.reading.is_amid() && bench.now_ms < 20_000 {
            bench.run(10);
        }
        bench.machine.hangs = true;
        bench.run(6_000);
        assert_eq!(bench.printed(1), [Err(Printer::NotAnswering)], "{share}");
        bench.machine.hangs = false;
        bench.share = 8192;
        bench.run(4_000);
        assert_eq!(bench.told(), Some(Printer::Ready));
        bench.tear();
        bench.print(2);
        bench.run(10_000);
        assert_eq!(bench.printed(2), [Ok(())]);
        assert!(bench.tear() == whole(), "{share}");
    }
}

#[test]
fn unplugged_and_plugged_in_again() {
    let mut bench = Bench::new(Machine::new());
    bench.run(2_000);
    bench.print(1);
    bench.run(300);
    bench.is_plugged = false;
    bench.run(100);
    assert_eq!(bench.printed(1), [Err(Printer::NotAnswering)]);
    bench.print(2);
    bench.run(100);
    assert_eq!(bench.printed(2), [Err(Printer::NotAnswering)], "at once, not some day");
    bench.is_plugged = true;
    bench.run(3_000);
    assert_eq!(bench.told(), Some(Printer::Ready));
    bench.tear();
    bench.print(3);
    bench.run(10_000);
    assert_eq!(bench.printed(3), [Ok(())]);
    assert!(bench.tear() == whole());
}

#[test]
fn a_slip_that_is_taken_back_stops_and_leaves_nothing() {
    let mut bench = Bench::new(Machine::new());
    bench.run(2_000);
    bench.print(1);
    bench.run(200);
    bench.driver.drop_print(Ticket(2));
    bench.driver.drop_print(Ticket(1));
    bench.run(5_000);
    assert!(bench.tear().len() < whole().len());
    assert_eq!(bench.printed(1), []);
    bench.print(2);
    bench.run(10_000);
    assert!(bench.tear() == whole());
}

/// What may happen to a printer.
#[derive(Debug, Clone)]
enum Chance {
    Print,
    Wait(u64),
    Room(usize),
    Lid(bool),
    Hang(bool),
    Plug(bool),
    Mute(bool),
    Noise(Vec<u8>),
    Share(usize),
    Drop,
}

fn chance() -> impl Strategy<Value = Chance> {
    prop_oneof![
        3 => Just(Chance::Print),
        4 => (10..3_000u64).prop_map(Chance::Wait),
        1 => (0..600usize).prop_map(Chance::Room),
        1 => any::<bool>().prop_map(Chance::Lid),
        1 => any::<bool>().prop_map(Chance::Hang),
        1 => any::<bool>().prop_map(Chance::Plug),
        1 => any::<bool>().prop_map(Chance::Mute),
        1 => proptest::collection::vec(any::<u8>(), 1..20).prop_map(Chance::Noise),
        1 => (1..5_000usize).prop_map(Chance::Share),
        1 => Just(Chance::Drop),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Whatever happens: an order is answered once at most, no slip comes out twice, no byte is taken for a letter or an unknown
    /// command, and once all is well again a slip comes out whole.
    #[test]
    fn whatever_happens_one_order_is_one_slip_at_most(chances in proptest::collection::vec(chance(), 1..25)) {
        let whole = whole();
        let mut bench = Bench::new(Machine::new());
        let mut orders = 0;
        for chance in chances {
            match chance {
                Chance::Print => { orders += 1; bench.print(orders); }
                Chance::Wait(ms) => bench.run(ms),
                Chance::Room(room) => bench.machine.room = room,
                Chance::Lid(is_open) => { bench.machine.is_open = is_open; bench.machine.feed(); }
                Chance::Hang(hangs) => bench.machine.hangs = hangs,
                Chance::Plug(is_plugged) => bench.is_plugged = is_plugged,
                Chance::Mute(is_mute) => bench.machine.is_mute = is_mute,
                Chance::Noise(bytes) => bench.machine.answers.extend(bytes),
                Chance::Share(share) => bench.share = share,
                Chance::Drop => bench.driver.drop_print(Ticket(orders)),
            }
        }
        bench.run(10);
        for order in 1..=orders {
            prop_assert!(bench.printed(order).len() <= 1, "order {}", order);
        }
        prop_assert!(bench.machine.paper.len() <= whole.len() * orders as usize + 255 * bench.machine.paper.len().min(1));
        prop_assert!(bench.machine.cuts <= orders as usize);
        // All is well again.
        (bench.machine.room, bench.machine.is_open, bench.machine.hangs, bench.is_plugged) = (usize::MAX, false, false, true);
        (bench.machine.is_mute, bench.share) = (false, 8192);
        bench.machine.feed();
        bench.run(45_000);
        bench.tear();
        let before = bench.machine.cuts;
        bench.print(1_000);
        bench.run(15_000);
        prop_assert_eq!(bench.printed(1_000), [Ok(())]);
        prop_assert!(bench.tear() == whole);
        prop_assert_eq!(bench.machine.cuts, before + 1);
    }
}
