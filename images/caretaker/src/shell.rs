//! `wegovnow-box shell`: what a technician gets over SSH. The command that came along is read here, without a shell, and only
//! commands of a list are done; without one there is a menu of numbers, for any terminal.

use std::io::{BufRead, Write};

/// What technicians may call, by its first words.
const ALLOWED: [&str; 8] = ["status", "update", "support", "reset", "boot-state show", "clock", "restart", "help"];

/// Why a command is not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    #[error("{0:?} is no command for technicians; there are: {list}", list = ALLOWED.join(", "))]
    Unknown(String),
    #[error("this is no plain command: letters, digits and - . / : _ = % + are what there is")]
    Sign,
    #[error("updates come from a stick or an address here, not from a file on the box")]
    File,
}

/// The arguments of a command line that came over SSH.
pub fn parse(line: &str) -> Result<Vec<String>, NotAllowed> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-./:_=%+?&~ ".contains(c);
    if !line.chars().all(is_plain) || line.len() > 1000 {
        return Err(NotAllowed::Sign);
    }
    let words: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    // Who types the program's own name means the same.
    let words = match words.first() {
        Some(first) if first == "wegovnow-box" => words.get(1..).unwrap_or_default().to_vec(),
        _ => words,
    };
    let starts = |allowed: &&str| allowed.split(' ').zip(&words).filter(|(a, b)| a == b).count() == allowed.split(' ').count();
    if !ALLOWED.iter().any(starts) {
        return Err(NotAllowed::Unknown(words.first().cloned().unwrap_or_default()));
    }
    if words.first().is_some_and(|word| word == "update") {
        let is_option = |word: &String| word.starts_with("--");
        let is_value = |at: usize| at > 0 && words.get(at - 1).is_some_and(|before| before == "--sha256");
        let others = words.iter().enumerate().skip(1).filter(|(at, word)| !is_option(word) && !is_value(*at));
        if others.into_iter().any(|(_, word)| !word.starts_with("http://") && !word.starts_with("https://")) {
            return Err(NotAllowed::File);
        }
    }
    if words.first().is_some_and(|word| word == "support") && words.len() > 1 {
        return Err(NotAllowed::Unknown(words.join(" ")));
    }
    Ok(words)
}

/// In place of what is asked for.
const ASKED: &str = "?";

/// Entries of the menu: what they say, and what they do.
pub const MENU: [(&str, &str); 9] = [
    ("how the box is", "status"),
    ("install the update on the stick, and start again", "update --from-usb --restart"),
    ("write a file for support to the stick, or to PROVISION", "support"),
    ("what the boot loader will start", "boot-state show"),
    ("set the clock", "clock set ?"),
    ("start the box again", "restart"),
    ("factory reset: forget the settings", "reset settings"),
    ("factory reset: wipe all data of the town", "reset data"),
    ("factory reset: wipe everything", "reset full"),
];

/// Shows the menu until somebody leaves; `run` does an entry.
pub fn menu(input: &mut dyn BufRead, output: &mut dyn Write, run: &mut dyn FnMut(&[String]) -> u8) -> std::io::Result<()> {
    loop {
        writeln!(output, "\nWeGovNow box")?;
        for (number, (said, _)) in (1..).zip(MENU) {
            writeln!(output, "  {number}  {said}")?;
        }
        write!(output, "  0  leave\nNumber: ")?;
        output.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let entry = match line.trim() {
            "" => continue,
            "0" | "q" => return Ok(()),
            text => text.parse::<usize>().ok().and_then(|number| MENU.get(number.checked_sub(1)?)),
        };
        let Some((_, command)) = entry else {
            writeln!(output, "There is no such number.")?;
            continue;
        };
        let mut words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        if let Some(asked) = words.last_mut().filter(|word| *word == ASKED) {
            write!(output, "Date and time, such as 2026-11-27T10:15: ")?;
            output.flush()?;
            asked.clear();
            input.read_line(asked)?;
            *asked = asked.trim().to_owned();
            if asked.is_empty() {
                continue;
            }
        }
        let code = run(&words);
        if code != 0 {
            writeln!(output, "Not done (exit code {code}).")?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_gets_through() {
        assert_eq!(parse("status --json").unwrap(), ["status", "--json"]);
        assert_eq!(parse(" wegovnow-box  status ").unwrap(), ["status"]);
        assert_eq!(parse("clock set 2026-11-27T10:15:00+01:00").unwrap().len(), 3);
        assert_eq!(parse("boot-state show").unwrap(), ["boot-state", "show"]);
        assert!(parse("update --from-usb --restart").is_ok());
        assert!(parse("update https://example.org/a.raucb?x=1 --sha256 00ff").is_ok());
        for line in ["sh", "", "boot-state set-primary A", "gate", "start", "shell", "set-up", "statusx", "boot-state"] {
            assert!(matches!(parse(line), Err(NotAllowed::Unknown(_))), "{line}");
        }
        for line in ["status; reboot", "status $(id)", "status `id`", "status | sh", "status\nsh", "status > /x", "status 'a'"] {
            assert_eq!(parse(line), Err(NotAllowed::Sign), "{line}");
        }
        assert_eq!(parse("update /state/x.raucb"), Err(NotAllowed::File));
        assert_eq!(parse("update file:///state/x"), Err(NotAllowed::File));
        assert_eq!(parse("update check-manifest"), Err(NotAllowed::File));
        assert!(parse("support --to /state").is_err());
    }

    #[test]
    fn the_menu_does_what_its_entries_say() {
        let mut done = Vec::new();
        let mut run = |words: &[String]| {
            done.push(words.join(" "));
            u8::from(words[0] == "support")
        };
        let mut output = Vec::new();
        menu(&mut &b"1\n99\nx\n\n3\n5\n\n5\n2026-11-27T10:15 \n0\n1\n"[..], &mut output, &mut run).unwrap();
        assert_eq!(done, ["status", "support", "clock set 2026-11-27T10:15"]);
        let said = String::from_utf8(output).unwrap();
        assert_eq!(said.matches("There is no such number.").count(), 2);
        assert!(said.contains("Not done (exit code 1)."));
        assert!(said.is_ascii(), "for any terminal");
        menu(&mut &b"2"[..], &mut Vec::new(), &mut |_| 0).unwrap();
    }

    #[test]
    fn every_entry_of_the_menu_is_allowed() {
        for (_, command) in MENU {
            assert!(parse(command).is_ok(), "{command}");
        }
    }
}
