//! The other side: what `ssh pair@BOX` runs, as an account that may do nothing but speak to root's side.
//!
//! It gathers what comes, for as long as a person needs to paste it, and hands it on at once; root's side waits for nobody.

use std::io::{self, BufRead, Read, Write};
use std::time::Duration;

use provision::{CODE_LEN_MAX, LEN_MAX};

use crate::cli::exit;

/// A login that nobody ends is ended: they cost memory, and anyone may begin them.
pub const PATIENCE: Duration = Duration::from_secs(120);

const USAGE: &str = "How to pair this box: its screen shows a code. From your own machine:

    ssh pair@BOX CODE <appliance.toml     with its whole settings
    ssh pair@BOX CODE <id_ed25519.pub     with your public key alone

or type it here.";

/// Carries one message over. `command` is what stood behind the address of `ssh`; `connect` opens the way to root's side.
pub fn run<S: Read + Write>(
    command: Option<&str>,
    input: &mut dyn BufRead,
    (output, errors): (&mut dyn Write, &mut dyn Write),
    connect: impl FnOnce() -> io::Result<S>,
    shut: impl FnOnce(&S) -> io::Result<()>,
) -> io::Result<u8> {
    let code = match command.map(str::trim).filter(|command| !command.is_empty()) {
        Some(command) => command.to_owned(),
        None => {
            write!(errors, "{USAGE}\nCode: ")?;
            errors.flush()?;
            let mut line = String::new();
            Read::take(&mut *input, CODE_LEN_MAX as u64 + 1).read_line(&mut line)?;
            writeln!(
                errors,
                "Now paste appliance.toml, or the line of your public key, and end with Ctrl-D on a line of its own:"
            )?;
            errors.flush()?;
            line.trim().to_owned()
        }
    };
    if code.is_empty() || code.len() > CODE_LEN_MAX || code.contains('\n') {
        writeln!(errors, "{USAGE}")?;
        return Ok(exit::USAGE);
    }
    let mut message = format!("{code}\n").into_bytes();
    // One byte more than allowed is told as too long.
    Read::take(&mut *input, LEN_MAX as u64 + 1).read_to_end(&mut message)?;
    let answer = connect().and_then(|mut stream| {
        // A side that has heard enough may have ended: its answer counts.
        let sent = stream.write_all(&message).and_then(|()| shut(&stream));
        let mut answer = String::new();
        match stream.read_to_string(&mut answer) {
            Ok(_) if !answer.is_empty() => Ok(answer),
            read => sent.and(read).map(|_| answer),
        }
    });
    let answer = answer.unwrap_or_default();
    match answer.split_once('\n').and_then(|(code, text)| Some((code.parse::<u8>().ok()?, text))) {
        Some((exit::DONE, text)) => {
            writeln!(output, "{text}")?;
            Ok(exit::DONE)
        }
        Some((code, text)) => {
            writeln!(errors, "{text}")?;
            Ok(code)
        }
        None => {
            writeln!(errors, "The box does not answer: somebody else pairs it, or it starts again. Try again in a minute.")?;
            Ok(exit::BUSY)
        }
    }
}
