//! Images behind a URL: fetched into a file, going on where an earlier try stopped.
//!
//! The manifest is what is trusted, not the way: the file is compared with it before it gets its name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use ureq::Agent;
use ureq::http::{StatusCode, header};
use ureq::tls::{RootCerts, TlsConfig};

use super::manifest::{Manifest, hash_file};

/// A manifest of the largest image is a few MB.
const MANIFEST_MAX: u64 = 64 << 20;

/// Without a byte for so long, the line is taken for dead.
const SILENCE: Duration = Duration::from_secs(30);

/// Tries that bring nothing new, before a fetch gives up.
const TRIES: u32 = 5;

pub fn is_url(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

fn agent() -> Agent {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    // The machine's own list of authorities, so that a town's private one counts.
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).unversioned_rustls_crypto_provider(provider).build();
    let config = Agent::config_builder().tls_config(tls).timeout_connect(Some(SILENCE)).timeout_recv_response(Some(SILENCE));
    config.http_status_as_error(false).build().into()
}

/// A small text, such as a manifest.
pub fn text(url: &str) -> Result<String> {
    let say = || format!("cannot fetch {url}");
    let mut response = agent().get(url).call().with_context(say)?;
    if !response.status().is_success() {
        bail!("cannot fetch {url}: the server says {}", response.status());
    }
    response.body_mut().with_config().limit(MANIFEST_MAX).read_to_string().with_context(say)
}

/// The image's file in the folder, fetched as far as it is missing. `progress` is given bytes so far and in all.
pub fn image(
    url: &str,
    manifest: &Manifest,
    folder: &Path,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // Named by content: another image behind the same URL is another file.
    let digits = &manifest.packed.sha256;
    if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        bail!("the manifest names no SHA-256");
    }
    let done = folder.join(format!("{digits}.img"));
    if done.metadata().is_ok_and(|metadata| metadata.len() == manifest.packed.bytes) {
        return Ok(done);
    }
    let part = folder.join(format!("{digits}.part"));
    let open = OpenOptions::new().create(true).append(true).read(true).open(&part);
    let mut file = open.with_context(|| format!("cannot write {}", part.display()))?;
    let total = manifest.packed.bytes;
    let (mut tries, mut from) = (0, file.metadata()?.len());
    if from > total {
        file.set_len(0)?;
        from = 0;
    }
    let agent = agent();
    while from < total {
        let outcome = more(&agent, url, &mut file, from, total, stop, progress);
        let now = file.metadata()?.len();
        match outcome {
            _ if now >= total => {}
            Err(error) if stop.load(Ordering::Relaxed) => return Err(error),
            _ if now > from => tries = 0,
            Ok(()) => tries += 1,
            Err(error) => {
                tries += 1;
                if tries == TRIES {
                    return Err(
                        error.context(format!("cannot fetch {url}; what has come so far is kept, the same command goes on"))
                    );
                }
            }
        }
        if tries == TRIES {
            bail!("{url} ends at byte {now}, the manifest says {total}");
        }
        from = now;
    }
    file.sync_all()?;
    if hex::encode(hash_file(&part)?) != *digits {
        fs::remove_file(&part)?;
        bail!("what {url} gives is not what the manifest lists; it was thrown away");
    }
    fs::rename(&part, &done)?;
    Ok(done)
}

/// One request, for what is missing.
fn more(
    agent: &Agent,
    url: &str,
    file: &mut File,
    from: u64,
    total: u64,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<()> {
    let mut request = agent.get(url);
    if from > 0 {
        request = request.header(header::RANGE, format!("bytes={from}-"));
    }
    let response = request.call()?;
    let mut at = match response.status() {
        StatusCode::PARTIAL_CONTENT => {
            let range = response.headers().get(header::CONTENT_RANGE).and_then(|range| range.to_str().ok()).unwrap_or_default();
            if !range.starts_with(&format!("bytes {from}-")) {
                bail!("the server answers with another part: {}", crate::name::clean(range));
            }
            from
        }
        // It knows no parts: from the start then.
        StatusCode::OK => {
            file.set_len(0)?;
            file.rewind()?;
            0
        }
        status => bail!("the server says {status}"),
    };
    let mut body = response.into_body().into_reader();
    let mut bytes = vec![0; 256 << 10];
    while at < total {
        if stop.load(Ordering::Relaxed) {
            bail!("stopped by the technician; what has come so far is kept");
        }
        let rest = usize::try_from(total - at).unwrap_or(usize::MAX).min(bytes.len());
        match body.read(&mut bytes[..rest]) {
            Ok(0) => break,
            Ok(count) => {
                file.write_all(&bytes[..count])?;
                at += count as u64;
                progress(at, total);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
