//! What the button brings about: paging, waking, and, after a long hold, asking for a factory reset. Time is an argument.

use std::time::Duration;

use crate::button::Touch;
use crate::sheet::Page;
use crate::word::Word;

/// Shorter than this is a press. Longer, and let go before [`HOLD`], is a change of mind.
pub const PRESS_MAX: Duration = Duration::from_secs(1);
/// From here on the countdown is shown.
const COUNTDOWN: Duration = Duration::from_secs(2);
/// So long held opens the choice of a factory reset.
pub const HOLD: Duration = Duration::from_secs(10);
/// So long held does what is chosen.
pub const CONFIRM: Duration = Duration::from_secs(3);
/// Nobody touched it: a choice is dropped.
const CHOICE_LEFT: Duration = Duration::from_secs(30);
/// Nobody touched it: back to the first page.
const PAGE_LEFT: Duration = Duration::from_secs(120);
/// Nobody touched it: the display is dimmed.
pub const DIM_AFTER: Duration = Duration::from_secs(60);

/// How much a factory reset takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    Settings,
    Data,
    Full,
}

impl Tier {
    /// As the box's other programs call it.
    pub fn name(self) -> &'static str {
        match self {
            Tier::Settings => "settings",
            Tier::Data => "data",
            Tier::Full => "full",
        }
    }

    pub fn word(self) -> Word {
        match self {
            Tier::Settings => Word::ResetSettings,
            Tier::Data => Word::ResetData,
            Tier::Full => Word::ResetFull,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    Cancel,
    Settings,
    Data,
    Full,
}

impl Choice {
    pub const ALL: [Choice; 4] = [Choice::Cancel, Choice::Settings, Choice::Data, Choice::Full];

    fn tier(self) -> Option<Tier> {
        match self {
            Choice::Cancel => None,
            Choice::Settings => Some(Tier::Settings),
            Choice::Data => Some(Tier::Data),
            Choice::Full => Some(Tier::Full),
        }
    }

    pub fn word(self) -> Word {
        self.tier().map_or(Word::Cancel, Tier::word)
    }

    pub fn meaning(self) -> Option<Word> {
        match self {
            Choice::Cancel => None,
            Choice::Settings => Some(Word::ResetSettingsIs),
            Choice::Data => Some(Word::ResetDataIs),
            Choice::Full => Some(Word::ResetFullIs),
        }
    }
}

/// What the panel shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    Page(Page),
    /// The button is held: so many seconds until the choice opens.
    Hold {
        left_s: u64,
    },
    Reset {
        choice: Choice,
    },
    /// A reset was asked for, or could not be.
    Asked {
        tier: Tier,
        is_done: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Paging,
    Choosing(Choice),
    Asked(Tier, bool),
}

/// Where the panel is.
#[derive(Debug, Clone)]
pub struct Pager {
    can_reset: bool,
    wears: bool,
    mode: Mode,
    page: Option<Page>,
    held: Duration,
    /// This hold has had its effect; only letting go ends it.
    is_spent: bool,
    touched: Duration,
}

impl Pager {
    /// `can_reset`: somebody is there to carry out a factory reset. `wears`: the display is to be dimmed while nobody looks.
    pub fn new(can_reset: bool, wears: bool, now: Duration) -> Pager {
        Pager { can_reset, wears, mode: Mode::Paging, page: None, held: Duration::ZERO, is_spent: false, touched: now }
    }

    /// Takes what the button does. A tier comes back once when a reset is to be asked for; [`Pager::answer`] then says how that went.
    pub fn turn(&mut self, touch: Touch, pages: &[Page], now: Duration) -> Option<Tier> {
        let idle = self.idle(now);
        let mut asked = None;
        match touch {
            Touch::Idle => self.held = Duration::ZERO,
            Touch::Down { held } => {
                self.held = held;
                match self.mode {
                    Mode::Paging if self.can_reset && !self.is_spent && held >= HOLD => {
                        self.mode = Mode::Choosing(Choice::Cancel);
                        self.is_spent = true;
                    }
                    Mode::Choosing(choice) if !self.is_spent && held >= CONFIRM => {
                        self.mode = Mode::Paging;
                        self.is_spent = true;
                        asked = choice.tier();
                    }
                    _ => {}
                }
            }
            Touch::Up { held } => {
                if !self.is_spent && held < PRESS_MAX {
                    self.press(pages, idle);
                }
                self.is_spent = false;
                self.held = Duration::ZERO;
            }
        }
        match touch {
            // The press that wakes is over before it counts as a touch.
            Touch::Down { .. } if self.is_dim(now) && self.held < PRESS_MAX => {}
            Touch::Down { .. } | Touch::Up { .. } => self.touched = now,
            Touch::Idle if idle >= CHOICE_LEFT && self.mode != Mode::Paging => self.mode = Mode::Paging,
            Touch::Idle if idle >= PAGE_LEFT => self.page = None,
            Touch::Idle => {}
        }
        asked
    }

    fn press(&mut self, pages: &[Page], idle: Duration) {
        match self.mode {
            _ if self.wears && idle >= DIM_AFTER => {}
            Mode::Paging => {
                let next = (self.place(pages) + 1) % pages.len().max(1);
                self.page = pages.get(next).copied();
            }
            Mode::Choosing(choice) => {
                self.mode = Mode::Choosing(Choice::ALL[(choice as usize + 1) % Choice::ALL.len()]);
            }
            Mode::Asked(..) => self.mode = Mode::Paging,
        }
    }

    /// Was the reset taken on?
    pub fn answer(&mut self, tier: Tier, is_done: bool) {
        self.mode = Mode::Asked(tier, is_done);
    }

    /// Where in the pages it stands; at the first when its page is gone.
    pub fn place(&self, pages: &[Page]) -> usize {
        self.page.and_then(|page| pages.iter().position(|other| *other == page)).unwrap_or(0)
    }

    pub fn face(&self, pages: &[Page]) -> Face {
        match self.mode {
            Mode::Paging if self.can_reset && !self.is_spent && self.held >= COUNTDOWN => {
                Face::Hold { left_s: HOLD.saturating_sub(self.held).as_millis().div_ceil(1000) as u64 }
            }
            Mode::Paging => Face::Page(pages.get(self.place(pages)).copied().unwrap_or(Page::Address)),
            Mode::Choosing(choice) => Face::Reset { choice },
            Mode::Asked(tier, is_done) => Face::Asked { tier, is_done },
        }
    }

    fn idle(&self, now: Duration) -> Duration {
        now.saturating_sub(self.touched)
    }

    /// Nobody has touched the button for a while: the display is dimmed, and the next press only wakes it.
    pub fn is_dim(&self, now: Duration) -> bool {
        self.wears && self.idle(now) >= DIM_AFTER
    }

    /// Keeps a display that is always on from burning in: it is dimmed, and moved round one pixel, a step a minute.
    pub fn care(&self, now: Duration) -> Care {
        let shift = [(0, 0), (1, 0), (1, 1), (0, 1)][(now.as_secs() / 60 % 4) as usize];
        Care { is_dim: self.is_dim(now), shift }
    }
}

/// How a display is spared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Care {
    pub is_dim: bool,
    /// Pixels to the right and down.
    pub shift: (i32, i32),
}

#[cfg(test)]
mod tests;
