//! Recovery: the box stays still, says what happened, and does what a technician chooses. It never starts again by itself.

mod menu;
mod form;
mod screen;
mod console;
mod log;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use panel::boot::Recovery;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use rustix::system::{RebootCommand, reboot};

use crate::disk::Disk;
use crate::history::{History, Word};
use crate::reset::Tier;
use crate::slot::{self, Slot};
use crate::{Level, ext4, say, state};

pub use console::Consoles;
use menu::{Choice, Menu};

/// Where the state partition is looked at.
const STATE: &str = "/state";

/// Lines of the history that are shown.
const HISTORY_SHOWN: usize = 6;

/// Digits of a root hash that are shown: enough to tell builds apart.
const HASH_SHOWN: usize = 16;

/// What a technician wants to know.
#[derive(Default)]
pub struct Page {
    pub reason: String,
    pub serial: String,
    pub machine_id: String,
    pub disk: String,
    /// One line each.
    pub slots: Vec<String>,
    pub history: String,
}

/// Returns with the slot to start.
pub fn run(mut disk: Option<&mut Disk>, reason: &str, consoles: &mut Consoles) -> (char, Slot) {
    say(Level::Error, &format!("recovery: {reason}"));
    let page = page(disk.as_deref(), reason);
    consoles.begin(&text(&page), picture(&page));
    let mut menu = Menu::Top;
    loop {
        let (next, choice) = menu.enter(&consoles.ask(menu));
        menu = next;
        let Some(choice) = choice else { continue };
        match carry_out(choice, disk.as_deref_mut(), &page) {
            Ok(Done::Start(slot, found)) => {
                consoles.end();
                return (slot, found);
            }
            Ok(Done::Said(text)) => consoles.tell(&text),
            Err(error) => consoles.tell(&format!("That did not work: {error:#}")),
        }
    }
}

enum Done {
    Start(char, Slot),
    Said(String),
}

fn carry_out(choice: Choice, disk: Option<&mut Disk>, page: &Page) -> Result<Done> {
    const NO_DISK: &str = "the disk the box was started from was not found";
    match choice {
        Choice::Start(slot) => {
            let found = slot::read(disk.context(NO_DISK)?, slot);
            let found = found.with_context(|| format!("slot {} cannot be started", slot.to_ascii_uppercase()))?;
            Ok(Done::Start(slot, found))
        }
        Choice::Restart => end(RebootCommand::Restart),
        Choice::PowerOff => end(RebootCommand::PowerOff),
        Choice::Export => {
            let text = format!("{}\n\n{}\n\nThe kernel's log\n\n{}", text(page), page.history, log::kernel());
            log::save(disk.as_deref(), &text).map(|place| Done::Said(format!("Saved: {place}")))
        }
        Choice::Reset(tier) => {
            let disk = disk.context(NO_DISK)?;
            if tier == Tier::Settings {
                with_state(disk, MountFlags::empty(), || state::set_wish(Path::new(STATE), "settings"))?;
            } else {
                disk.settle(Some(tier))?;
                if !tier.wipes().contains(&ext4::STATE.name) {
                    // It tells, and decides nothing: the reset is decided already.
                    let told = with_state(disk, MountFlags::empty(), || {
                        let mut history = History::default();
                        history.open(Path::new(STATE).join("history"));
                        history.note(Word::Reset, format!("{tier}, chosen in recovery"));
                        Ok(())
                    });
                    if let Err(error) = told {
                        say(Level::Error, &format!("the history does not tell of the reset: {error:#}"));
                    }
                }
            }
            say(Level::Error, &format!("recovery: factory reset {tier}, starting again"));
            end(RebootCommand::Restart)
        }
    }
}

/// Returns only where the machine does not do it.
fn end(command: RebootCommand) -> Result<Done> {
    rustix::fs::sync();
    // What was said is on its way out of the serial line.
    thread::sleep(Duration::from_millis(200));
    reboot(command).context("the machine does not obey")?;
    Ok(Done::Said("the machine does not obey: switch it off".to_owned()))
}

fn page(disk: Option<&Disk>, reason: &str) -> Page {
    let dmi = |name: &str| fs::read_to_string(format!("/sys/class/dmi/id/{name}")).unwrap_or_default().trim().to_owned();
    let mut page = Page { reason: reason.to_owned(), serial: dmi("product_serial"), ..Page::default() };
    let Some(disk) = disk else { return page };
    page.disk = format!("{}, {} MiB, {}", disk.name, disk.sectors().unwrap_or_default() / 2048, disk.table.disk);
    for slot in slot::SLOTS {
        let line = match slot::read(disk, slot) {
            Ok(found) => {
                let hash: String = found.verity.root_hash.chars().take(HASH_SHOWN).collect();
                format!("version {}, root hash {hash}", found.version)
            }
            Err(error) => format!("{error:#}"),
        };
        page.slots.push(format!("{}: {line}", slot.to_ascii_uppercase()));
    }
    // With a journal to play back, which only mounting does. It is a look, and may fail.
    let _ = with_state(disk, MountFlags::RDONLY, || {
        page.machine_id = fs::read_to_string(format!("{STATE}/machine-id")).unwrap_or_default().trim().to_owned();
        page.history = fs::read_to_string(format!("{STATE}/history")).unwrap_or_default();
        Ok(())
    });
    page
}

fn with_state(disk: &Disk, flags: MountFlags, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let device = disk.partition(ext4::STATE.name)?.device;
    fs::create_dir_all(STATE)?;
    let flags = flags | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount(&device, STATE, "ext4", flags, None).context("the state partition cannot be mounted")?;
    let done = work();
    unmount(STATE, UnmountFlags::empty()).context("the state partition cannot be taken off")?;
    done
}

/// As the screen shows it; menu and keys are added there.
fn picture(page: &Page) -> Recovery {
    let mut facts: Vec<String> = page.slots.iter().map(|slot| format!("Slot {slot}")).collect();
    let known = [("Disk", &page.disk), ("Machine id", &page.machine_id)].into_iter().filter(|(_, text)| !text.is_empty());
    facts.extend(known.map(|(name, text)| format!("{name}: {text}")));
    facts.extend(last_of(&page.history).map(|line| format!("History: {line}")));
    let serial = Some(page.serial.clone()).filter(|serial| !serial.is_empty());
    Recovery { serial, reason: form::capital(&page.reason), facts, ..Recovery::default() }
}

/// Of the history, as much as is shown.
fn last_of(history: &str) -> impl Iterator<Item = &str> {
    let lines: Vec<&str> = history.lines().collect();
    let from = lines.len().saturating_sub(HISTORY_SHOWN);
    lines.into_iter().skip(from)
}

fn text(page: &Page) -> String {
    let mut text = "==== WeGovNow recovery ====\n".to_owned();
    let or_unknown = |text: &str| if text.is_empty() { "unknown".to_owned() } else { text.to_owned() };
    let mut line = |name: &str, value: &str| text.push_str(&format!("{name:<11}{value}\n"));
    line("What", &page.reason);
    line("Serial", &or_unknown(&page.serial));
    line("Machine id", &or_unknown(&page.machine_id));
    line("Disk", &or_unknown(&page.disk));
    for slot in &page.slots {
        line("Slot", slot);
    }
    for entry in last_of(&page.history) {
        line("History", entry);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_what_is_known_and_what_is_not() {
        let history = (0..9).map(|at| format!("{at} repaired data\n")).collect();
        let page =
            Page { reason: "no slot comes up".to_owned(), slots: vec!["A: version 1".to_owned()], history, ..Page::default() };
        let text = text(&page);
        assert!(text.contains("What       no slot comes up\nSerial     unknown\n"), "{text}");
        assert!(text.contains("Slot       A: version 1\nHistory    3 repaired data\n"), "{text}");
        assert!(text.is_ascii(), "the console has few letters");
        let picture = picture(&page);
        assert_eq!(picture.facts[..2], ["Slot A: version 1", "History: 3 repaired data"]);
        assert_eq!((picture.reason.as_str(), picture.serial), ("No slot comes up", None));
    }
}
