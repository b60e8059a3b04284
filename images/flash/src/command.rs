//! The subcommands: what was asked, found in the machine, handed to what decides and does.

mod bench;
mod select;
mod source;
mod verify;
mod write;

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::inventory::{self, Roots};
use crate::job::World;
use crate::options::{Command, Key, List, MakeManifest, Options, Receipt, ReceiptCommand};
use crate::source::Image;
use crate::source::manifest::Manifest;
use crate::station::Real;
use crate::{amount, key, plain, receipt};

/// Runs a subcommand, and gives the exit code.
pub fn run(options: Options) -> Result<u8> {
    match options.command {
        Command::List(options) => list(&options),
        Command::Write(options) => write::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Manifest(options) => manifest(&options),
        Command::Key(options) => make_key(&options),
        Command::Receipt(options) => check_receipts(&options),
        Command::Bench(options) => bench::run(&options),
    }
}

/// To standard output; a reader that has gone is no error.
fn print(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error).context("cannot write to standard output"),
        _ => Ok(()),
    }
}

fn list(options: &List) -> Result<u8> {
    let disks = inventory::read(&Roots::default(), None).context("cannot read the disks of this machine from /sys and /proc")?;
    let text = if options.json { serde_json::to_string_pretty(&disks)? + "\n" } else { plain::list(&disks) };
    print(&text)?;
    Ok(0)
}

fn manifest(options: &MakeManifest) -> Result<u8> {
    let key = key::secret(&options.key)?;
    let image = Image::open(&options.image, None)?;
    let manifest = Manifest::make(&image, options.version.clone(), &mut |_| ())?;
    let out = options.out.clone().unwrap_or_else(|| source::beside(&options.image));
    std::fs::write(&out, manifest.seal(&key)?).with_context(|| format!("cannot write {}", out.display()))?;
    let mapped = amount::bytes(manifest.mapped_bytes());
    print(&format!(
        "{}: version {}, {} unpacked, of which {mapped} not empty; signed by {}\n",
        out.display(),
        manifest.version,
        amount::bytes(manifest.raw.bytes),
        key::short(&key.verifying_key())
    ))?;
    Ok(0)
}

fn make_key(options: &Key) -> Result<u8> {
    let key = key::make(&options.file, Real::new().random()?)?;
    print(&format!("{} and {}.pub: key {}\n", options.file.display(), options.file.display(), key::short(&key.verifying_key())))?;
    Ok(0)
}

fn check_receipts(options: &Receipt) -> Result<u8> {
    let ReceiptCommand::Check { key, files } = &options.command;
    let keys = key.iter().map(|path| key::public(path)).collect::<Result<Vec<_>>>()?;
    let mut code = 0;
    for path in files {
        match check_receipt(path, &keys) {
            Ok(line) => print(&format!("{}: {line}\n", path.display()))?,
            Err(error) => {
                print(&format!("{}: NOT VALID: {error:#}\n", path.display()))?;
                code = 1;
            }
        }
    }
    Ok(code)
}

fn check_receipt(path: &PathBuf, keys: &[ed25519_dalek::VerifyingKey]) -> Result<String> {
    let text = std::fs::read_to_string(path).context("cannot be read")?;
    let (receipt, key) = receipt::Receipt::open(&text, keys)?;
    Ok(format!(
        "{}, serial {}, image {} {}, {}, site {:?}, {}, signed by {}",
        receipt.result,
        receipt.serial,
        receipt.image,
        receipt.image_version.as_deref().unwrap_or("of no version"),
        receipt.verified.as_deref().unwrap_or("not read back"),
        receipt.site,
        receipt.ended,
        key::short(&key)
    ))
}
