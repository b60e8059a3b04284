//! Somebody who stands before the kiosk: looks at the screen, touches what is there, and waits for what comes of it.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use super::case::Trial;
use super::sight::Sight;
use crate::machine::Machine;
use crate::machine::screen::Picture;

/// Between two looks: a picture takes time that the box then does not have.
const BETWEEN: Duration = Duration::from_millis(250);

/// For the answer to a touch.
const ANSWER: Duration = Duration::from_secs(30);

/// A touch that changed nothing for so long was not felt, and is done once more.
const UNFELT: Duration = Duration::from_secs(8);

/// Share of pixels that may differ between two pictures of the same: a caret.
const SAME: f64 = 0.0005;

/// What is reported.
pub struct Told {
    /// Which tile, by its place among the categories.
    pub category: usize,
    /// Where on the map, by shares of its width and height.
    pub place: (f64, f64),
    /// Letters and spaces, the first one large.
    pub words: &'static str,
}

pub struct Visit<'m, 'r> {
    machine: &'m mut Machine<'r>,
    /// Quarters by which the box turns its picture clockwise.
    quarters: u32,
    /// What was seen last, upright.
    seen: Picture,
}

impl<'m, 'r> Visit<'m, 'r> {
    pub fn new(machine: &'m mut Machine<'r>, degrees: u32) -> Result<Visit<'m, 'r>> {
        let seen = machine.screen()?;
        Ok(Visit { machine, quarters: degrees / 90, seen })
    }

    /// What was seen last.
    pub fn seen(&self) -> &Picture {
        &self.seen
    }

    /// The screen as somebody sees it who stands before it.
    fn look(&mut self) -> Result<Picture> {
        Ok(self.machine.screen()?.turned(4 - self.quarters))
    }

    /// Waits until something can be seen, and nothing moves any more; what it is.
    pub fn wait<T>(&mut self, what: &str, limit: Duration, find: impl Fn(&Sight) -> Option<T>) -> Result<T> {
        let began = self.machine.elapsed();
        let mut last: Option<Picture> = None;
        loop {
            let screen = self.look()?;
            let found = Sight::of(&screen).and_then(|sight| find(&sight));
            let is_still = last.is_some_and(|last| last.difference(&screen, screen.whole(), 0).is_ok_and(|share| share < SAME));
            self.seen = screen.clone();
            last = Some(screen);
            if let Some(found) = found.filter(|_| is_still) {
                return Ok(found);
            }
            if self.machine.elapsed() - began > limit || self.machine.ended()?.is_some() {
                return Err(self.machine.failure(&format!("{what} did not come on the screen within {} s", limit.as_secs())));
            }
            thread::sleep(BETWEEN);
        }
    }

    /// Touches a point of what was seen, and waits for what is to come of it.
    pub fn touch<T>(&mut self, at: (usize, usize), what: &str, find: impl Fn(&Sight) -> Option<T>) -> Result<T> {
        let before = self.seen.clone();
        let (x, y) = before.origin(at, 4 - self.quarters);
        let touched = self.machine.elapsed();
        self.machine.tap(x as u32, y as u32)?;
        loop {
            let screen = self.look()?;
            if before.difference(&screen, screen.whole(), 0)? > 0.0 {
                break;
            }
            if self.machine.elapsed() - touched > UNFELT {
                println!("   the touch for {what} was not felt: once more");
                self.machine.tap(x as u32, y as u32)?;
                break;
            }
            thread::sleep(BETWEEN);
        }
        self.wait(what, ANSWER, find)
    }

    /// Keeps the picture for people.
    pub fn keep(&mut self, trial: &Trial, name: &str) -> Result<()> {
        let file = self.machine.picture(name)?;
        let to = trial.bench.out.join(format!("{name}.png"));
        std::fs::copy(&file, &to).with_context(|| format!("cannot keep {}", to.display()))?;
        Ok(())
    }

    /// The first screen of a box whose town is there: its four tiles.
    pub fn home(&mut self, limit: Duration) -> Result<[(usize, usize); 4]> {
        self.wait("the first screen, without a warning", limit, |sight| sight.home().filter(|_| !sight.is_warned()))
    }

    /// Reports a problem, from the first screen to the slip; the code that stands there. A picture of each screen is kept.
    pub fn report(&mut self, trial: &Trial, id: &str, told: &Told) -> Result<String> {
        let tiles = self.home(ANSWER)?;
        self.keep(trial, &format!("{id}-1-home"))?;
        let categories = self.touch(tiles[0], "the categories", |sight| sight.categories())?;
        self.keep(trial, &format!("{id}-2-category"))?;
        let tile = categories.get(told.category).context("there are fewer categories")?.middle();
        let (across, down) = told.place;
        let place = self.touch(tile, "the map", |sight| sight.map(across, down).filter(|_| sight.is_held_back()))?;
        self.keep(trial, &format!("{id}-3-place"))?;
        let on = self.touch(place, "a place on the map", |sight| sight.on().filter(|_| !sight.is_held_back()))?;
        self.keep(trial, &format!("{id}-4-chosen"))?;
        let lines = self.touch(on.middle(), "the field for words", |sight| sight.lines())?;
        self.keep(trial, &format!("{id}-5-details"))?;
        self.touch(lines.middle(), "the keyboard", |sight| sight.key('q'))?;
        for letter in told.words.to_lowercase().chars() {
            self.letter(letter)?;
        }
        self.keep(trial, &format!("{id}-6-typing"))?;
        let done = Sight::of(&self.seen).and_then(|sight| sight.on()).context("no key that ends typing")?;
        let on = self.touch(done.middle(), "what was typed, without the keyboard", |sight| {
            sight.on().filter(|_| sight.keyboard().is_none() && sight.lines().is_some())
        })?;
        let send = self.touch(on.middle(), "the overview", |sight| sight.on().filter(|_| sight.lines().is_none()))?;
        self.keep(trial, &format!("{id}-7-review"))?;
        let code = self.touch(send.middle(), "the slip", |sight| sight.slip())?;
        self.keep(trial, &format!("{id}-8-slip"))?;
        Ok(code)
    }

    /// Types one letter, and waits until something stands on the screen that did not before.
    fn letter(&mut self, letter: char) -> Result<()> {
        let (before, at) = {
            let sight = Sight::of(&self.seen).context("the keyboard is gone")?;
            (sight.above(), sight.key(letter).with_context(|| format!("the keyboard has no key {letter:?}"))?)
        };
        let last = self.seen.clone();
        let typed = |sight: &Sight| {
            let part = crate::machine::screen::Region { height: before.height.min(sight.above().height), ..before };
            (last.difference(sight.picture(), part, 0).ok()? > 0.0).then_some(())
        };
        self.touch(at, &format!("the letter {letter:?}"), typed)
    }

    /// Touches what ends the visit; the first screen comes back.
    pub fn finish(&mut self) -> Result<()> {
        let finish = Sight::of(&self.seen).and_then(|sight| sight.finish()).context("nothing ends the visit")?;
        self.touch(finish, "the first screen after the visit", |sight| sight.home().map(|_| ()))
    }
}

/// Whether the tiles stand as they are read: in a column, or two by two.
pub fn are_in_order([problem, idea, news, code]: [(usize, usize); 4]) -> bool {
    let is_below = |upper: (usize, usize), lower: (usize, usize)| upper.0.abs_diff(lower.0) < 4 && upper.1 < lower.1;
    let is_beside = |left: (usize, usize), right: (usize, usize)| left.1.abs_diff(right.1) < 4 && left.0 < right.0;
    let is_column = is_below(problem, idea) && is_below(idea, news) && is_below(news, code);
    let is_square = is_beside(problem, idea) && is_below(problem, news) && is_below(idea, code) && is_beside(news, code);
    is_column || is_square
}

/// Whether a text has the form of a follow-up code: three groups of four.
pub fn is_code(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let is_group =
        |group: &&str| group.len() == 4 && group.chars().all(|letter| letter.is_ascii_digit() || letter.is_ascii_uppercase());
    groups.len() == 3 && groups.iter().all(is_group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_read_from_the_top_left() {
        assert!(are_in_order([(9, 10), (9, 30), (10, 50), (9, 70)]));
        assert!(are_in_order([(9, 10), (50, 10), (9, 70), (50, 70)]));
        assert!(!are_in_order([(50, 10), (9, 10), (50, 70), (9, 70)]), "as in a mirror");
        assert!(!are_in_order([(9, 70), (9, 50), (9, 30), (9, 10)]), "upside down");
        assert!(!are_in_order([(10, 9), (30, 9), (50, 9), (70, 9)]), "on its side");
    }

    #[test]
    fn a_code_has_three_groups() {
        assert!(is_code("B9D5-MPJT-B9D1"));
        assert!(!is_code("B9D5-MPJT") && !is_code("b9d5-mpjt-b9d1") && !is_code("https://example.org"));
    }
}
