//! What a printer answers. Its bytes come from outside: whatever they are, they end as an answer or as nothing.
//!
//! Source: Epson, "ESC/POS Command Reference", DLE EOT, GS r, GS a (automatic status back).

use super::escpos::{DLE, EOT};
use crate::app::Printer;

/// What can be asked in real time: `DLE EOT n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    Printer,
    Offline,
    Error,
    Paper,
}

impl Question {
    pub const ALL: [Question; 4] = [Question::Printer, Question::Offline, Question::Error, Question::Paper];

    pub fn bytes(self) -> [u8; 3] {
        let number = match self {
            Question::Printer => 1,
            Question::Offline => 2,
            Question::Error => 3,
            Question::Paper => 4,
        };
        [DLE, EOT, number]
    }
}

/// One answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// To a question of [`Question`]; the byte does not say to which.
    RealTime(u8),
    /// To `GS r 1`.
    Paper(u8),
    /// Not asked for: a printer that tells by itself when something changes.
    Automatic([u8; 4]),
}

/// Tells answers apart in a stream of bytes, by the bits that are fixed in each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reader {
    /// The beginning of an automatic status.
    begun: Option<([u8; 4], usize)>,
}

impl Reader {
    /// Takes the next byte; gives what it completes.
    pub fn take(&mut self, byte: u8) -> Option<Answer> {
        if let Some((mut bytes, count)) = self.begun.take()
            && byte & 0x90 == 0
            && let Some(place) = bytes.get_mut(count)
        {
            *place = byte;
            if count == 3 {
                return Some(Answer::Automatic(bytes));
            }
            self.begun = Some((bytes, count + 1));
            return None;
        }
        // Flow control (0x11, 0x13) and noise are none of these.
        match byte {
            _ if byte & 0x93 == 0x12 => Some(Answer::RealTime(byte)),
            _ if byte & 0x93 == 0x10 => {
                self.begun = Some(([byte, 0, 0, 0], 1));
                None
            }
            _ if byte & 0x90 == 0 => Some(Answer::Paper(byte)),
            _ => None,
        }
    }
}

/// How a printer is, as far as it has told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Status {
    pub is_offline: bool,
    pub is_open: bool,
    pub without_paper: bool,
    /// The roll is nearly at its end: printing goes on.
    pub is_low: bool,
    /// A jammed knife, or something else that a person must see to.
    pub is_faulty: bool,
}

impl Status {
    /// Learns from an answer to a real-time question.
    pub fn learn(&mut self, question: Question, byte: u8) {
        let has = |bits: u8| byte & bits != 0;
        match question {
            Question::Printer => self.is_offline = has(0x08),
            Question::Offline => {
                self.is_open = has(0x04);
                // Printing stopped for want of paper.
                self.without_paper = has(0x20);
                self.is_faulty = has(0x40);
            }
            // Bit 6 is a fault that passes by itself, a hot head; it keeps the printer offline for so long.
            Question::Error => self.is_faulty |= has(0x04 | 0x08 | 0x20),
            Question::Paper => {
                self.is_low = has(0x0C);
                self.without_paper |= has(0x60);
            }
        }
    }

    /// Learns from the answer to `GS r 1`.
    pub fn learn_paper(&mut self, byte: u8) {
        self.is_low = byte & 0x03 != 0;
        self.without_paper = byte & 0x0C != 0;
    }

    /// Learns from an automatic status, which tells everything.
    pub fn learn_all(&mut self, bytes: [u8; 4]) {
        let [printer, error, paper, _] = bytes;
        *self = Status {
            is_offline: printer & 0x08 != 0,
            is_open: printer & 0x20 != 0,
            without_paper: paper & 0x0C != 0,
            is_low: paper & 0x03 != 0,
            is_faulty: error & (0x04 | 0x08 | 0x20) != 0,
        };
    }

    /// What residents are told of it. An open printer may also miss its paper: closing it comes first.
    pub fn told(&self) -> Printer {
        match self {
            Status { is_open: true, .. } => Printer::CoverOpen,
            Status { without_paper: true, .. } => Printer::NoPaper,
            Status { is_faulty: true, .. } => Printer::Fault,
            Status { is_offline: true, .. } => Printer::NotAnswering,
            _ => Printer::Ready,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answers(bytes: &[u8]) -> Vec<Answer> {
        let mut reader = Reader::default();
        bytes.iter().filter_map(|byte| reader.take(*byte)).collect()
    }

    #[test]
    fn kinds_of_answers_are_told_apart() {
        use Answer::*;
        assert_eq!(answers(&[0x12, 0x16, 0x72]), [RealTime(0x12), RealTime(0x16), RealTime(0x72)]);
        assert_eq!(answers(&[0x00, 0x03, 0x0F]), [Paper(0x00), Paper(0x03), Paper(0x0F)]);
        assert_eq!(answers(&[0x18, 0x00, 0x0C, 0x0F, 0x12]), [Automatic([0x18, 0, 0x0C, 0x0F]), RealTime(0x12)]);
        assert_eq!(answers(&[0x11, 0x13, 0xFF, 0x91]), [], "flow control and noise");
        assert_eq!(answers(&[0x10, 0x00, 0x12]), [RealTime(0x12)], "one cut short by another");
    }

    #[test]
    fn bits_mean_what_the_reference_says() {
        use Question::*;
        for (question, byte, told) in [
            (Printer, 0x12, crate::app::Printer::Ready),
            (Printer, 0x1A, crate::app::Printer::NotAnswering),
            (Printer, 0x16, crate::app::Printer::Ready), // a drawer is open
            (Offline, 0x16, crate::app::Printer::CoverOpen),
            (Offline, 0x32, crate::app::Printer::NoPaper),
            (Offline, 0x36, crate::app::Printer::CoverOpen),
            (Offline, 0x52, crate::app::Printer::Fault),
            (Error, 0x1A, crate::app::Printer::Fault),
            (Error, 0x52, crate::app::Printer::Ready), // a hot head: it cools
            (Paper, 0x1E, crate::app::Printer::Ready), // nearly at its end
            (Paper, 0x72, crate::app::Printer::NoPaper),
        ] {
            let mut status = Status::default();
            status.learn(question, byte);
            assert_eq!(status.told(), told, "{question:?} {byte:#04x}");
        }
        let mut status = Status::default();
        status.learn(Paper, 0x1E);
        assert!(status.is_low);
    }

    /// Answers of another program that plays a printer (emupos 0.4.0): to DLE EOT 1 to 4, to GS r 1, and its automatic status.
    #[test]
    fn another_programs_answers_are_understood() {
        use crate::app::Printer;
        for (real_time, paper, automatic, told, is_low) in [
            ([0x12, 0x12, 0x12, 0x12], 0x00, [0x10, 0, 0x00, 0], Printer::Ready, false),
            ([0x12, 0x12, 0x12, 0x1E], 0x03, [0x10, 0, 0x03, 0], Printer::Ready, true),
            ([0x1A, 0x32, 0x12, 0x7E], 0x0F, [0x18, 0, 0x0F, 0], Printer::NoPaper, true),
            ([0x1A, 0x16, 0x12, 0x12], 0x00, [0x38, 0, 0x00, 0], Printer::CoverOpen, false),
            ([0x1A, 0x12, 0x12, 0x12], 0x00, [0x18, 0, 0x00, 0], Printer::NotAnswering, false),
            ([0x16, 0x12, 0x12, 0x12], 0x00, [0x14, 0, 0x00, 0], Printer::Ready, false),
        ] {
            let mut status = Status::default();
            for (question, byte) in Question::ALL.into_iter().zip(real_time) {
                assert_eq!(answers(&[byte]), [Answer::RealTime(byte)]);
                status.learn(question, byte);
            }
            assert_eq!((status.told(), status.is_low), (told, is_low), "{real_time:02x?}");
            assert_eq!(answers(&[paper]), [Answer::Paper(paper)]);
            let mut after = Status::default();
            after.learn_paper(paper);
            assert_eq!((after.without_paper, after.is_low), (told == Printer::NoPaper, is_low), "{paper:02x}");
            assert_eq!(answers(&automatic), [Answer::Automatic(automatic)]);
            let mut all = Status::default();
            all.learn_all(automatic);
            assert_eq!((all.told(), all.is_low), (told, is_low), "{automatic:02x?}");
        }
    }

    proptest! {
        /// Whatever a device sends: no panic, no more answers than bytes, each of its own kind; and after three calm bytes the reader
        /// is where a new one is.
        #[test]
        fn any_bytes_end_as_answers_or_nothing(bytes: Vec<u8>) {
            let mut reader = Reader::default();
            let mut taken = 0;
            for byte in &bytes {
                match reader.take(*byte) {
                    Some(Answer::RealTime(byte)) => {
                        prop_assert_eq!(byte & 0x93, 0x12);
                        taken += 1;
                        for question in Question::ALL {
                            let mut status = Status::default();
                            status.learn(question, byte);
                            let _ = status.told();
                        }
                    }
                    Some(Answer::Paper(byte)) => { prop_assert_eq!(byte & 0x90, 0); taken += 1; }
                    Some(Answer::Automatic(four)) => {
                        prop_assert_eq!(four[0] & 0x93, 0x10);
                        prop_assert!(four[1..].iter().all(|byte| byte & 0x90 == 0));
                        taken += 4;
                    }
                    None => {}
                }
            }
            prop_assert!(taken <= bytes.len());
            for calm in [0xFF, 0xFF, 0xFF] { reader.take(calm); }
            prop_assert_eq!(reader, Reader::default());
        }
    }
}
