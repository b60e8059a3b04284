//! Logging in to a running box over its forwarded port, with nothing of the user's own settings.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::run::Run;
use crate::shell::{output, run};

const BETWEEN: Duration = Duration::from_millis(50);

/// A key pair of one run.
#[derive(Debug, Clone)]
pub struct Key {
    pub private: PathBuf,
    /// One line, as in `authorized_keys`.
    pub public: String,
}

impl Key {
    pub fn make(dir: &Path, name: &str) -> Result<Key> {
        let private = dir.join(name);
        if !private.exists() {
            let mut keygen = Command::new("ssh-keygen");
            run(keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"]).arg(&private))?;
        }
        let public = std::fs::read_to_string(private.with_extension("pub")).context("ssh-keygen left no public key")?;
        Ok(Key { private, public: public.trim().to_owned() })
    }
}

/// What a command in the box said.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: ExitStatus,
    pub out: String,
    pub errors: String,
}

impl Answer {
    /// The output of a command that went well.
    pub fn good(self) -> Result<String> {
        if !self.status.success() {
            bail!("the command in the box ended with {}: {}{}", self.status, self.out, self.errors);
        }
        Ok(self.out)
    }
}

/// Arguments of `ssh` up to the command.
pub fn arguments(known_hosts: &Path, key: Option<&Key>, account: &str, port: u16) -> Vec<String> {
    let mut arguments: Vec<String> = ["-F", "none", "-T", "-p", &port.to_string()].map(str::to_owned).to_vec();
    let mut options = vec![
        format!("UserKnownHostsFile={}", known_hosts.display()),
        "GlobalKnownHostsFile=/dev/null".to_owned(),
        // The first key is believed, another one later is not.
        "StrictHostKeyChecking=accept-new".to_owned(),
        "BatchMode=yes".to_owned(),
        "IdentitiesOnly=yes".to_owned(),
        "IdentityAgent=none".to_owned(),
        "ConnectTimeout=20".to_owned(),
        "LogLevel=ERROR".to_owned(),
    ];
    options.extend(key.map(|key| format!("IdentityFile={}", key.private.display())));
    arguments.extend(options.into_iter().flat_map(|option| ["-o".to_owned(), option]));
    arguments.push(format!("{account}@127.0.0.1"));
    arguments
}

/// What is sent along with a command.
pub enum Input<'a> {
    Nothing,
    Text(&'a str),
}

/// Runs one command, given up after `limit`. What the box says is never more than a test can read, so files take it.
pub fn command(
    run: &Run,
    key: Option<&Key>,
    account: &str,
    port: u16,
    command: &str,
    input: &Input<'_>,
    limit: Duration,
) -> Result<Answer> {
    let (out, errors) = (run.file("ssh.out"), run.file("ssh.errors"));
    let stdin = match input {
        Input::Nothing => Stdio::null(),
        Input::Text(text) => {
            let file = run.file("ssh.in");
            std::fs::write(&file, text)?;
            File::open(file)?.into()
        }
    };
    let mut child = Command::new("ssh")
        .args(arguments(&run.file("known_hosts"), key, account, port))
        .arg(command)
        .stdin(stdin)
        .stdout(File::create(&out)?)
        .stderr(File::create(&errors)?)
        .spawn()
        .context("ssh does not start: it is in the package openssh-client")?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().context("cannot wait for ssh")? {
            break status;
        }
        if start.elapsed() > limit {
            // Ours, by its own handle.
            let _ = child.kill();
            let _ = child.wait();
            bail!("`{command}` as {account} did not end within {} s", limit.as_secs());
        }
        thread::sleep(BETWEEN);
    };
    Ok(Answer { status, out: text(&out)?, errors: text(&errors)? })
}

/// A conversation in lines with what an account has as its shell; over when it is dropped.
pub struct Session {
    ssh: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Session {
    pub fn open(run: &Run, key: &Key, account: &str, port: u16) -> Result<Session> {
        let mut ssh = Command::new("ssh");
        ssh.args(arguments(&run.file("known_hosts"), Some(key), account, port));
        ssh.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(run.file("ssh.errors"))?);
        let mut ssh = ssh.spawn().context("ssh does not start: it is in the package openssh-client")?;
        let (input, out) = ssh.stdin.take().zip(ssh.stdout.take()).context("ssh has no pipes")?;
        let (sender, lines) = channel();
        // Ends with ssh, or with us.
        thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Ok(Session { ssh, input, lines })
    }

    /// Sends a line.
    ///
    /// # Errors
    /// Nobody is there any more.
    pub fn say(&mut self, line: &str) -> Result<()> {
        self.input.write_all(format!("{line}\n").as_bytes()).and_then(|()| self.input.flush()).context("the connection is gone")
    }

    /// The next line that holds, of those that come in time.
    pub fn hear(&mut self, holds: impl Fn(&str) -> bool, limit: Duration) -> Option<String> {
        let start = Instant::now();
        while let Some(left) = limit.checked_sub(start.elapsed()) {
            match self.lines.recv_timeout(left) {
                Ok(line) if holds(&line) => return Some(line),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
        None
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Ours, by its own handle.
        let _ = self.ssh.kill();
        let _ = self.ssh.wait();
    }
}

/// Fingerprint of the one key that was believed, as `ssh` shows it: `256 SHA256:… [127.0.0.1]:40022 (ED25519)`.
pub fn host_key(run: &Run) -> Result<String> {
    let mut keygen = Command::new("ssh-keygen");
    let said = output(keygen.args(["-l", "-f"]).arg(run.file("known_hosts")))?;
    said.split_whitespace().nth(1).map(str::to_owned).with_context(|| format!("ssh-keygen names no fingerprint: {said}"))
}

fn text(file: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    File::open(file)?.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_user_is_asked() {
        let key = Key { private: "/run/key".into(), public: String::new() };
        let said = arguments(Path::new("/run/known"), Some(&key), "staff", 40_022).join(" ");
        for part in [
            "-F none",
            "-p 40022",
            "UserKnownHostsFile=/run/known",
            "IdentityFile=/run/key",
            "IdentitiesOnly=yes",
            "BatchMode=yes",
        ] {
            assert!(said.contains(part), "{part} is missing: {said}");
        }
        assert!(said.ends_with("staff@127.0.0.1"));
    }
}
