use std::io::{Cursor, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::cli::exit;
use crate::pairing::serve::{Answer, answer};
use crate::place::Places;
use crate::tests::cut::{Cut, LEFT};
use crate::tests::{Bench, KEY};
use crate::{start, status};

fn code(text: &str) -> Code {
    Code::typed(text).unwrap()
}

fn seconds(s: u64) -> Duration {
    Duration::from_secs(s)
}

#[test]
fn a_code_is_drawn_from_letters_that_nobody_mistakes() {
    let mut state = 1_u32;
    let mut chance = |bytes: &mut [u8]| {
        for byte in bytes {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (state >> 24) as u8;
        }
        Ok(())
    };
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let drawn = Code::draw(&mut chance).unwrap().to_string();
        assert_eq!(drawn.len(), LEN);
        seen.extend(drawn.bytes());
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ALPHABET);
    assert!(!ALPHABET.iter().any(|letter| b"0O1IL".contains(letter)));
    let mut stuck = |bytes: &mut [u8]| {
        bytes.fill(31);
        Ok(())
    };
    assert!(Code::draw(&mut stuck).is_err(), "a source that is stuck ends");
    assert!(Code::draw(&mut |_| Err(io::Error::other("none"))).is_err());
}

#[test]
fn a_code_is_read_as_people_type_it() {
    for typed in ["7KXM4P", "7kxm4p", " 7KX-M4P ", "7K XM 4P"] {
        assert_eq!(Code::typed(typed), Some(code("7KXM4P")), "{typed}");
    }
    for none in ["", "7KXM4", "7KXM4PP", "7KXM4O", "7KXM4\u{e4}", "7KXM4P; id"] {
        assert_eq!(Code::typed(none), None, "{none}");
    }
    assert_eq!(format!("{:?}", Window::open(seconds(0), code("7KXM4P"))).matches("7KXM4P").count(), 0, "never into a log");
}

#[test]
fn five_wrong_tries_use_a_code_up_and_pauses_grow() {
    let (mut now, mut window) = (seconds(100), Window::open(seconds(100), code("AAAAAA")));
    for expect_s in [30, 60, 120, 240, 480, 600, 600] {
        for left in [4, 3, 2, 1] {
            let (next, verdict) = window.tried(now, "BBBBBB", code("CCCCCC"));
            (window, _) = (next, assert_eq!(verdict, Verdict::Wrong { left }));
        }
        let (next, verdict) = window.tried(now, "BBBBBB", code("CCCCCC"));
        assert_eq!(verdict, Verdict::Spent { wait: seconds(expect_s) });
        assert_eq!((next.code, next.left(now)), (code("CCCCCC"), LIFE));
        // Not even the right one is looked at.
        let early = now + seconds(expect_s) - Duration::from_millis(1);
        assert_eq!(next.clone().tried(early, "CCCCCC", code("DDDDDD")).1, Verdict::Paused { wait: Duration::from_millis(1) });
        now += seconds(expect_s);
        window = next;
    }
    // The longest pause takes as long as a code lives: the screen has another one.
    let window = window.renewed(now, SHOWN_LIFE_MIN, code("DDDDDD"));
    assert_eq!(window.tried(now, "DDDDDD", code("EEEEEE")).1, Verdict::Right);
}

#[test]
fn a_code_is_void_after_ten_minutes_and_never_shown_in_its_last() {
    let window = Window::open(seconds(5), code("AAAAAA"));
    assert_eq!(window.clone().tried(seconds(604), "aaaaaa", code("BBBBBB")).1, Verdict::Right);
    let (next, verdict) = window.clone().tried(seconds(605), "aaaaaa", code("BBBBBB"));
    assert_eq!((verdict, next.code), (Verdict::Wrong { left: 4 }, code("BBBBBB")));
    let shown = window.clone().renewed(seconds(544), SHOWN_LIFE_MIN, code("BBBBBB"));
    assert_eq!(shown, window);
    assert_eq!(window.renewed(seconds(545), SHOWN_LIFE_MIN, code("BBBBBB")).code, code("BBBBBB"));
}

/// How many tries may have been looked at until this time: five, and five more after each pause.
fn tries_max(elapsed: Duration) -> u32 {
    let (mut tries, mut at) = (TRIES, Duration::ZERO);
    for spent in 1.. {
        at += pause(spent);
        if at > elapsed {
            break;
        }
        tries += TRIES;
    }
    tries
}

#[derive(Debug, Clone)]
enum Act {
    Wait(u64),
    Try(String),
    Show,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        2 => (0..700_u64).prop_map(Act::Wait),
        1 => (0..3_u64).prop_map(Act::Wait),
        12 => "[2-9A-HJKMNP-Z]{6}".prop_map(Act::Try),
        1 => "\\PC{0,9}".prop_map(Act::Try),
        2 => Just(Act::Show),
    ];
    proptest::collection::vec(act, 0..300)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is tried, shown and waited for, and whatever codes come up: no more is looked at than the pauses allow.
    #[test]
    fn no_sequence_of_tries_gets_past_the_pauses(acts in acts(), codes in proptest::collection::vec("[2-9A-HJKMNP-Z]{6}", 1..9)) {
        let mut fresh = codes.iter().map(|text| code(text)).cycle();
        let (mut now, mut looked_at) = (Duration::ZERO, 0);
        let mut window = Window::open(now, fresh.next().unwrap());
        for act in acts {
            let fresh = fresh.next().unwrap();
            match act {
                Act::Wait(s) => now += seconds(s),
                Act::Show => {
                    window = window.renewed(now, SHOWN_LIFE_MIN, fresh);
                    prop_assert!(window.left(now) >= SHOWN_LIFE_MIN);
                }
                Act::Try(text) => {
                    let before = window.clone();
                    let (next, verdict) = window.tried(now, &text, fresh);
                    match verdict {
                        Verdict::Right => break,
                        Verdict::Wrong { .. } | Verdict::Spent { .. } => looked_at += 1,
                        Verdict::Paused { .. } | Verdict::NoCode => prop_assert_eq!(&next, &before, "it leaves no trace"),
                    }
                    window = next;
                }
            }
            prop_assert!(looked_at <= tries_max(now), "{looked_at} tries in {now:?}, {} are allowed", tries_max(now));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_from_the_network_is_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let bench = Bench::new();
        bench.put("/state/identity/serial", "B-7\n");
        let answer = answer(&bench.care(), &bytes).unwrap();
        prop_assert!(answer.code == exit::FAILED && !answer.text.is_empty());
        prop_assert!(!bench.has("/state/settings/appliance.toml"));
    }
}

/// A box after its first start without a file, and the code on its screen.
fn waiting() -> (Bench, String) {
    let bench = Bench::new();
    start::run(&bench.care());
    let code = status::read(&bench.care()).pairing.unwrap().code;
    (bench, code)
}

fn settings() -> String {
    format!("schema = 1\ngeneration = 1\n[technician]\nkeys = [\"{KEY}\"]\n[wifi]\nssid = \"x\"\npassword = \"geheim123\"\n")
}

fn send(bench: &Bench, code: &str, text: &str) -> Answer {
    answer(&bench.care(), format!("{code}\n{text}").as_bytes()).unwrap()
}

#[test]
fn a_new_box_shows_how_it_is_paired_until_it_is() {
    let (bench, code) = waiting();
    bench.put("/state/ssh/ssh_host_ed25519_key.pub", KEY);
    let addresses = |inet: &str| {
        format!(
            r#"[{{"ifname":"eth0","link_type":"ether","flags":[],"addr_info":[{{"family":"inet","local":"{inet}","scope":"global"}}]}}]"#
        )
    };
    bench.answer("ip -json address", 0, &addresses("192.0.2.7"));
    let shown = status::read(&bench.care()).pairing.unwrap();
    assert_eq!(shown.link, Some(format!("ssh://pair;code={code}@192.0.2.7")));
    assert_eq!((shown.code.as_str(), shown.left_s, shown.address.as_deref()), (code.as_str(), 600, Some("192.0.2.7")));
    // By ssh-keygen -l.
    assert_eq!(shown.fingerprint.as_deref(), Some("SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA"));
    // Another lease, the same code.
    bench.answer("ip -json address", 0, &addresses("192.0.2.200"));
    assert_eq!(status::read(&bench.care()).pairing.unwrap().link, Some(format!("ssh://pair;code={code}@192.0.2.200")));
    assert!(bench.get("/run/wegovnow-box/passwd").contains("\npair:"));

    let taken = send(&bench, &code, &settings());
    assert_eq!((taken.code, bench.get("/state/settings/appliance.toml")), (exit::DONE, settings()), "{}", taken.text);
    assert_eq!(status::read(&bench.care()).pairing, None);
    assert!(!bench.has("/run/wegovnow-box/pairing.json"));
    let again = send(&bench, &code, &settings());
    assert!(again.code == exit::FAILED && again.text.contains("set up already"), "{}", again.text);

    start::run(&bench.care());
    assert!(!bench.get("/run/wegovnow-box/passwd").contains("pair"));
    assert!(!bench.has("/run/wegovnow-box/sshd/pair.conf"));
    assert!(bench.get("/run/wegovnow-box/ssh/root").contains("anna@desk"));
    assert!(bench.history().contains("settings generation 1 was taken by pairing"), "{}", bench.history());
}

#[test]
fn a_box_whose_settings_were_reset_waits_again_and_one_with_settings_never() {
    let (bench, code) = waiting();
    send(&bench, &code, KEY);
    std::fs::remove_file(bench.path("/state/settings/appliance.toml")).unwrap();
    start::run(&bench.care());
    assert!(bench.has("/run/wegovnow-box/sshd/pair.conf") && status::read(&bench.care()).pairing.is_some());
    // Settings that an older system does not understand are settings.
    bench.put("/state/settings/appliance.toml", "schema = 7\n");
    start::run(&bench.care());
    assert!(!bench.has("/run/wegovnow-box/sshd/pair.conf") && status::read(&bench.care()).pairing.is_none());
}

#[test]
fn wrong_codes_are_counted_over_connections_and_bad_settings_cost_nothing() {
    let (bench, code) = waiting();
    let wrong = if code.starts_with('2') { "333333" } else { "222222" };
    let said = send(&bench, wrong, &settings());
    assert!(said.code == exit::FAILED && said.text.contains("Tries left: 4"), "{}", said.text);
    assert!(send(&bench, "7KXM4O", &settings()).text.contains("none of 0, O"));
    // The right code, and a mistake: every line is told, and the same code is good once more.
    let text = settings() + "[display]\nrotaton = 90\n[panel]\nkind = 7\n";
    let bad = send(&bench, &code, &text);
    assert!(bad.code == exit::FAILED && bad.text.contains("- line 9, column 1: unknown key \"rotaton\""), "{}", bad.text);
    assert_eq!(bad.text.matches("\n- ").count(), 2, "{}", bad.text);
    let missing = send(&bench, &code, &(settings() + "[site]\ntown = \"u.map\"\n"));
    assert!(missing.text.contains("there is no file \"u.map\""), "{}", missing.text);
    assert!(!bench.has("/state/settings/appliance.toml") && !missing.text.contains("geheim123"));
    for left in [3, 2, 1] {
        assert!(send(&bench, wrong, "x").text.contains(&format!("Tries left: {left}")));
    }
    assert!(send(&bench, wrong, "x").text.contains("try again in 30 s"));
    assert!(bench.ran.borrow().iter().any(|line| line == "systemctl --no-block start wegovnow-status.service"));
    assert!(send(&bench, &code, &settings()).text.contains("Too many wrong codes"));
    // The bench has no chance of its own, so the next code is the same one.
    bench.elapsed.set(bench.elapsed.get() + seconds(30));
    let next = status::read(&bench.care()).pairing.unwrap().code;
    assert_eq!(send(&bench, &next, &settings()).code, exit::DONE);
}

#[test]
fn a_map_may_wait_on_the_partition_and_a_broken_partition_does_not_matter() {
    let (bench, code) = waiting();
    std::fs::write(bench.volume("provision").join("u.map"), "map").unwrap();
    assert_eq!(send(&bench, &code, &(settings() + "[site]\ntown = \"u.map\"\n")).code, exit::DONE);
    assert_eq!(bench.get("/var/lib/wegovnow-box/town/u.map"), "map");
    let (bench, code) = waiting();
    bench.broken.borrow_mut().push("provision".to_owned());
    assert_eq!(send(&bench, &code, KEY).code, exit::DONE);
}

/// The power fails at each step of the taking: afterwards the window is open, or the settings are there whole.
#[test]
fn a_cut_leaves_the_open_window_or_the_settings() {
    for points in 0..200 {
        let (bench, code) = waiting();
        let cut = Cut { bench: &bench };
        let care = Caretaker { places: Places::below(bench.dir.path()), system: &cut };
        LEFT.set(Some(points));
        let ended = catch_unwind(AssertUnwindSafe(|| answer(&care, format!("{code}\n{}", settings()).as_bytes())));
        LEFT.set(None);
        if let Ok(answer) = ended {
            assert!(points > 5 && answer.unwrap().code == exit::DONE, "only {points} cuts");
            return;
        }
        crate::tests::cut::power_on(&bench);
        let (steps, _) = start::run(&bench.care());
        assert!(steps.iter().all(|step| step.is_done), "cut after {points}: {steps:#?}");
        let is_taken = bench.has("/state/settings/appliance.toml");
        assert_eq!(bench.has("/run/wegovnow-box/sshd/pair.conf"), !is_taken, "cut after {points}");
        if is_taken {
            assert_eq!(bench.get("/state/settings/appliance.toml"), settings());
        } else {
            let code = status::read(&bench.care()).pairing.unwrap().code;
            assert_eq!(send(&bench, &code, &settings()).code, exit::DONE, "cut after {points}");
        }
    }
    panic!("taking settings has no end");
}

/// Root's side as far as the relay sees it.
struct Side {
    heard: Vec<u8>,
    says: Cursor<&'static [u8]>,
}

impl Read for Side {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.says.read(buffer)
    }
}

impl Write for Side {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.heard.extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the relay ends with, what root's side hears, and what is told to whoever logged in.
fn relay(command: Option<&str>, input: &[u8], says: &'static str) -> (u8, String, String) {
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let heard = std::cell::RefCell::new(String::new());
    let code = relay::run(
        command,
        &mut &*input,
        (&mut output, &mut errors),
        || Ok(Side { heard: Vec::new(), says: Cursor::new(says.as_bytes()) }),
        |side| {
            *heard.borrow_mut() = String::from_utf8_lossy(&side.heard).into_owned();
            Ok(())
        },
    );
    let told = [output, errors].concat();
    (code.unwrap(), heard.into_inner(), String::from_utf8(told).unwrap())
}

#[test]
fn the_relay_carries_code_settings_and_answer() {
    let (code, heard, told) = relay(Some("7KXM4P"), b"schema = 1\n", "0\nTaken.");
    assert_eq!((code, heard.as_str(), told.as_str()), (0, "7KXM4P\nschema = 1\n", "Taken.\n"));
    let (code, _, told) = relay(Some("7KXM4P"), b"x", "1\nNothing was taken.\n- line 1");
    assert_eq!((code, told.as_str()), (1, "Nothing was taken.\n- line 1\n"));
    // Without a code it asks.
    let (code, heard, told) = relay(None, b"7KXM4P\nschema = 1\n", "0\nTaken.");
    assert_eq!((code, heard.as_str()), (0, "7KXM4P\nschema = 1\n"));
    assert!(told.contains("Code: ") && told.contains("Ctrl-D") && told.contains("ssh pair@BOX CODE"), "{told}");
    for (command, input) in [(None, &b""[..]), (None, b"\n"), (Some(&*"7".repeat(65)), b"x"), (Some("7KX\nM4P"), b"x")] {
        let (code, heard, told) = relay(command, input, "0\n");
        assert_eq!((code, heard.as_str()), (exit::USAGE, ""), "{command:?}");
        assert!(told.contains("How to pair this box"), "{told}");
    }
    assert_eq!(relay(Some("7KXM4P"), b"x", "").0, exit::BUSY);
    let long = vec![b'#'; provision::LEN_MAX + 1000];
    assert_eq!(relay(Some("7KXM4P"), &long, "1\nno").1.len(), 7 + provision::LEN_MAX + 1);
}
