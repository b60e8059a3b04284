use super::*;
use crate::app::tests::Desk;
use crate::sample;

/// Plays a script and gives what was printed, with what was typed after `> `.
fn transcript(lines: &[&str]) -> (String, u8) {
    let mut desk = Desk::new();
    let mut session = Session::new([7; 16], sample::NOW_MS, 0, false);
    let mut text = String::new();
    let mut calls = session.begin();
    let mut events = 50;
    let mut lines = lines.iter();
    loop {
        while !calls.is_empty() {
            for (ticket, call) in std::mem::take(&mut calls) {
                calls.extend(session.message(desk.reply(ticket, call, &mut events)));
            }
            calls.extend(session.settle());
        }
        calls.extend(session.settle());
        for line in session.output() {
            text += &line;
            text.push('\n');
        }
        if !calls.is_empty() {
            continue;
        }
        let Some(line) = lines.next().filter(|_| !session.ended()) else { break };
        text += &format!("> {line}\n");
        calls = session.line(line);
    }
    session.end();
    for line in session.output() {
        text += &line;
        text.push('\n');
    }
    (text, session.code())
}

#[test]
fn a_conversation() {
    let (text, code) = transcript(&[
        "open 1",
        "status",
        "4",
        "The lamp is lit.",
        "Thank you.",
        ".",
        "mark 2 3",
        "assign bruno",
        "y",
        "undo",
        "log",
        "quit",
    ]);
    insta::assert_snapshot!(text);
    assert_eq!(code, DONE);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
}

#[test]
fn what_is_not_understood_shows_in_the_exit_code() {
    let (text, code) = transcript(&["sttus fixed"]);
    assert!(text.contains("error: no command"), "{text}");
    assert_eq!(code, REFUSED);
    let (text, code) = transcript(&["hide #1 spam 'Advertising'"]);
    assert!(text.contains("was not answered"), "{text}");
    assert_eq!(code, REFUSED);
    let (text, code) = transcript(&["take"]);
    assert!(text.contains("name a report"), "nothing was chosen: {text}");
    assert_eq!(code, REFUSED);
}
