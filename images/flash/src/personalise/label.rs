//! The label of a medium: a few lines to stick on, and the same as a QR code.

use fast_qr::qr::QRBuilder;
use fast_qr::{ECL, Module};

/// What stands on it.
#[derive(Debug, Clone)]
pub struct Label<'a> {
    pub version: &'a str,
    pub serial: &'a str,
    pub site: &'a str,
    /// Of the image, at least sixteen digits of its SHA-256.
    pub image: &'a str,
    /// UTC, as in the receipt.
    pub date: &'a str,
}

impl Label<'_> {
    /// What the code says: capital letters, digits and a few marks keep it small.
    pub fn code(&self) -> String {
        let image: String = self.image.chars().take(16).collect();
        format!(
            "WEGOVNOW 1\nVERSION {}\nSERIAL {}\nSITE {}\nIMAGE {image}\nDATE {}\n",
            self.version, self.serial, self.site, self.date
        )
    }

    /// Lines and code, for a printer of receipts or a text editor.
    pub fn text(&self) -> String {
        let image: String = self.image.chars().take(16).collect();
        let dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        let mut out = format!(
            "WeGovNow {}\nsite    {}\nserial  {}\nimage   {image}\ndate    {}\n\n",
            self.version,
            dash(self.site),
            self.serial,
            self.date
        );
        match QRBuilder::new(self.code()).ecl(ECL::M).build() {
            Ok(code) => out.push_str(&blocks(code.size, &|x, y| code[y][x])),
            Err(_) => out.push_str("(too long for a code)\n"),
        }
        out
    }
}

/// Two rows of modules in a line of half blocks, ink on paper, with a margin of two modules.
fn blocks(size: usize, module: &dyn Fn(usize, usize) -> Module) -> String {
    const QUIET: usize = 2;
    let is_dark = |x: usize, y: usize| {
        let inside = (QUIET..size + QUIET).contains(&x) && (QUIET..size + QUIET).contains(&y);
        inside && module(x - QUIET, y - QUIET).value()
    };
    let mut out = String::new();
    for y in (0..size + 2 * QUIET).step_by(2) {
        for x in 0..size + 2 * QUIET {
            out.push(match (is_dark(x, y), is_dark(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn point_10_the_label_has_the_words_and_the_code() {
        let label = Label { version: "0.2.0", serial: "4C53", site: "Library", image: &"ab".repeat(32), date: "2026-11-26" };
        let text = label.text();
        for word in ["WeGovNow 0.2.0", "serial  4C53", "site    Library", "image   abababababababab\n"] {
            assert!(text.contains(word), "{text}");
        }
        // Left edge of the finder patterns at the top: seven dark modules behind two light ones, a ring, a square.
        let code: Vec<&str> = text.lines().skip_while(|line| !line.contains('█')).collect();
        for (line, start) in code.iter().zip(["  █▀▀▀▀▀█ ", "  █ ███ █ ", "  █ ▀▀▀ █ ", "  ▀▀▀▀▀▀▀ "])
        {
            assert!(line.starts_with(start), "{text}");
        }
    }
}
