//! Root's side of the pairing: one connection to a socket that the account `pair` alone may open, one message, one answer.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use provision::{NotSent, Problem, SENT_LEN_MAX, Sent, sent};

use super::{Verdict, Window, draw, is_open, keep, lock, read};
use crate::cli::exit;
use crate::system::{Access, Volume};
use crate::{Caretaker, file, identity, import, start};

/// Nobody types into this socket: all of a message comes at once.
const READ: Duration = Duration::from_secs(10);
const STATUS: &str = "wegovnow-status.service";
const STATUS_LIMIT: Duration = Duration::from_secs(10);

/// What is told, and whether the settings were taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub code: u8,
    pub text: String,
}

impl Answer {
    fn no(text: impl Into<String>) -> Answer {
        Answer { code: exit::FAILED, text: text.into() }
    }

    fn is_taken(&self) -> bool {
        self.code == exit::DONE
    }
}

/// Answers the connection that stands at the standard input; starts the box again once it was paired.
pub fn run(care: &Caretaker<'_>) -> Result<u8> {
    let mut stream = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned().context("no connection to answer")?);
    stream.set_read_timeout(Some(READ)).context("the standard input is no socket: a unit calls this")?;
    let mut bytes = Vec::new();
    (&stream).take(SENT_LEN_MAX as u64 + 1).read_to_end(&mut bytes).context("the message does not come to an end")?;
    let answer = match answer(care, &bytes) {
        Ok(answer) => answer,
        Err(error) => {
            // Paths and errors of the system are not for strangers.
            care.system.log(&format!("pairing: {error:#}"));
            Answer::no("The box cannot do it now; its journal says why.")
        }
    };
    let told = stream.write_all(format!("{}\n{}", answer.code, answer.text).as_bytes()).and_then(|()| stream.flush());
    if answer.is_taken() {
        // Whether anybody heard it or not: the settings are in force.
        care.system.reboot().context("paired, but the box does not start again by itself")?;
    }
    told.context("nobody takes the answer")?;
    Ok(exit::DONE)
}

/// One message, from bytes to what is told. A cut at any place leaves the open window, or the settings.
pub fn answer(care: &Caretaker<'_>, bytes: &[u8]) -> Result<Answer> {
    let _lock = lock(care)?;
    if !is_open(care) {
        return Ok(Answer::no("This box is set up already: log in with the key that its settings have."));
    }
    let message = sent(bytes);
    let code = match &message {
        Err(NotSent::NoCode) => return Ok(Answer::no(say(&NotSent::NoCode))),
        Ok(Sent { code, .. }) => code.clone(),
        // Its code is tried before anything else of it is answered.
        Err(_) => first_line(bytes),
    };
    let now = care.system.elapsed();
    let fresh = draw(care)?;
    let old = read(care).unwrap_or_else(|| Window::open(now, fresh));
    // Where the file was lost, the code that nobody saw is not the one that comes next.
    let (window, verdict) = old.tried(now, &code, draw(care)?);
    // Before anything is answered: a try that is not counted would be free.
    keep(care, &window)?;
    match verdict {
        Verdict::Right => {}
        Verdict::Wrong { left } => return Ok(Answer::no(format!("This is not the code on the screen. Tries left: {left}."))),
        Verdict::Spent { wait } => {
            // The screen must not go on showing what no longer counts.
            let told = care.system.run("systemctl", &["--no-block", "start", STATUS], STATUS_LIMIT);
            if told.is_err() {
                care.system.log("pairing: the new code is shown within half a minute");
            }
            // Into the journal, which is bounded; not into the history on the state partition.
            care.system.log("pairing: wrong codes were tried until the code was used up");
            return Ok(Answer::no(format!(
                "This is not the code on the screen. Another code is shown now; try again in {} s.",
                wait.as_secs().max(1)
            )));
        }
        Verdict::Paused { wait } => {
            return Ok(Answer::no(format!(
                "Too many wrong codes were tried. Try again in {} s, with the code that is shown then.",
                wait.as_secs().max(1)
            )));
        }
        Verdict::NoCode => {
            return Ok(Answer::no("This is no code: six letters and digits, and none of 0, O, 1, I and L among them."));
        }
    }
    match message {
        Err(why) => Ok(Answer::no(say(&why))),
        Ok(Sent { text, .. }) => take(care, &text),
    }
}

fn say(why: &NotSent) -> String {
    let mut said = why.to_string();
    if let Some(first) = said.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    format!("{said}.")
}

fn first_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|byte| *byte == b'\n').next().unwrap_or_default()).into_owned()
}

/// The settings, by the rules that a file on PROVISION is taken by; maps and certificates that they name may lie there.
fn take(care: &Caretaker<'_>, text: &str) -> Result<Answer> {
    let serial = identity::serial(care).unwrap_or_default();
    if let Err(problems) = provision::check_sent(text, Some(&serial)) {
        return Ok(refused(problems.iter().map(Problem::to_string)));
    }
    let tables = start::tables(care).unwrap_or_default();
    let judge = |dir: &Path| import::judge(care, dir, text, &serial, &|name| tables.has(name));
    let judged = care.with(&Volume::Provision, Access::Read, |dir| {
        let verdict = judge(dir)?;
        if let import::Verdict::Accepted(settings, _) = &verdict {
            import::copy_beside(care, dir, settings, true)?;
        }
        Ok(verdict)
    });
    // A box whose partition is damaged can be paired all the same, if its settings need nothing from there.
    let verdict = judged.or_else(|error| {
        care.system.log(&format!("pairing: without PROVISION: {error:#}"));
        judge(&care.places.run("mount/none"))
    })?;
    match verdict {
        import::Verdict::Refused(lines) => Ok(refused(lines.into_iter())),
        import::Verdict::InForce => Ok(Answer::no("These settings are in force already.")),
        import::Verdict::Accepted(settings, text) => {
            import::accept(care, &serial, &settings, &text, "by pairing")?;
            // The code is of no more use; what is shown goes with the settings' coming.
            file::remove(&care.places.run(super::WINDOW))?;
            Ok(Answer {
                code: exit::DONE,
                text: format!(
                    "Taken: generation {}, technicians' keys: {}. The box {serial} starts again now, and takes no more settings \
                     this way; log in as root in two minutes.",
                    settings.generation,
                    settings.technician.len()
                ),
            })
        }
    }
}

fn refused(lines: impl Iterator<Item = String>) -> Answer {
    let lines: String = lines.map(|line| format!("- {line}\n")).collect();
    Answer::no(format!("Nothing was taken. Mend this, and send it again with the code that is shown:\n{}", lines.trim_end()))
}
