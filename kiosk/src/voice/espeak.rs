//! Speech aloud, by espeak-ng and ALSA's aplay: two processes per utterance, and a thread that starts and ends them.
//!
//! espeak-ng itself answers 0 when it found no sound card, so that it makes the samples only; aplay plays them and says when it cannot.
//! Between them the samples are made as loud as wished. The words go through a pipe and never stand in a command line, which others
//! could read. Both are killed to be silent: the kernel drops what it had not yet played.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::{Speaker, Speech};

/// espeak-ng's samples a second, of 16 bits, one channel.
pub const SAMPLES_PER_S: u32 = 22_050;
const HEADER_BYTES: usize = 44;
/// How often it is looked whether something has been said.
const LOOK: Duration = Duration::from_millis(10);
/// After a failure nothing is tried for a second, then two, and so on up to a minute.
const BACK_OFF_MAX_S: u64 = 60;
/// A sign of life: no utterance takes longer.
const LONGEST: Duration = Duration::from_secs(300);

/// espeak-ng's `-s` and `-g` (words a minute; pauses between words in 10 ms) for each speed of [`crate::app::RATES_PERCENT`]. Its
/// slowest is 80 words a minute: slower is by pauses. Measured with espeak-ng 1.51 (see the test).
const SPEEDS: [(u16, u16, u16); 7] =
    [(50, 80, 7), (75, 97, 0), (100, 125, 0), (125, 152, 0), (150, 178, 0), (175, 205, 0), (200, 228, 0)];

/// The languages that espeak-ng has a voice for, of those that the kiosk has words in; any other is read by its own code's voice if
/// there is one, else espeak-ng says so and nothing is heard.
const VOICES: [(&str, &str); 2] = [("en", "en-gb"), ("fr", "fr-fr")];

/// The programs that speak.
#[derive(Debug, Clone)]
pub struct Programs {
    pub synthesis: String,
    pub player: Vec<String>,
}

impl Programs {
    /// espeak-ng to an ALSA device.
    pub fn to_device(device: &str) -> Programs {
        let player = ["aplay", "-q", "-D", device, "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", "22050", "--buffer-time=200000"];
        Programs { synthesis: "espeak-ng".into(), player: player.map(String::from).into() }
    }
}

enum Order {
    Say(Speech),
    Hush,
}

/// The thread that speaks.
pub struct Espeak {
    orders: Sender<Order>,
    /// Utterances that are being said or wait.
    pending: Arc<AtomicUsize>,
    soundless: Arc<AtomicBool>,
}

impl Espeak {
    /// Starts the thread; nothing is said yet. An error says that the system gives no thread.
    pub fn start(programs: Programs) -> std::io::Result<Espeak> {
        let (orders, receiver) = mpsc::channel();
        let (pending, soundless) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let mouth = Mouth {
            programs,
            orders: receiver,
            waiting: VecDeque::new(),
            pending: Arc::clone(&pending),
            soundless: Arc::clone(&soundless),
            failures: 0,
            not_before: None,
        };
        thread::Builder::new().name("voice".into()).spawn(move || mouth.run())?;
        Ok(Espeak { orders, pending, soundless })
    }
}

impl Speaker for Espeak {
    fn say(&mut self, speech: Speech, _: u64) {
        self.pending.fetch_add(1, Ordering::SeqCst);
        if self.orders.send(Order::Say(speech)).is_err() {
            self.pending.store(0, Ordering::SeqCst);
            self.soundless.store(true, Ordering::SeqCst);
        }
    }

    fn hush(&mut self, _: u64) {
        let _ = self.orders.send(Order::Hush);
    }

    fn is_speaking(&mut self, _: u64) -> bool {
        self.pending.load(Ordering::SeqCst) > 0
    }

    fn is_soundless(&self) -> bool {
        self.soundless.load(Ordering::SeqCst)
    }
}

/// What is being said.
struct Saying {
    synthesis: Child,
    player: Child,
    since: Instant,
}

struct Mouth {
    programs: Programs,
    orders: Receiver<Order>,
    waiting: VecDeque<Speech>,
    pending: Arc<AtomicUsize>,
    soundless: Arc<AtomicBool>,
    failures: u32,
    not_before: Option<Instant>,
}

impl Mouth {
    fn run(mut self) {
        let mut saying: Option<Saying> = None;
        loop {
            let order = match &saying {
                // Nothing to look after: sleep until there is an order.
                None => self.orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(_) => self.orders.recv_timeout(LOOK),
            };
            match order {
                Ok(Order::Say(speech)) => self.waiting.push_back(speech),
                Ok(Order::Hush) => {
                    let cut = self.waiting.len() + usize::from(saying.is_some());
                    self.waiting.clear();
                    if let Some(said) = saying.take() {
                        end(said);
                    }
                    self.done(cut);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    if let Some(said) = saying.take() {
                        end(said);
                    }
                    return;
                }
            }
            if let Some(mut now) = saying.take() {
                match now.player.try_wait() {
                    Ok(None) if now.since.elapsed() < LONGEST => saying = Some(now),
                    Ok(Some(status)) => {
                        let made = now.synthesis.wait();
                        let whole = status.success() && made.is_ok_and(|status| status.success());
                        self.finished(whole);
                    }
                    _ => {
                        end(now);
                        self.finished(false);
                    }
                }
            }
            while saying.is_none() {
                let Some(speech) = self.waiting.pop_front() else { break };
                if self.not_before.is_some_and(|time| Instant::now() < time) {
                    self.done(1);
                    continue;
                }
                match begin(&self.programs, &speech) {
                    Ok(begun) => saying = Some(begun),
                    Err(error) => {
                        tracing::warn!(%error, "the voice cannot be started; is espeak-ng there, and alsa-utils?");
                        self.finished(false);
                    }
                }
            }
        }
    }

    fn done(&self, count: usize) {
        let _ = self.pending.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |pending| Some(pending.saturating_sub(count)));
    }

    /// One utterance is over, whole or not.
    fn finished(&mut self, whole: bool) {
        self.done(1);
        self.soundless.store(!whole, Ordering::SeqCst);
        if whole {
            (self.failures, self.not_before) = (0, None);
            return;
        }
        let wait_s = 1_u64.checked_shl(self.failures).unwrap_or(BACK_OFF_MAX_S).min(BACK_OFF_MAX_S);
        self.failures = self.failures.saturating_add(1).min(30);
        self.not_before = Some(Instant::now() + Duration::from_secs(wait_s));
        tracing::warn!(wait_s, "nothing could be heard; the words stand on the screen, and the voice is tried again");
    }
}

fn end(mut said: Saying) {
    // The player first: it is what is heard.
    for child in [&mut said.player, &mut said.synthesis] {
        let _ = child.kill();
    }
    for child in [&mut said.player, &mut said.synthesis] {
        let _ = child.wait();
    }
}

/// espeak-ng's arguments for an utterance; the words are not among them.
pub fn arguments(speech: &Speech) -> Vec<String> {
    let own = speech.language.split(['-', '_']).next().unwrap_or("en");
    let voice = VOICES.iter().find(|(language, _)| *language == own).map_or(own, |(_, voice)| voice);
    let near = |percent: &u16| percent.abs_diff(speech.rate_percent);
    let (_, words, gap) = SPEEDS.iter().min_by_key(|(percent, ..)| near(percent)).copied().unwrap_or((100, 125, 0));
    let mut arguments: Vec<String> =
        ["--stdin", "--stdout", "-b", "1", "-v", voice, "-s", &words.to_string(), "-g", &gap.to_string()]
            .map(String::from)
            .into();
    if speech.spelled {
        arguments.push("--punct".into());
    }
    arguments
}

fn begin(programs: &Programs, speech: &Speech) -> std::io::Result<Saying> {
    let missing = |what: &str| std::io::Error::other(format!("{what} was not connected"));
    let (player, player_arguments) = programs.player.split_first().ok_or_else(|| missing("a player"))?;
    let mut player =
        Command::new(player).args(player_arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let synthesis = Command::new(&programs.synthesis)
        .args(arguments(speech))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut synthesis = match synthesis {
        Ok(synthesis) => synthesis,
        Err(error) => {
            let _ = player.kill();
            let _ = player.wait();
            return Err(error);
        }
    };
    let (text, samples, sound) = (synthesis.stdin.take(), synthesis.stdout.take(), player.stdin.take());
    let said = Saying { synthesis, player, since: Instant::now() };
    let (Some(mut text), Some(samples), Some(sound)) = (text, samples, sound) else {
        end(said);
        return Err(missing("a pipe"));
    };
    let (words, gain_db) = (speech.text.clone(), speech.gain_db);
    let begun = thread::Builder::new().name("voice-samples".into()).spawn(move || {
        let _ = text.write_all(words.as_bytes());
        drop(text);
        carry(samples, sound, gain_db);
    });
    match begun {
        Ok(_) => Ok(said),
        Err(error) => {
            end(said);
            Err(error)
        }
    }
}

/// Carries samples from one to the other, as loud as wished, until either is gone.
fn carry(mut samples: ChildStdout, mut sound: ChildStdin, gain_db: f32) {
    let mut header = [0; HEADER_BYTES];
    if samples.read_exact(&mut header).is_err() {
        return;
    }
    let mut buffer = [0; 4096];
    let mut held = 0;
    loop {
        match samples.read(&mut buffer[held..]) {
            Ok(0) | Err(_) => return,
            Ok(count) => {
                let whole = (held + count) / 2 * 2;
                scale(&mut buffer[..whole], gain_db);
                if sound.write_all(&buffer[..whole]).is_err() {
                    return;
                }
                let odd = held + count - whole;
                if odd == 1 {
                    buffer[0] = buffer[whole];
                }
                held = odd;
            }
        }
    }
}

/// Makes samples of 16 bits, little end first, louder or less loud.
pub fn scale(bytes: &mut [u8], gain_db: f32) {
    let factor = 10_f32.powf(gain_db / 20.0);
    for pair in bytes.chunks_exact_mut(2) {
        let sample = f32::from(i16::from_le_bytes([pair[0], pair[1]])) * factor;
        let sample = sample.round().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16;
        pair.copy_from_slice(&sample.to_le_bytes());
    }
}
