//! GRUB's environment block: a magic line, lines of `name=value`, filled up with `#`.

/// GRUB takes no other length.
pub const LEN: usize = 1024;

const MAGIC: &str = "# GRUB Environment Block\n";

/// The block with these lines, which are short.
pub fn render(lines: &str) -> Vec<u8> {
    let mut bytes = format!("{MAGIC}{lines}").into_bytes();
    bytes.resize(LEN, b'#');
    bytes
}

/// Names and values in the order of the block; else what is wrong with it.
pub fn parse(bytes: &[u8]) -> Result<Vec<(&str, &str)>, String> {
    if bytes.len() != LEN {
        return Err(format!("has {} bytes instead of {LEN}", bytes.len()));
    }
    let text = str::from_utf8(bytes).map_err(|_| "is no text".to_owned())?;
    let lines = text.strip_prefix(MAGIC).ok_or_else(|| "does not begin as an environment block".to_owned())?.lines();
    let pairs = lines.filter(|line| !line.starts_with('#')).map(|line| line.split_once('='));
    pairs.collect::<Option<_>>().ok_or_else(|| "has a line without =".to_owned())
}

/// The value of a name.
pub fn value<'a>(pairs: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
}
