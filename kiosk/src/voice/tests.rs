use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::espeak::{Programs, SAMPLES_PER_S, arguments, scale};
use super::*;
use crate::app::{GAINS_DB, RATES_PERCENT};

fn speech(text: &str, language: &str, rate_percent: u16) -> Speech {
    Speech {
        text: text.into(),
        language: language.into(),
        spelled: false,
        rate_percent,
        gain_db: -12.0,
        channel: Channel::Headphones,
    }
}

const SAID: &str = "Report a problem. Broken, dirty, dangerous? Show us where. About two minutes. You need no account and give no name. \
                    What you report is public; the code on your slip is yours alone.";

/// The samples that espeak-ng makes.
fn samples(speech: &Speech) -> Vec<u8> {
    let mut espeak = Command::new("espeak-ng")
        .args(arguments(speech))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("install espeak-ng, as scripts/test does");
    espeak.stdin.take().unwrap().write_all(speech.text.as_bytes()).unwrap();
    let made = espeak.wait_with_output().unwrap();
    assert!(made.status.success(), "{speech:?}");
    made.stdout[44..].to_vec()
}

fn seconds(samples: &[u8]) -> f64 {
    samples.len() as f64 / 2.0 / f64::from(SAMPLES_PER_S)
}

#[test]
fn what_is_personal_is_for_one_pair_of_ears() {
    let parts = [Part::new("Code"), Part::personal("4 F 7 K"), Part::personal("more"), Part::new("1 of 3")];
    let on_screen = "It stands on the screen.";
    assert_eq!(speaker::words(&parts, Channel::Headphones, on_screen), "Code, 4 F 7 K, more, 1 of 3");
    assert_eq!(speaker::words(&parts, Channel::Loudspeaker, on_screen), "Code, It stands on the screen. 1 of 3");
}

#[test]
fn a_transcript_knows_what_was_cut_and_when_silence_came() {
    let transcript = Transcript::default();
    let mut speaker = transcript.clone();
    speaker.say(speech("ten letter", "en", 100), 1_000);
    speaker.say(speech("after that", "en", 100), 1_000);
    assert!(speaker.is_speaking(1_799));
    speaker.hush(1_500);
    assert!(!speaker.is_speaking(1_500));
    let entries = transcript.entries();
    assert_eq!(entries.len(), 1, "what had not begun is never said");
    assert_eq!((entries[0].from_ms, entries[0].cut_ms), (1_000, Some(1_500)));
    speaker.say(speech("ten letter", "en", 200), 2_000);
    assert!(speaker.is_speaking(2_399) && !speaker.is_speaking(2_400), "twice as fast takes half as long");
}

/// Real espeak-ng, measured: VVSG asks for about 125 words a minute, and 50 to 200 % of it.
#[test]
fn speech_is_as_fast_as_it_says() {
    let whole = seconds(&samples(&speech(SAID, "en", 100)));
    let words_per_minute = SAID.split_whitespace().count() as f64 / whole * 60.0;
    assert!((105.0..=135.0).contains(&words_per_minute), "{words_per_minute:.0} words a minute");
    for percent in RATES_PERCENT {
        let measured = whole / seconds(&samples(&speech(SAID, "en", percent))) * 100.0;
        assert!((measured - f64::from(percent)).abs() <= f64::from(percent) * 0.08, "{percent} % is {measured:.0} %");
    }
}

#[test]
fn every_language_of_the_kiosk_has_a_voice() {
    for (language, text) in [
        ("en", "Report a problem"),
        ("it", "Segnalare un problema"),
        ("de", "Ein Problem melden"),
        ("fi", "Ilmoita ongelmasta"),
        ("sv", "Anmäl ett problem"),
        ("el", "Αναφορά προβλήματος"),
        ("fr", "Signaler un problème"),
        ("es", "Informar de un problema"),
        ("uk", "Повідомити про проблему"),
        ("ar", "الإبلاغ عن مشكلة"),
    ] {
        let long = seconds(&samples(&speech(text, language, 100)));
        assert!(long > 0.6, "{language}: {long:.2} s");
    }
}

#[test]
fn signs_are_named_where_they_are_all_there_is() {
    let mut sign = speech("?", "en", 100);
    let silent = samples(&sign);
    sign.spelled = true;
    let loud = |samples: &[u8]| samples.chunks_exact(2).filter(|pair| i16::from_le_bytes([pair[0], pair[1]]).abs() > 500).count();
    assert!(loud(&samples(&sign)) > 1_000, "a question mark is called one");
    assert!(loud(&silent) < loud(&samples(&sign)));
}

#[test]
fn each_step_of_loudness_is_what_it_says_in_decibels() {
    let sine = |at: i32| ((f64::from(at) / 20.0).sin() * 30_000.0) as i16;
    let whole: Vec<u8> = (0..4_000).flat_map(|at| sine(at).to_le_bytes()).collect();
    let power = |bytes: &[u8]| {
        let sum: f64 = bytes.chunks_exact(2).map(|pair| f64::from(i16::from_le_bytes([pair[0], pair[1]])).powi(2)).sum();
        10.0 * (sum / (bytes.len() / 2) as f64).log10()
    };
    for gain_db in GAINS_DB {
        let mut scaled = whole.clone();
        scale(&mut scaled, gain_db);
        let measured = power(&scaled) - power(&whole);
        assert!((measured - f64::from(gain_db)).abs() < 0.1, "{gain_db} dB is {measured:.2}");
    }
}

/// Waits for what a thread does, without a fixed time.
fn until(mut wish: impl FnMut() -> bool) -> Duration {
    let since = Instant::now();
    while !wish() {
        assert!(since.elapsed() < Duration::from_secs(30), "it never came");
        std::thread::yield_now();
    }
    since.elapsed()
}

/// A player like a sound card: it takes samples no faster than they are heard, here none after the first, which it writes down.
fn stuck(first: &Path) -> Programs {
    let script = format!("head -c 1 > {}; exec sleep 600", first.display());
    Programs { player: vec!["sh".into(), "-c".into(), script], ..Programs::to_device("default") }
}

/// From the wish to both processes gone. What the card had not played by then the kernel drops; that part is not measured here.
#[test]
fn it_is_silent_within_a_tenth_of_a_second() {
    let place = tempfile::tempdir().unwrap();
    let first = place.path().join("first");
    let is_heard = || std::fs::metadata(&first).is_ok_and(|file| file.len() > 0);
    let mut espeak = Espeak::start(stuck(&first)).unwrap();
    let mut times: Vec<Duration> = (0..12)
        .map(|_| {
            espeak.say(speech(SAID, "en", 100), 0);
            espeak.say(speech("And this is never said.", "en", 100), 0);
            // Both processes run.
            until(is_heard);
            assert!(espeak.is_speaking(0));
            espeak.hush(0);
            let taken = until(|| !espeak.is_speaking(0));
            std::fs::write(&first, "").unwrap();
            taken
        })
        .collect();
    times.sort();
    println!("silent after {:?} in the middle, {:?} at most", times[6], times[11]);
    // The machine may be busy: the middle one counts.
    assert!(times[6] < Duration::from_millis(100), "{times:?}");
    assert!(!espeak.is_soundless(), "being cut is no failure");
}

#[test]
fn what_is_said_comes_to_an_end_and_reaches_the_player() {
    let place = tempfile::tempdir().unwrap();
    let heard = place.path().join("heard");
    let script = format!("cat > {}", heard.display());
    let programs = Programs { player: vec!["sh".into(), "-c".into(), script], ..Programs::to_device("default") };
    let mut espeak = Espeak::start(programs).unwrap();
    let said = speech("Report a problem", "en", 100);
    espeak.say(said.clone(), 0);
    until(|| !espeak.is_speaking(0));
    let mut expected = samples(&said);
    scale(&mut expected, -12.0);
    assert_eq!(std::fs::read(heard).unwrap(), expected);
    assert!(!espeak.is_soundless());
}

#[test]
fn a_voice_that_cannot_be_heard_says_so_and_is_tried_again_later() {
    let mut espeak = Espeak::start(Programs { player: vec!["false".into()], ..Programs::to_device("default") }).unwrap();
    for _ in 0..20 {
        espeak.say(speech("Is there anybody?", "en", 100), 0);
    }
    until(|| !espeak.is_speaking(0));
    assert!(espeak.is_soundless());
    let mut missing = Espeak::start(Programs { synthesis: "no-such-program".into(), player: vec!["cat".into()] }).unwrap();
    missing.say(speech("Hello", "en", 100), 0);
    until(|| !missing.is_speaking(0));
    assert!(missing.is_soundless());
}

#[test]
fn the_words_never_stand_in_a_command_line() {
    let said = speech("my mother fell", "en", 100);
    assert!(arguments(&said).iter().all(|argument| !argument.contains("mother")));
}
