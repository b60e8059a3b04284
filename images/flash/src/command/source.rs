//! Finds the image and its manifest, here or behind a URL, and the keys that are believed.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, bail};

use crate::amount;
use crate::options::Source;
use crate::source::manifest::Manifest;
use crate::source::{Image, fetch};
use crate::station::{self, Places};

/// Where a manifest is looked for.
pub fn beside(image: &Path) -> PathBuf {
    let mut path = image.as_os_str().to_owned();
    path.push(".manifest");
    path.into()
}

/// The image, ready to be read from a file. `unsigned` lets one without a manifest pass.
pub fn open(source: &Source, places: &Places, unsigned: bool, stop: &AtomicBool) -> Result<Image> {
    let keys = station::trusted(&source.key, &places.keys)?;
    let text = manifest_text(source)?;
    let manifest = match text {
        Some(text) if !keys.is_empty() => Some(Manifest::open(&text, &keys).context("the image's manifest")?),
        Some(_) if !unsigned => {
            bail!("there is a manifest, but no key to believe it by: give --key, or put the key into /etc/wegovnow-flash")
        }
        _ => None,
    };
    if !fetch::is_url(&source.image) {
        return Image::open(Path::new(&source.image), manifest);
    }
    let Some(manifest) = manifest else { bail!("an image behind a URL needs its manifest") };
    let cache = source.cache.clone().unwrap_or_else(|| places.cache.clone());
    let mut tenth = 0;
    let path = fetch::image(&source.image, &manifest, &cache, stop, &mut |done, total| {
        let now = done * 10 / total.max(1);
        if now > tenth {
            tenth = now;
            eprintln!("fetched {} of {}", amount::bytes(done), amount::bytes(total));
        }
    })?;
    Image::open(&path, Some(manifest))
}

fn manifest_text(source: &Source) -> Result<Option<String>> {
    let named = source.manifest.as_deref();
    if named.is_some_and(fetch::is_url) || named.is_none() && fetch::is_url(&source.image) {
        let url = named.map_or_else(|| format!("{}.manifest", source.image), str::to_owned);
        return fetch::text(&url).map(Some);
    }
    let path = named.map_or_else(|| beside(Path::new(&source.image)), PathBuf::from);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read the manifest {}", path.display())),
    }
}
