//! The daemon is killed (-9) while a resident is in the middle of a report: the screen says so, keeps what was typed, and goes on by
//! itself when the daemon is back.

use std::time::Duration;

use anyhow::{Result, ensure};
use kiosk::app::{Notice, Screen};
use kiosk::{Kiosk, Options};
use map::pbf::testville;

use crate::site::Site;
use crate::story::Finger;

const AWAY: &str =
    "The town's service does not answer at the moment. This screen goes on by itself as soon as it does; what you typed is kept.";
const WORDS: &str = "Dark since Monday, by the pharmacy";

#[test]
fn a_resident_in_the_middle_of_a_report_is_told_loses_nothing_and_goes_on() -> Result<()> {
    let mut site = Site::new()?;
    site.start()?;
    i_slint_backend_testing::init_no_event_loop();
    let kiosk = Kiosk::new(site.client()?, Options::default())?;
    let finger = Finger(&kiosk);
    finger.wait("the town", |state| state.town.is_some())?;
    finger.touch("Report a problem")?;
    finger.touch("Street lighting")?;
    finger.write("Street and number, or a place", &format!("{} 5", testville::STREETS[0]))?;
    finger.wait("suggestions", |state| !state.session.draft.found.is_empty())?;
    finger.touch(&kiosk.state().session.draft.found[0].label.clone())?;
    finger.touch("Next")?;
    finger.write("Your words", WORDS)?;
    ensure!(finger.find(AWAY).is_err(), "the kiosk complains about a daemon that answers");

    // Killed between two letters.
    site.kill()?;
    finger.wait("the loss of the daemon", |state| !state.online)?;
    finger.find(AWAY)?;
    let kept = || {
        let draft = kiosk.state().session.draft;
        draft.text.text() == WORDS && draft.point.is_some() && draft.address.is_some()
    };
    ensure!(kept(), "what was entered is gone");
    if finger.find("Typing finished").is_ok() {
        finger.touch("Typing finished")?;
    }
    finger.find("It is out")?.invoke_accessible_default_action();
    kiosk.pump();
    finger.touch("Next")?;
    finger.touch("Send")?;
    finger.wait("the refusal", |state| state.session.notice == Notice::Away)?;
    ensure!(kiosk.state().session.screen == Screen::Review && kept(), "sending without a daemon took something away");
    let ids = kiosk.state().session.draft.ids;

    // Nobody touches anything: the kiosk finds the daemon by itself.
    site.start()?;
    finger.wait("the daemon's return", |state| state.online && state.session.notice == Notice::None)?;
    ensure!(finger.find(AWAY).is_err(), "the kiosk still complains");
    ensure!(kept(), "what was entered is gone after the daemon's return");
    kiosk.later(Duration::from_secs(1));
    finger.touch("Send again").or_else(|_| finger.touch("Send"))?;
    finger.wait("the slip", |state| state.session.screen == Screen::Slip)?;
    ensure!(kiosk.state().session.draft.ids == ids, "the second try made another report");
    let health = tokio::runtime::Runtime::new()?.block_on(site.client()?.health())?;
    ensure!(health.reports == 1, "{} reports were filed", health.reports);
    site.stop()
}
