//! What a technician sends to a box that waits to be paired: the code from its screen, then the settings.
//!
//! Strangers in the network reach this, so it is read as bytes that mean harm: a line and a text, both of a length that is known
//! before, and nothing else.

use crate::{LEN_MAX, Problem, Settings, check};

/// The code with whatever people put between its letters.
pub const CODE_LEN_MAX: usize = 64;
/// The longest message: code, end of line, settings.
pub const SENT_LEN_MAX: usize = CODE_LEN_MAX + 1 + LEN_MAX;

/// A message, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// As it was typed: not looked at yet.
    pub code: String,
    /// A whole `appliance.toml`.
    pub text: String,
}

/// Why a message is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    #[error("no code came: the screen shows it, six letters and digits")]
    NoCode,
    #[error("the settings are longer than {} KiB", LEN_MAX >> 10)]
    TooLong,
    #[error("no settings came: send appliance.toml, or the line of your public key")]
    NoSettings,
    #[error("the settings are no text in UTF-8: save them as such")]
    NoText,
}

/// Takes a message apart: the first line is the code, what follows the settings. One line that is a public key stands for the
/// settings with that technician's key alone.
pub fn sent(bytes: &[u8]) -> Result<Sent, NotSent> {
    let end = bytes.iter().take(CODE_LEN_MAX + 1).position(|byte| *byte == b'\n').ok_or(NotSent::NoCode)?;
    let (code, rest) = bytes.split_at(end);
    let code = std::str::from_utf8(code).map_err(|_| NotSent::NoCode)?.trim();
    if code.is_empty() {
        return Err(NotSent::NoCode);
    }
    let rest = rest.get(1..).unwrap_or_default();
    if rest.len() > LEN_MAX {
        return Err(NotSent::TooLong);
    }
    let text = std::str::from_utf8(rest).map_err(|_| NotSent::NoText)?;
    // Windows' editors put a mark before the text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(NotSent::NoSettings);
    }
    Ok(Sent { code: code.to_owned(), text: key_alone(text).unwrap_or_else(|| text.to_owned()) })
}

/// The settings of a technician's key, when the text is nothing but that: one line, which no line of a TOML file looks like.
fn key_alone(text: &str) -> Option<String> {
    let text = text.trim();
    // Somebody took the other file: the check says so of a key.
    let is_private = text.starts_with("-----BEGIN") && text.contains("PRIVATE KEY");
    let key = if is_private { text.lines().next()? } else { text };
    let kind = key.split(' ').next().unwrap_or_default();
    let is_key = ["ssh-", "sk-ssh-", "ecdsa-", "sk-ecdsa-"].iter().any(|start| kind.starts_with(start));
    if !is_private && (!is_key || key.contains('\n') || kind.contains('=')) {
        return None;
    }
    let keys = toml::Value::from(vec![key.to_owned()]);
    Some(format!("schema = 1\ngeneration = 1\n[technician]\nkeys = {keys}\n"))
}

/// What [`check`] finds, and what is wrong only here: settings that come by pairing must let somebody in, for nobody else will.
pub fn check_sent(text: &str, serial: Option<&str>) -> Result<Settings, Vec<Problem>> {
    let settings = check(text, serial)?;
    if settings.technician.is_empty() {
        let what = "there is no technician's key: add [technician] with `keys`, or nobody could log in once this is taken";
        return Err(vec![Problem { line: 1, column: 1, what: what.to_owned() }]);
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f anna@desk";

    #[test]
    fn the_first_line_is_the_code_and_the_rest_the_settings() {
        let found = sent(b" 7KX-M4P \r\nschema = 1\n").unwrap();
        assert_eq!((found.code.as_str(), found.text.as_str()), ("7KX-M4P", "schema = 1\n"));
        let longest = ["7KXM4P\n".to_owned(), "#".repeat(LEN_MAX)].concat();
        assert!(sent(longest.as_bytes()).is_ok());
        assert_eq!(sent((longest + "#").as_bytes()), Err(NotSent::TooLong));
        for (bytes, why) in [
            (&b""[..], NotSent::NoCode),
            (b"7KXM4P", NotSent::NoCode),
            (b"\nschema = 1", NotSent::NoCode),
            (b"\xff\nschema = 1", NotSent::NoCode),
            (&[b'A'; 200], NotSent::NoCode),
            (b"7KXM4P\n", NotSent::NoSettings),
            (b"7KXM4P\n\xef\xbb\xbf \r\n", NotSent::NoSettings),
            (b"7KXM4P\n\xff", NotSent::NoText),
        ] {
            assert_eq!(sent(bytes), Err(why), "{bytes:?}");
        }
    }

    #[test]
    fn a_key_alone_is_the_settings_of_its_technician() {
        let found = sent(format!("7KXM4P\n{KEY}\r\n").as_bytes()).unwrap();
        let settings = check_sent(&found.text, None).unwrap();
        assert_eq!((settings.technician.len(), settings.generation), (1, 1));
        assert_eq!(settings.technician[0], KEY);
        // What stands in a key's comment stays a comment.
        let odd = sent(format!("7KXM4P\n{KEY} \"] \\ [proxy]").as_bytes()).unwrap();
        assert_eq!(check_sent(&odd.text, None).unwrap().technician.len(), 1);
    }

    #[test]
    fn a_private_key_and_half_a_key_are_told_as_such() {
        for (text, expect) in [
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n", "this is a private key"),
            ("ssh-ed25519 AAAAC3Nz", "not whole"),
        ] {
            let found = sent(format!("7KXM4P\n{text}").as_bytes()).unwrap();
            let problems = check_sent(&found.text, None).unwrap_err();
            assert!(problems.len() == 1 && problems[0].what.contains(expect), "{problems:?}");
        }
    }

    #[test]
    fn settings_that_let_nobody_in_are_refused() {
        let problems = check_sent("schema = 1\ngeneration = 1\n", None).unwrap_err();
        assert!(problems[0].to_string().contains("no technician's key"), "{problems:?}");
        let device = format!("schema = 1\ngeneration = 1\n[device.\"A-1\".technician]\nkeys = [\"{KEY}\"]\n");
        assert!(check_sent(&device, Some("A-1")).is_ok());
        assert!(check_sent(&device, Some("B-2")).is_err());
    }
}
