//! What may be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

const EXIT_CODES: &str = "\
Exit codes; of several media the worst counts:
  0  done, every byte read back as written
  1  not done: the image, its manifest or a key is not as it should be
  2  not understood
  3  refused: not a byte was written
  4  stopped by the technician
  5  failed while writing
  6  the medium is bad or a fake: do not use it";

const EXAMPLES: &str = "\
Examples:
  wegovnow-flash list
  sudo wegovnow-flash write wegovnow.img.xz
  sudo wegovnow-flash write wegovnow.img.xz --serial 4C530001 --site Library --provision sites/
  sudo wegovnow-flash write wegovnow.img.xz --serial 4C530001 --keep-data --dry-run
  wegovnow-flash receipt check --key station.pub receipts/*.json";

/// Writes the appliance's image to media, and proves that it did
#[derive(Parser)]
#[command(name = "wegovnow-flash", version, about, after_help = format!("{EXIT_CODES}\n\n{EXAMPLES}"), max_term_width = 100)]
pub struct Options {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Show every disk, whether it may be written, and why not
    List(List),
    /// Write an image to one medium or many
    #[command(after_help = EXIT_CODES)]
    Write(Box<Write>),
    /// Compare media with an image, partition by partition, without writing
    #[command(after_help = EXIT_CODES)]
    Verify(Verify),
    /// Describe an image in a signed manifest beside it
    Manifest(MakeManifest),
    /// Make a pair of keys: FILE for its owner, FILE.pub for everyone
    Key(Key),
    /// Check receipts
    Receipt(Receipt),
    /// Measure writing and reading back, with a file in the medium's place
    Bench(Bench),
}

#[derive(Args)]
pub struct List {
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Where an image is and how it is believed.
#[derive(Args)]
pub struct Source {
    /// A file (raw, .xz, .zst, .gz) or a URL
    pub image: String,
    /// Its manifest, a file or a URL [default: the image's name and .manifest]
    #[arg(long, value_name = "MANIFEST")]
    pub manifest: Option<String>,
    /// Public key that may sign manifests; also every *.pub in /etc/wegovnow-flash and ~/.config/wegovnow-flash
    #[arg(long, value_name = "FILE")]
    pub key: Vec<PathBuf>,
    /// Where fetched images are kept [default: ~/.cache/wegovnow-flash]
    #[arg(long, value_name = "FOLDER")]
    pub cache: Option<PathBuf>,
}

/// Which media.
#[derive(Args)]
pub struct Which {
    /// The medium with this serial; more than once for several
    #[arg(long, value_name = "SERIAL")]
    pub serial: Vec<String>,
    /// The medium at this path; its serial must be typed back
    #[arg(long, value_name = "PATH")]
    pub device: Vec<PathBuf>,
    /// Every free medium on USB; their number must be typed
    #[arg(long)]
    pub all_usb: bool,
    /// A file in a medium's place, of the size that the medium would have; for tests
    #[arg(long, value_name = "PATH")]
    pub file: Vec<PathBuf>,
}

#[derive(Args)]
pub struct Write {
    #[command(flatten)]
    pub source: Source,
    #[command(flatten)]
    pub which: Which,
    /// Print what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Keep `state` and `data` of a box that is on the medium
    #[arg(long)]
    pub keep_data: bool,
    /// appliance.toml for the box, or a folder with SERIAL.toml for each medium
    #[arg(long, value_name = "FILE")]
    pub provision: Option<PathBuf>,
    /// Where the box will stand; for receipt and label
    #[arg(long, default_value = "")]
    pub site: String,
    /// Who is writing; for the receipt
    #[arg(long, default_value = "", env = "WEGOVNOW_TECHNICIAN")]
    pub technician: String,
    /// Write an image without a manifest
    #[arg(long)]
    pub unsigned: bool,
    /// Write what wants a second look: built-in disks, very large ones, boxes with data. Never a disk that is in use
    #[arg(long)]
    pub force: bool,
    /// Do not read back what was written
    #[arg(long)]
    pub no_verify: bool,
    /// Do not test the medium's size
    #[arg(long, conflicts_with = "thorough")]
    pub no_capacity: bool,
    /// Test the medium's size by a mark in every MiB: finds every fake, takes minutes
    #[arg(long)]
    pub thorough: bool,
    /// Leave the medium switched on
    #[arg(long)]
    pub no_eject: bool,
    /// Lines instead of a screen
    #[arg(long)]
    pub plain: bool,
    /// A JSON object per line
    #[arg(long, conflicts_with = "plain")]
    pub json: bool,
    /// Where receipts and labels are kept [default: ~/.local/state/wegovnow-flash/receipts]
    #[arg(long, value_name = "FOLDER")]
    pub receipts: Option<PathBuf>,
    /// Secret key that signs receipts [default: ~/.local/state/wegovnow-flash/station, made when missing]
    #[arg(long, value_name = "FILE")]
    pub receipt_key: Option<PathBuf>,
    /// Where it is noted how far each medium is [default: ~/.local/state/wegovnow-flash/maps]
    #[arg(long, value_name = "FOLDER")]
    pub maps: Option<PathBuf>,
}

#[derive(Args)]
pub struct Verify {
    #[command(flatten)]
    pub source: Source,
    #[command(flatten)]
    pub which: Which,
}

#[derive(Args)]
pub struct MakeManifest {
    /// The image, raw or packed
    pub image: PathBuf,
    /// The appliance's version, such as 1.4.0
    #[arg(long)]
    pub version: semver::Version,
    /// Secret key
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// [default: the image's name and .manifest]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Args)]
pub struct Key {
    /// Of the secret half; never overwritten
    pub file: PathBuf,
}

#[derive(Args)]
pub struct Receipt {
    #[command(subcommand)]
    pub command: ReceiptCommand,
}

#[derive(Subcommand)]
pub enum ReceiptCommand {
    /// Is each signed by one of these keys, and what does it say?
    Check {
        /// Public key of a station; more than once for several
        #[arg(long, required = true, value_name = "FILE")]
        key: Vec<PathBuf>,
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(Args)]
pub struct Bench {
    /// A file to write to; made if missing, and overwritten
    pub target: PathBuf,
    /// The image; without one, noise of this size is made beside the target
    #[arg(long)]
    pub image: Option<PathBuf>,
    #[arg(long, default_value_t = 1024)]
    pub mib: u64,
    #[arg(long, default_value_t = 5)]
    pub rounds: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound_and_says_its_codes() {
        Options::command().debug_assert();
        let help = Options::command().render_long_help().to_string();
        for code in [0, 1, 2, 3, 4, 5, 6] {
            assert!(help.contains(&format!("\n  {code}  ")), "{help}");
        }
    }
}
