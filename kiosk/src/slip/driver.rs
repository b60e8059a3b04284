//! What a printer is sent, and what follows from its answers: no device, no clock, no thread. [`super::device`] carries it out.
//!
//! A slip goes out in small pieces; between two the printer is asked how it is. When the paper ends, the cover is opened or nothing is
//! heard any more, the rest is dropped here and, where the printer knows how, in its own buffer: half a slip must not come out for
//! whoever stands there when paper is put in. Trying again prints a whole one.

use zeroize::{Zeroize, Zeroizing};

use super::escpos::{CLEAR, Document, INITIALISE, PAPER, PICTURE, PICTURE_HEAD, Piece};
use super::status::{Answer, Question, Reader, Status};
use crate::app::{Printer, Ticket};

/// How often an idle printer is asked how it is.
const IDLE_MS: u64 = 3_000;
/// A real-time question is answered at once, or not at all.
const ANSWER_MS: u64 = 800;
/// After an answer that did not come: so long nothing is asked, so that a late one is not taken for that to the next question.
const DEAF_MS: u64 = 400;
/// Questions in a row without an answer, of a printer that has answered before.
const MISSED_MAX: u32 = 2;
/// A printer that takes no byte for so long hangs. A slow one with a full buffer takes some every tenth of a second.
const STALL_MS: u64 = 4_000;
/// The whole slip.
const JOB_MS: u64 = 30_000;
/// For the end of a slip to come out, if the printer does not say when it has.
const END_MS: u64 = 6_000;
/// Between two rounds of questions while the end comes out.
const END_STEP_MS: u64 = 200;
/// How fast paper is sent on its way, in dots a second: 100 mm, what most printers do. A slower one makes the sender wait.
const ROWS_PER_S: u64 = 800;

/// What happened, for the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Printer(Printer),
    Printed(Ticket, Result<(), Printer>),
}

/// Bytes on their way.
#[derive(Default)]
struct Out {
    bytes: Zeroizing<Vec<u8>>,
    /// How many are sent.
    at: usize,
    /// So many of the first ones only end a command that was cut short before.
    owed: usize,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Nothing until then.
    Rest { until_ms: u64 },
    /// A question was asked.
    Asked { which: usize, since_ms: u64 },
    /// An answer did not come.
    Deaf { until_ms: u64 },
}

struct Job {
    ticket: Ticket,
    /// What is still to be sent, the next one last.
    pieces: Vec<Piece>,
    since_ms: u64,
    /// When the last piece was sent.
    ending_ms: Option<u64>,
}

/// One printer.
pub struct Driver {
    now_ms: u64,
    is_open: bool,
    must_close: bool,
    out: Out,
    /// When a byte was last taken, or the first one was waiting.
    moved_ms: u64,
    reader: Reader,
    /// As of the last whole round of questions.
    status: Status,
    /// As of the present one.
    learning: Status,
    step: Step,
    /// It has answered since it was opened.
    answers: bool,
    /// It never answers: a cable that carries one way, or a printer that knows no questions. It is printed on unasked.
    is_mute: bool,
    missed: u32,
    job: Option<Job>,
    /// What the printer still waits for, since the rest of a command was never sent. Nothing of a picture but its size.
    owed: Vec<u8>,
    told: Option<Printer>,
    events: Vec<Event>,
    rows_per_s: u64,
}

impl Default for Driver {
    fn default() -> Driver {
        Driver {
            now_ms: 0,
            is_open: false,
            must_close: false,
            out: Out::default(),
            moved_ms: 0,
            reader: Reader::default(),
            status: Status::default(),
            learning: Status::default(),
            step: Step::Rest { until_ms: 0 },
            answers: false,
            is_mute: false,
            missed: 0,
            job: None,
            owed: Vec::new(),
            told: None,
            events: Vec::new(),
            rows_per_s: ROWS_PER_S,
        }
    }
}

impl Driver {
    /// For tests of the thread, which cannot wait for paper.
    #[cfg(test)]
    pub fn in_a_hurry() -> Driver {
        Driver { rows_per_s: u64::MAX, ..Driver::default() }
    }

    /// The device is there. Whatever another kiosk, or this one, left in the printer is dropped.
    pub fn opened(&mut self) {
        self.is_open = true;
        self.must_close = false;
        (self.answers, self.is_mute, self.missed) = (false, false, 0);
        self.reader = Reader::default();
        self.clean();
    }

    /// The device is gone, or cannot be opened.
    pub fn lost(&mut self) {
        self.is_open = false;
        self.must_close = false;
        self.owed = self.unsent();
        self.out = Out::default();
        self.end(Err(Printer::NotAnswering));
        self.tell(Printer::NotAnswering);
        self.step = Step::Rest { until_ms: self.now_ms };
    }

    /// A slip to print.
    pub fn print(&mut self, ticket: Ticket, document: Document) {
        if !self.is_open || self.job.is_some() {
            self.events.push(Event::Printed(ticket, Err(Printer::NotAnswering)));
            return;
        }
        let mut pieces = document.pieces;
        pieces.reverse();
        self.job = Some(Job { ticket, pieces, since_ms: self.now_ms, ending_ms: None });
        if let Step::Rest { until_ms } = &mut self.step {
            *until_ms = self.now_ms;
        }
    }

    /// Nothing more of this slip: it is forgotten here and in the printer.
    pub fn drop_print(&mut self, ticket: Ticket) {
        if self.job.as_ref().is_some_and(|job| job.ticket == ticket) {
            self.job = None;
            self.clean();
        }
    }

    /// What is to be written to the device.
    pub fn to_write(&self) -> &[u8] {
        self.out.bytes.get(self.out.at..).unwrap_or_default()
    }

    /// The device took so many bytes.
    pub fn wrote(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        self.moved_ms = self.now_ms;
        self.out.at += count;
        if self.to_write().is_empty() {
            self.out = Out::default();
        }
    }

    /// The device gave bytes.
    pub fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match self.reader.take(*byte) {
                Some(Answer::RealTime(byte)) => self.answered(byte),
                Some(Answer::Paper(byte)) => self.came_out(byte),
                Some(Answer::Automatic(bytes)) => {
                    // Said between questions: only trouble cannot wait for the end of the round.
                    let mut status = Status::default();
                    status.learn_all(bytes);
                    if status.told() != Printer::Ready {
                        self.status = status;
                        self.judge();
                    }
                }
                None => {}
            }
        }
    }

    /// Time goes on.
    pub fn tick(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
        if !self.is_open || self.must_close {
            return;
        }
        if self.job.as_ref().is_some_and(|job| now_ms.saturating_sub(job.since_ms) >= JOB_MS) {
            self.hang_up();
            return;
        }
        if !self.to_write().is_empty() {
            if now_ms.saturating_sub(self.moved_ms) >= STALL_MS {
                self.hang_up();
            }
            return;
        }
        match self.step {
            Step::Rest { until_ms } if now_ms >= until_ms => self.go_on(),
            Step::Deaf { until_ms } if now_ms >= until_ms => {
                self.reader = Reader::default();
                self.ask(0);
            }
            Step::Asked { since_ms, .. } if now_ms.saturating_sub(since_ms) >= ANSWER_MS => self.unanswered(),
            _ => {}
        }
    }

    /// Whether something is awaited of the device within the next tenths of a second.
    pub fn is_busy(&self) -> bool {
        self.is_open && (self.job.is_some() || !self.to_write().is_empty() || !matches!(self.step, Step::Rest { .. }))
    }

    /// When it wants to be told the time again, if it is not busy.
    pub fn wake_ms(&self) -> u64 {
        match self.step {
            Step::Rest { until_ms } => until_ms,
            _ => self.now_ms,
        }
    }

    /// The device is to be closed, and opened again later: it hangs.
    pub fn must_close(&self) -> bool {
        self.must_close
    }

    /// What has happened since the last time.
    pub fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    fn tell(&mut self, printer: Printer) {
        if self.told != Some(printer) {
            self.told = Some(printer);
            self.events.push(Event::Printer(printer));
        }
    }

    fn send(&mut self, bytes: Zeroizing<Vec<u8>>, owed: usize) {
        self.moved_ms = self.now_ms;
        self.out = Out { bytes, at: 0, owed };
    }

    /// What the printer would still wait for if nothing more of what is on its way were sent: of a picture, white.
    fn unsent(&self) -> Vec<u8> {
        let Out { bytes, at, owed } = &self.out;
        if *at == 0 && *owed == 0 {
            return self.owed.clone();
        }
        let end = if at < owed { *owed } else { bytes.len() };
        let is_dots = |place: usize| bytes.starts_with(&PICTURE) && place >= PICTURE_HEAD;
        bytes.iter().enumerate().take(end).skip(*at).map(|(place, byte)| if is_dots(place) { 0 } else { *byte }).collect()
    }

    /// Sends what makes the printer forget what it has: the end of a picture that was cut short, in white, and "clear".
    fn clean(&mut self) {
        let mut bytes = Zeroizing::new(self.unsent());
        let owed = bytes.len();
        self.owed.clear();
        bytes.extend_from_slice(&CLEAR);
        bytes.extend_from_slice(&INITIALISE);
        self.send(bytes, owed);
        self.step = Step::Rest { until_ms: self.now_ms };
    }

    fn ask(&mut self, which: usize) {
        if which == 0 {
            self.learning = Status::default();
        }
        if let Some(question) = Question::ALL.get(which) {
            self.step = Step::Asked { which, since_ms: self.now_ms };
            self.send(Zeroizing::new(question.bytes().to_vec()), 0);
        }
    }

    /// The time to rest is over.
    fn go_on(&mut self) {
        // One that never answers is asked when idle only, in case it has learnt to.
        if self.is_mute && self.job.is_some() { self.judge() } else { self.ask(0) }
    }

    fn answered(&mut self, byte: u8) {
        let Step::Asked { which, .. } = self.step else { return };
        (self.answers, self.is_mute, self.missed) = (true, false, 0);
        if let Some(question) = Question::ALL.get(which) {
            self.learning.learn(*question, byte);
        }
        if which + 1 < Question::ALL.len() {
            self.ask(which + 1);
        } else {
            if self.learning.is_low && !self.status.is_low {
                tracing::warn!("the printer's roll of paper is nearly at its end");
            }
            self.status = self.learning;
            self.judge();
        }
    }

    fn unanswered(&mut self) {
        if !self.answers {
            self.is_mute = true;
            self.status = Status::default();
            self.judge();
            return;
        }
        self.missed += 1;
        if self.missed >= MISSED_MAX {
            self.fail(Printer::NotAnswering);
        }
        self.step = Step::Deaf { until_ms: self.now_ms + DEAF_MS };
    }

    /// The end of a slip has been taken from the printer's buffer, or the paper has ended.
    fn came_out(&mut self, byte: u8) {
        if self.job.as_ref().is_none_or(|job| job.ending_ms.is_none()) {
            return;
        }
        self.status.learn_paper(byte);
        if self.status.without_paper {
            self.fail(Printer::NoPaper);
        } else {
            self.end(Ok(()));
        }
    }

    /// Acts on what is known of the printer.
    fn judge(&mut self) {
        let printer = self.status.told();
        if printer != Printer::Ready {
            self.fail(printer);
            self.step = Step::Rest { until_ms: self.now_ms + IDLE_MS };
            return;
        }
        self.tell(printer);
        self.step = Step::Rest { until_ms: self.now_ms + self.next_ms() };
    }

    /// Sends what comes next, if anything is to be printed; gives how long to wait after it.
    fn next_ms(&mut self) -> u64 {
        let now_ms = self.now_ms;
        let Some(job) = &mut self.job else { return IDLE_MS };
        if let Some(piece) = job.pieces.pop() {
            let paper_ms = piece.rows as u64 * 1000 / self.rows_per_s;
            self.send(piece.bytes, 0);
            return paper_ms;
        }
        match job.ending_ms {
            None if self.is_mute => {
                self.end(Ok(()));
                IDLE_MS
            }
            None => {
                job.ending_ms = Some(now_ms);
                self.send(Zeroizing::new(PAPER.to_vec()), 0);
                0
            }
            // It is well, and has not said: not every printer knows the question.
            Some(since_ms) if now_ms.saturating_sub(since_ms) >= END_MS => {
                self.end(Ok(()));
                IDLE_MS
            }
            Some(_) => END_STEP_MS,
        }
    }

    /// Something stands in the way: what is being printed is given up.
    fn fail(&mut self, printer: Printer) {
        if self.job.is_some() {
            self.end(Err(printer));
            self.clean();
        }
        self.tell(printer);
    }

    fn hang_up(&mut self) {
        self.owed = self.unsent();
        self.out = Out::default();
        self.end(Err(Printer::NotAnswering));
        self.tell(Printer::NotAnswering);
        self.must_close = true;
    }

    fn end(&mut self, printed: Result<(), Printer>) {
        let Some(mut job) = self.job.take() else { return };
        job.pieces.iter_mut().for_each(|piece| piece.bytes.zeroize());
        if let Err(printer) = printed {
            self.told = Some(printer);
        }
        self.events.push(Event::Printed(job.ticket, printed));
    }
}

#[cfg(test)]
mod tests;
