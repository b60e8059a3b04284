//! `wegovnow-box boot-state`: what RAUC asks of a custom boot loader (its `src/bootloaders/custom.c`), and what a person asks.
//!
//! RAUC runs the program with `get-primary`, `get-state NAME`, `set-primary NAME` or `set-state NAME good|bad`, where NAME is a
//! slot's `bootname`; it wants the name, or `good` or `bad`, on standard output, nothing else there, and exit code 0.

use anyhow::Result;
use bootstate::{Slot, State};
use serde::{Deserialize, Serialize};

use crate::{Caretaker, esp, history};

/// Below `/run/wegovnow-box`: what was last read or written, so that the partition is not mounted for everyone who looks. GRUB
/// alone changes it otherwise, before the system starts.
pub const CACHE: &str = "boot-state.json";

/// What the boot loader does next, in plain values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub order: Vec<String>,
    pub next: String,
    pub a: SlotSummary,
    pub b: SlotSummary,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotSummary {
    pub ok: bool,
    pub pending: bool,
    pub tries: u8,
}

impl Summary {
    pub fn of(state: &State) -> Summary {
        let one = |slot| {
            let mark = state.policy.mark(slot);
            SlotSummary { ok: mark.ok, pending: mark.pending, tries: state.tries.of(slot) }
        };
        Summary {
            order: state.policy.order().map(|slot| slot.letter().to_owned()).collect(),
            next: state.primary().letter().to_owned(),
            a: one(Slot::A),
            b: one(Slot::B),
        }
    }

    pub fn slot(&self, slot: Slot) -> &SlotSummary {
        match slot {
            Slot::A => &self.a,
            Slot::B => &self.b,
        }
    }
}

pub fn get_primary(care: &Caretaker<'_>) -> Result<String> {
    Ok(esp::state(care)?.primary().boot_name().to_owned())
}

pub fn get_state(care: &Caretaker<'_>, slot: Slot) -> Result<String> {
    Ok(if esp::state(care)?.is_good(slot) { "good" } else { "bad" }.to_owned())
}

/// After an installation: the slot goes on trial.
pub fn set_primary(care: &Caretaker<'_>, slot: Slot) -> Result<()> {
    esp::set_primary(care, slot)?;
    note(care, &format!("slot {slot} is first, on trial"));
    Ok(())
}

pub fn set_state(care: &Caretaker<'_>, slot: Slot, is_good: bool) -> Result<()> {
    if is_good {
        esp::mark_good(care, slot)?;
    } else {
        esp::mark_bad(care, slot)?;
    }
    note(care, &format!("slot {slot} was marked {}", if is_good { "good" } else { "bad" }));
    Ok(())
}

/// It is done, whether or not it can be written down.
fn note(care: &Caretaker<'_>, text: &str) {
    if let Err(error) = history::note(care, "boot-state", text) {
        eprintln!("{error:#}");
    }
}

/// For people.
pub fn show(care: &Caretaker<'_>) -> Result<String> {
    Ok(describe(&esp::state(care)?))
}

pub fn describe(state: &State) -> String {
    let order: Vec<&str> = state.policy.order().map(Slot::letter).collect();
    let mut text = format!("order   {}\nnext    {}\n", order.join(" "), state.primary());
    for slot in Slot::BOTH {
        let mark = state.policy.mark(slot);
        let word = match (mark.ok, mark.pending) {
            (false, _) => "bad",
            (true, true) => "on trial",
            (true, false) => "good",
        };
        let max = if mark.pending { bootstate::TRIAL_MAX } else { bootstate::GOOD_MAX };
        text += &format!("slot {slot}  {word}, {} of {max} tries used\n", state.tries.of(slot));
    }
    if state.tries.exhausted {
        text += "all tries were used up once already\n";
    }
    text
}
