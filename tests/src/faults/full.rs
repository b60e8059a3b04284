//! A disk that really fills up: a small file system of its own, mounted where nobody else sees it.
//!
//! The test starts its own program again for one ignored test, in a mount namespace (`unshare(1)`) that goes away with it.

use std::fs::{self, File};
use std::io::Write;
use std::process::Command;

use anyhow::{Result, bail, ensure};
use api::client::CallError;
use api::{Client, Follow, NewReport};

use crate::site::{Site, report};

/// Tells the inner test that it may mount.
const INSIDE: &str = "WEGOVNOW_SMALL_DISK";
/// Room for keys, map, ballast and journal beside the reserve of 32 MiB.
const DISK: &str = "size=72m";
/// Less than the reserve, more than the journal needs to open.
const LITTLE: u64 = 24 << 20;
/// A grey dot.
const PHOTO: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\
\0\0\0\nIDATx\xdach\0\0\0\x82\0\x81\xdaE\x08;\0\0\0\0IEND\xaeB`\x82";

#[test]
fn a_full_disk_refuses_clearly_serves_readers_and_recovers() -> Result<()> {
    // As root, or as root of a user namespace.
    let ways: [&[&str]; 2] = [&["--mount"], &["--mount", "--map-root-user"]];
    let mounts = |way: &&&[&str]| {
        let mount =
            Command::new("unshare").args(**way).args(["mount", "-t", "tmpfs", "tmpfs"]).arg(std::env::temp_dir()).output();
        mount.is_ok_and(|done| done.status.success())
    };
    let Some(way) = ways.iter().find(mounts) else {
        println!("skipped: nobody may mount a small disk here (`unshare --mount`)");
        return Ok(());
    };
    let inner = Command::new("unshare")
        .args(*way)
        .arg(std::env::current_exe()?)
        .args(["--exact", "faults::full::on_a_small_disk", "--ignored", "--nocapture"])
        .env(INSIDE, "1")
        .output()?;
    // Told only when it failed: whoever counts tests by their closing lines would count it twice.
    let said = [inner.stdout, inner.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    ensure!(inner.status.success(), "on the small disk:\n{said}");
    Ok(())
}

#[test]
#[ignore = "started by the test above, where it may mount"]
fn on_a_small_disk() -> Result<()> {
    if std::env::var_os(INSIDE).is_none() {
        return Ok(());
    }
    let mut site = Site::empty()?;
    fs::create_dir(site.data())?;
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", DISK, "tmpfs"]).arg(site.data()).status()?;
    ensure!(mounted.success(), "the small disk cannot be mounted");
    site.set_up()?;
    tokio::runtime::Runtime::new()?.block_on(fill(&mut site))
}

/// Somebody else's file on the same disk.
struct Hog(std::path::PathBuf);

impl Hog {
    /// Takes all but `left` bytes; 0 takes every last one.
    fn take(site: &Site, left: u64, free: u64) -> Result<Hog> {
        let hog = Hog(site.data().join("hog"));
        let mut file = File::create(&hog.0)?;
        let piece = vec![1; 64 << 10];
        let mut taken = 0;
        while left == 0 || taken + left < free {
            match file.write_all(&piece) {
                Ok(()) => taken += piece.len() as u64,
                Err(_) if left == 0 => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(hog)
    }

    fn leave(self) -> Result<()> {
        Ok(fs::remove_file(self.0)?)
    }
}

async fn fill(site: &mut Site) -> Result<()> {
    site.start()?;
    let mut client = site.client()?;
    let mut filed = Vec::new();
    for number in 0..20 {
        let new = report(number);
        client.file_report(&new).await?;
        filed.push(new);
    }

    // Below the reserve: nothing new, and a word that clients can act on.
    let hog = Hog::take(site, LITTLE, client.health().await?.free_bytes)?;
    refuses(&client, &report(20)).await?;
    ensure!(client.health().await?.state == "storage_full", "the daemon does not say how it is");
    ensure!(client.town().await?.refuses.as_deref() == Some("storage_full"), "the kiosk is not told");
    reads(&client, &filed).await?;
    hog.leave()?;
    let refused = report(20);
    client.file_report(&refused).await?;
    filed.push(refused);
    ensure!(client.health().await?.state == "ok", "there is room again, and the daemon says otherwise");

    // Not a byte left, power lost: it opens for readers all the same.
    let hog = Hog::take(site, 0, 0)?;
    refuses(&client, &report(21)).await?;
    reads(&client, &filed).await?;
    site.kill()?;
    site.start()?;
    client = site.client()?;
    ensure!(site.said().contains("gave up the ballast"), "{}", site.said());
    refuses(&client, &report(21)).await?;
    reads(&client, &filed).await?;
    // The journal's own file may have grown by what the ballast gave.
    hog.leave()?;
    for number in 21..30 {
        let new = report(number);
        client.file_report(&new).await?;
        filed.push(new);
    }
    reads(&client, &filed).await?;
    site.stop()?;
    site.run(&["verify"])?;
    Ok(())
}

/// Whatever writes is refused by the same stable code.
async fn refuses(client: &Client, new: &NewReport) -> Result<()> {
    for refused in [client.file_report(new).await.map(drop), client.store_photo(PHOTO.to_vec()).await.map(drop)] {
        match refused {
            Err(CallError::Said { status: 507, body }) if body.code == "storage_full" && body.message.contains("make room") => {}
            other => bail!("a full disk was answered with {other:?}"),
        }
    }
    let unknown = client.report(new.id).await.err();
    ensure!(unknown.is_some_and(|error| error.code() == "unknown_report"), "a report that was refused is there");
    Ok(())
}

/// Everything that was acknowledged can be read, and nothing else.
async fn reads(client: &Client, filed: &[NewReport]) -> Result<()> {
    for new in filed {
        ensure!(client.report(new.id).await?.text == new.text);
    }
    ensure!(client.follow(&Follow { code: filed[0].code }).await?.summary.id == filed[0].id);
    let reports = client.health().await?.reports as usize;
    ensure!(reports == filed.len(), "{reports} reports, {} were acknowledged", filed.len());
    Ok(())
}
