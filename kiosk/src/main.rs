//! `wegovnow-kiosk`: the touch kiosk.

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;

/// The touch kiosk for residents.
#[derive(Parser)]
#[command(name = "wegovnow-kiosk", version)]
struct Arguments {
    /// The daemon's socket [default: $RUNTIME_DIRECTORY/wegovnowd.sock, else /run/wegovnow/wegovnowd.sock]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Offer the photos of this folder (on a developer's machine)
    #[arg(long, value_name = "DIR")]
    photos: Option<PathBuf>,
    /// Size of the window in pixels
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = size, default_value = "1920x1080")]
    size: (u32, u32),
    /// Fill the whole screen
    #[arg(long)]
    fullscreen: bool,
    /// Draw everything larger or smaller, so that a screen of any size shows as much as one of Full HD
    #[arg(long)]
    fit: bool,
    /// The language to start in, like `fi`; the town's first otherwise
    #[arg(long, value_name = "CODE")]
    language: Option<api::Language>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Write every screen with sample data as pictures, without a display or a daemon
    Gallery {
        /// The folder for the pictures
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// A town file or an osm.pbf extract, for a map on the pictures
        #[arg(long, value_name = "FILE")]
        town: Option<PathBuf>,
    },
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let (width, height) = text.split_once(['x', '×']).ok_or("write it like 1080x1920")?;
    let side = |text: &str| text.trim().parse().ok().filter(|side| (320..=8192).contains(side));
    side(width).zip(side(height)).ok_or_else(|| "each side is a number from 320 to 8192".to_owned())
}

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let Arguments { socket, photos, size, fullscreen, fit, language, command } = Arguments::parse();
    if let Some(Command::Gallery { out, town }) = command {
        return kiosk::gallery::write(&out, town.as_deref());
    }
    let socket = socket.unwrap_or_else(|| {
        std::env::var_os("RUNTIME_DIRECTORY").map_or_else(|| PathBuf::from("/run/wegovnow"), PathBuf::from).join("wegovnowd.sock")
    });
    let client = api::Client::over_socket(&socket).with_context(|| format!("the socket {} cannot be used", socket.display()))?;
    kiosk::Kiosk::new(client, kiosk::Options { language, photos, size: Some(size), fullscreen, fit })?.run()
}
