//! What a resident typed and did not send is nowhere in the box when they are gone: not in the store, not in the daemon's log, however
//! much it tells.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kiosk::app::{IDLE_MS, Screen, Session, WARNING_MS};
use kiosk::{Kiosk, Options};
use map::pbf::testville;

use crate::site::Site;
use crate::story::Finger;

/// Words that the first resident sends, and those that the second does not.
const SENT: &str = "Quokka lamp is dark";
const KEPT: [&str; 3] = ["zyzzogeton street", "My neighbour Xanthippe says so", "Quincunx"];

#[test]
fn what_was_not_sent_is_in_no_store_and_no_log() -> Result<()> {
    let mut site = Site::new()?;
    site.environment.push(("RUST_LOG".to_owned(), "trace".to_owned()));
    site.start()?;
    i_slint_backend_testing::init_no_event_loop();
    let kiosk = Kiosk::new(site.client()?, Options::default())?;
    let finger = Finger(&kiosk);
    finger.wait("the town", |state| state.town.is_some())?;

    describe(&finger, None, SENT)?;
    finger.touch("Next")?;
    finger.touch("Send")?;
    finger.wait("the slip", |state| state.session.screen == Screen::Slip)?;
    finger.touch("Finish")?;
    kiosk.later(Duration::from_millis(kiosk::app::FINISHED_MS));
    let health = || -> Result<api::Health> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(runtime.block_on(site.client()?.health())?)
    };
    let sent = health()?;
    ensure!(sent.events > 0 && sent.reports == 1, "what was sent is not in the store: {sent:?}");

    // Up to the last step before "Send", and a code that nobody has; then they walk off.
    let [searched, text, code] = KEPT;
    describe(&finger, Some(searched), text)?;
    finger.touch("Next")?;
    finger.find("Send")?;
    kiosk.later(Duration::from_millis(IDLE_MS + WARNING_MS));
    ensure!(kiosk.state().session == Session::default(), "the session is not over");
    finger.touch("Follow up with a code")?;
    finger.write("Code", code)?;
    kiosk.later(Duration::from_millis(IDLE_MS + WARNING_MS));
    // What the store holds is sealed: there it is counted, not searched.
    let after = health()?;
    ensure!((after.events, &after.digest) == (sent.events, &sent.digest), "the store took something: {after:?}");
    drop(kiosk);
    site.stop()?;

    let log = site.said();
    let traces = log.lines().filter(|line| line.contains(" TRACE ")).count();
    ensure!(traces > 500, "the log tells too little for the search to mean something: {traces} lines of the finest level");
    for file in files(site.folder())? {
        for words in KEPT {
            ensure!(!is_in(&file, words)?, "{words:?} is in {}", file.display());
        }
    }
    ensure!(!log.contains(SENT), "the log holds a report's words");
    Ok(())
}

/// A problem up to its words; with a search that finds nothing on the way.
fn describe(finger: &Finger<'_>, searched: Option<&str>, text: &str) -> Result<()> {
    const FIELD: &str = "Street and number, or a place";
    finger.touch("Report a problem")?;
    finger.touch("Street lighting")?;
    if let Some(searched) = searched {
        finger.write(FIELD, searched)?;
    }
    finger.write(FIELD, &format!("{} 5", testville::STREETS[0]))?;
    finger.wait("suggestions", |state| !state.session.draft.found.is_empty())?;
    let found = finger.0.state().session.draft.found.first().map(|place| place.label.clone());
    finger.touch(&found.context("nothing was found")?)?;
    finger.wait("the pin", |state| state.session.draft.point.is_some())?;
    // Where somebody has reported before, the button asks.
    let next = if finger.find("Next").is_ok() { "Next" } else { "This is a new one" };
    finger.touch(next)?;
    finger.write("Your words", text)?;
    if finger.find("Typing finished").is_ok() {
        finger.touch("Typing finished")?;
    }
    finger.touch("It is out")
}

fn is_in(file: &Path, words: &str) -> Result<bool> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    // In upper and lower case, and as an address has it.
    let text = String::from_utf8_lossy(&bytes).to_lowercase();
    let words = words.to_lowercase();
    Ok([words.clone(), words.replace(' ', "%20"), words.replace(' ', "+")].iter().any(|form| text.contains(form)))
}

/// Every file below, sockets left out.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            found.extend(files(&entry.path())?);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    Ok(found)
}
