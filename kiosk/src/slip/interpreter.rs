//! A printer that is none, for tests: it reads ESC/POS as printers do and keeps the paper that comes out. It follows Epson's reference,
//! not the code it is held against, and refuses what it does not know.

use super::escpos::{CLEAR, DC4, DLE, ENQ, EOT, ESC, GS};

/// What happened to the paper, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Initialised,
    /// One row of dots.
    Row(Vec<bool>),
    /// The paper moved on without print, by lines or by dots.
    FedLines(usize),
    FedDots(usize),
    /// Cut at the knife, all but one point.
    Cut,
    Cleared,
    /// Asked in real time.
    Asked(u8),
    AskedPaper,
}

/// A printer's reading of bytes.
#[derive(Debug, Clone)]
pub struct Interpreter {
    /// Dots of a line.
    width: usize,
    /// Bytes of a command that is not complete.
    begun: Vec<u8>,
    /// 0 left, 1 centre, 2 right.
    justification: u8,
    /// Letters set in the printer's own font, of 12 by 24 dots: there should be none.
    pub letters: Vec<u8>,
    pub steps: Vec<Step>,
    /// What it did not understand.
    pub unknown: Vec<Vec<u8>>,
}

impl Interpreter {
    pub fn new(width: usize) -> Interpreter {
        Interpreter { width, begun: Vec::new(), justification: 0, letters: Vec::new(), steps: Vec::new(), unknown: Vec::new() }
    }

    /// Everything it did with some bytes, which must be whole commands that it knows, and no letters.
    pub fn read(width: usize, bytes: &[u8]) -> Interpreter {
        let mut printer = Interpreter::new(width);
        printer.take(bytes);
        assert_eq!(printer.unknown, Vec::<Vec<u8>>::new(), "commands that nobody knows");
        assert!(printer.letters.is_empty(), "nothing is printed as text");
        assert!(!printer.is_amid(), "it ends with a whole command");
        printer
    }

    /// The rows of dots that came out, without what was only fed.
    pub fn rows(&self) -> Vec<&[bool]> {
        self.steps.iter().filter_map(|step| if let Step::Row(dots) = step { Some(dots.as_slice()) } else { None }).collect()
    }

    /// Whether it waits for the rest of a command.
    pub fn is_amid(&self) -> bool {
        !self.begun.is_empty()
    }

    pub fn take(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.byte(*byte));
    }

    fn byte(&mut self, byte: u8) {
        self.begun.push(byte);
        self.real_time();
        while let Some(length) = self.length() {
            if self.begun.len() < length {
                break;
            }
            let rest = self.begun.split_off(length);
            let command = std::mem::replace(&mut self.begun, rest);
            self.run(&command);
        }
    }

    /// Real-time commands act as soon as they have arrived, wherever they stand.
    fn real_time(&mut self) {
        let begun = &self.begun;
        if begun.ends_with(&CLEAR) {
            self.begun.clear();
            self.steps.push(Step::Cleared);
        } else if let [.., DLE, EOT, number @ 1..=4] = begun[..] {
            self.begun.truncate(begun.len() - 3);
            self.steps.push(Step::Asked(number));
        } else if let [.., DLE, ENQ, 1 | 2] | [.., DLE, DC4, 1 | 2, _, _] = begun[..] {
            self.unknown.push(begun.clone());
        }
    }

    /// How long the command is that begins here; `None` while nothing has, or nobody can tell yet.
    fn length(&self) -> Option<usize> {
        let [first, rest @ ..] = &self.begun[..] else { return None };
        let second = rest.first();
        match (*first, second) {
            (DLE, _) => match rest {
                [] => None,
                [EOT, ..] => Some(3),
                [DC4] => None,
                [DC4, 8, ..] => Some(CLEAR.len()),
                _ => Some(2),
            },
            (ESC | GS, None) => None,
            (ESC, Some(b'@' | b'2')) => Some(2),
            (ESC, Some(_)) => Some(3),
            (GS, Some(b'v')) => match self.begun[..] {
                [_, _, _, _, xl, xh, yl, yh, ..] => {
                    let count = |low: u8, high: u8| usize::from(low) + usize::from(high) * 256;
                    Some(8 + count(xl, xh) * count(yl, yh))
                }
                _ => Some(8),
            },
            (GS, Some(b'V')) => match rest.get(1)? {
                65 | 66 => Some(4),
                _ => Some(3),
            },
            (GS, Some(_)) => Some(3),
            _ => Some(1),
        }
    }

    fn run(&mut self, command: &[u8]) {
        match command {
            [ESC, b'@'] => {
                self.justification = 0;
                self.steps.push(Step::Initialised);
            }
            [ESC, b'a', how @ 0..=2] => self.justification = *how,
            [ESC, b'd', lines] => self.steps.push(Step::FedLines(usize::from(*lines))),
            [ESC, b'J', dots] => self.steps.push(Step::FedDots(usize::from(*dots))),
            [GS, b'v', b'0', 0, xl, xh, _, _, dots @ ..] => {
                let across = usize::from(*xl) + usize::from(*xh) * 256;
                for row in dots.chunks(across) {
                    self.row(row);
                }
            }
            [GS, b'V', 66, dots] => {
                self.steps.push(Step::FedDots(usize::from(*dots)));
                self.steps.push(Step::Cut);
            }
            [GS, b'r', 1] => self.steps.push(Step::AskedPaper),
            [b'\n'] => self.steps.push(Step::FedLines(1)),
            // Ignored by printers.
            [0 | b'\r'] => {}
            [letter @ 0x20..=0xFF] => self.letters.push(*letter),
            other => self.unknown.push(other.to_vec()),
        }
    }

    fn row(&mut self, bytes: &[u8]) {
        let dots = bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte & (0x80 >> bit) != 0));
        let room = self.width.saturating_sub(bytes.len() * 8);
        let before = match self.justification {
            1 => room / 2,
            2 => room,
            _ => 0,
        };
        let mut row = vec![false; self.width];
        // What is wider than the paper is cut off.
        for (place, dot) in row.iter_mut().skip(before).zip(dots) {
            *place = dot;
        }
        self.steps.push(Step::Row(row));
    }
}
