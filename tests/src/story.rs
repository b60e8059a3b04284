//! A report from the kiosk to the console and back: a resident files it by touch, a clerk answers it by keys, the daemon is killed in
//! between, and the resident reads the answer with the code on the slip.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use i_slint_backend_testing::ElementHandle;
use kiosk::app::{Screen, State};
use kiosk::{Kiosk, Options};
use map::pbf::testville;

use crate::console::Console;
use crate::site::Site;

const PATIENCE: Duration = Duration::from_secs(30);

/// A resident's finger: finds things by what they are called.
pub(crate) struct Finger<'a>(pub &'a Kiosk);

impl Finger<'_> {
    pub(crate) fn find(&self, label: &str) -> Result<ElementHandle> {
        ElementHandle::find_by_accessible_label(self.0.window(), label).next().with_context(|| {
            format!(
                "the kiosk shows nothing called {label:?} on {:?} with {:?}",
                self.0.state().session.screen,
                self.0.state().session.notice
            )
        })
    }

    pub(crate) fn touch(&self, label: &str) -> Result<()> {
        // A person takes a breath between two buttons; the kiosk takes two strikes on one at once for a slip.
        self.0.later(Duration::from_secs(1));
        self.find(label)?.invoke_accessible_default_action();
        self.0.pump();
        Ok(())
    }

    pub(crate) fn write(&self, label: &str, text: &str) -> Result<()> {
        self.find(label)?.set_accessible_value(text);
        self.0.pump();
        Ok(())
    }

    pub(crate) fn wait(&self, what: &str, wish: impl Fn(&State) -> bool) -> Result<()> {
        ensure!(
            self.0.pump_until(PATIENCE, wish),
            "the kiosk never came to {what}; it shows {:?}",
            self.0.state().session.screen
        );
        Ok(())
    }
}

#[test]
fn a_report_travels_from_the_kiosk_to_the_console_and_back() -> Result<()> {
    let mut site = Site::new()?;
    site.start()?;

    // The resident: category, place by street and number, words, review, send.
    i_slint_backend_testing::init_no_event_loop();
    let kiosk = Kiosk::new(site.client()?, Options::default())?;
    let finger = Finger(&kiosk);
    finger.wait("the town", |state| state.town.is_some())?;
    finger.touch("Report a problem")?;
    finger.touch("Street lighting")?;
    finger.write("Street and number, or a place", &format!("{} 5", testville::STREETS[0]))?;
    finger.wait("suggestions", |state| !state.session.draft.found.is_empty())?;
    let found = kiosk.state().session.draft.found[0].label.clone();
    ensure!(found.contains("Birch Street") && found.contains('5'), "the search found {found:?} first");
    finger.touch(&found)?;
    finger.wait("the pin", |state| state.session.draft.point.is_some())?;
    finger.touch("Next")?;
    finger.write("Your words", "Dark since Monday, by the pharmacy")?;
    // The keyboard makes room for the rest when typing is over.
    if finger.find("Typing finished").is_ok() {
        finger.touch("Typing finished")?;
    }
    if let Ok(choice) = finger.find("It is out") {
        choice.invoke_accessible_default_action();
        kiosk.pump();
    }
    finger.touch("Next")?;
    finger.touch("Send")?;
    finger.wait("the slip", |state| state.session.screen == Screen::Slip)?;
    let draft = kiosk.state().session.draft;
    let filed = draft.filed.context("the kiosk shows a slip of no report")?;
    let (code, reference) = (draft.ids.context("the slip has no code")?.1.to_string(), filed.reference.clone());
    finger.find(&code)?;
    finger.touch("Finish")?;
    ensure!(finger.find(&code).is_err(), "the code is still on the screen after Finish");

    // The page of thanks clears by itself.
    kiosk.later(Duration::from_millis(kiosk::app::FINISHED_MS));
    finger.find("Follow up with a code")?;

    // Anybody finds it in the list and on the map, as long as they ask for such.
    let shown = |state: &State| {
        let browse = &state.session.browse;
        let listed = browse.reports.iter().any(|report| report.id == filed.id);
        (listed, browse.clusters.iter().any(|cluster| cluster.report == Some(filed.id)))
    };
    finger.touch("What is going on")?;
    finger.wait("the report in list and map", |state| shown(state) == (true, true))?;
    finger.touch("Filter")?;
    finger.touch("Suggestions")?;
    finger.wait("no problem in list and map", |state| shown(state) == (false, false))?;
    finger.touch("Close")?;
    finger.find("Nothing fits what you chose.")?;
    finger.touch("Show everything")?;
    finger.touch("Last week")?;
    finger.wait("a report of today", |state| shown(state) == (true, true))?;
    finger.touch("Finish")?;
    kiosk.later(Duration::from_millis(kiosk::app::FINISHED_MS));

    // Power fails: what was acknowledged is still there, and the kiosk notices by itself when the daemon is back.
    site.kill()?;
    finger.wait("the loss of the daemon", |state| !state.online)?;
    site.start()?;
    finger.wait("the daemon's return", |state| state.online)?;

    // The clerk: finds it among the new ones, sets it fixed with an answer.
    let mut console = Console::open(&site, 120, 36)?;
    console.wait_for(&reference)?;
    // On the map of the town, too, and from there back to the list.
    console.press("M")?;
    console.wait("the report on the map", |screen| screen.contains("1 of 1 here") && screen.contains(&reference))?;
    console.press("\x1b")?;
    console.wait("the list", |screen| screen.contains("1 New 1"))?;
    console.press("s")?;
    console.wait_for("ixed")?;
    console.press("fix\r")?;
    console.wait("room for an answer", |screen| screen.contains("Ctrl-s"))?;
    console.press("New bulb on Tuesday.\x13")?;
    console.wait("the decision", |screen| screen.contains(&reference) && screen.contains("status fixed"))?;
    console.leave()?;

    // The resident comes back with the slip.
    finger.touch("Follow up with a code")?;
    finger.write("Code", &code)?;
    if finger.find("Typing finished").is_ok() {
        finger.touch("Typing finished")?;
    } else {
        finger.touch("Show my report")?;
    }
    finger.wait("the answer", |state| {
        let report = state.session.opened.report.as_ref();
        report.is_some_and(|report| report.steps.iter().any(|step| step.answer.as_deref() == Some("New bulb on Tuesday.")))
    })?;
    finger
        .find("New bulb on Tuesday.")
        .or_else(|_| finger.find("The town answers"))
        .context("the answer is not on the screen")?;
    site.stop()
}
