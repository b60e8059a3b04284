//! House rules that a program can check, so that they stay true without anybody watching.
//!
//! Each rule gives findings, `where: what and why`. A rule that cannot hold at once gets a ratchet: what breaks it today is listed and may
//! only get better.

mod arrow;
mod source;
mod place;
mod link;
mod unit;

use std::fs;

use anyhow::{Context, Result, bail};

use crate::metadata::Metadata;
use crate::shell::output;
use crate::step::Tally;

/// A file of the project: its path from the top, and its text.
pub struct File {
    pub path: String,
    pub text: String,
}

impl File {
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

pub fn run() -> Result<Tally> {
    let files = files()?;
    let mut wrong = arrow::check(&Metadata::read()?);
    wrong.extend(place::check(&files));
    wrong.extend(files.iter().flat_map(source::check));
    wrong.extend(link::check(&files, &|path| std::path::Path::new(path).exists()));
    wrong.extend(unit::check(&files)?);
    if !wrong.is_empty() {
        bail!("{} findings\n   {}", wrong.len(), wrong.join("\n   "));
    }
    println!("{} files keep the house rules", files.len());
    Ok(Tally::default())
}

/// Every text file that is in the repository, or new and not ignored.
fn files() -> Result<Vec<File>> {
    let mut git = std::process::Command::new("git");
    let list = output(git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
    let mut files = Vec::new();
    for path in list.split('\0').filter(|path| !path.is_empty()) {
        match fs::read(path) {
            // Pictures, fonts and seeds are no text; their place is checked all the same.
            Ok(bytes) => files.push(File { path: path.to_owned(), text: String::from_utf8(bytes).unwrap_or_default() }),
            // Removed and not yet committed.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("cannot read {path}")),
        }
    }
    Ok(files)
}
