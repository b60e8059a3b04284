//! The layout of 128x64: a title, a line, and 51 rows of dots below it. One column and one row at the edge stay free for the shift.

use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::Point;
use embedded_graphics::pixelcolor::Rgb888;

use super::{Scene, fill};
use crate::canvas::palette::{BLACK, INK};
use crate::code::Code;
use crate::lettering::{Cell, Pen};
use crate::sheet::{Body, Row, Tone};
use crate::word::Word;

const TINY: Pen = Pen::Dots(Cell::TINY);
const BODY: Pen = Pen::Dots(Cell::BODY);
const BOLD: Pen = Pen::Dots(Cell::BOLD);
const LARGE: Pen = Pen::Dots(Cell::LARGE);
const HUGE: Pen = Pen::Dots(Cell::HUGE);

/// First row below the title.
const TOP: i32 = 13;

pub fn draw<D>(scene: &Scene<'_>, target: &mut D) -> Result<(), D::Error>
where
    D: DrawTarget<Color = Rgb888>,
{
    target.clear(BLACK)?;
    let mut sheet = Small { target, width: scene.size.width.saturating_sub(1), bottom: scene.size.height as i32 - 1, y: TOP };
    if let Body::Code { link, code, left, advice } = &scene.sheet.body
        && let Some(picture) = link.as_deref().and_then(Code::of)
        && picture.module_px(scene.size.height).is_some()
    {
        return sheet.code(scene, &picture, code.as_deref(), left.as_deref(), *advice);
    }
    sheet.title(scene)?;
    match &scene.sheet.body {
        Body::Rows(rows) => sheet.rows(scene, rows),
        Body::Text { sentence, reason, advice } => sheet.text(sentence, reason.as_deref(), advice),
        Body::Code { code, left, advice, .. } => {
            sheet.y += 4;
            sheet.line(scene.language.say(*advice), &[BODY, TINY])?;
            sheet.y += 4;
            sheet.line(code.as_deref().unwrap_or("–"), &[HUGE, LARGE, BODY, TINY])?;
            sheet.y += 2;
            sheet.line(left.as_deref().unwrap_or_default(), &[BODY, TINY])
        }
        Body::Choice { choices, selected, meaning, advice } => {
            sheet.line(choices.get(*selected).map_or("", String::as_str), &[LARGE, BOLD, BODY])?;
            sheet.y += 1;
            for line in TINY.wrap(meaning.as_deref().unwrap_or_default(), sheet.width).iter().take(2) {
                sheet.line(line, &[TINY])?;
            }
            sheet.y = sheet.bottom - 16;
            for word in advice {
                sheet.line(scene.language.say(*word), &[TINY])?;
            }
            Ok(())
        }
    }
}

/// Letters of a sentence and of what to do, from the largest.
const SIZES: [(Pen, Pen); 5] = [(LARGE, BODY), (BOLD, BODY), (BODY, BODY), (BODY, TINY), (TINY, TINY)];

/// Lines and what they are written with.
type Block = (Pen, Vec<String>);

fn block(pen: Pen, text: &str, width_px: u32) -> Block {
    (pen, pen.wrap(text, width_px))
}

fn height((pen, lines): &Block) -> i32 {
    (pen.line_px() as usize * lines.len()) as i32
}

struct Small<'t, D> {
    target: &'t mut D,
    width: u32,
    bottom: i32,
    /// Where the next line goes.
    y: i32,
}

impl<D: DrawTarget<Color = Rgb888>> Small<'_, D> {
    fn write(&mut self, pen: Pen, text: &str, x: i32) -> Result<(), D::Error> {
        pen.write(self.target, text, Point::new(x, self.y), INK, BLACK)
    }

    fn write_right(&mut self, pen: Pen, text: &str) -> Result<(), D::Error> {
        let x = self.width as i32 - pen.width_px(text) as i32;
        self.write(pen, text, x)
    }

    /// A line with the first pen it fits with, else shortened with the last one.
    fn line(&mut self, text: &str, pens: &[Pen]) -> Result<(), D::Error> {
        let fits = pens.iter().find(|pen| pen.width_px(text) <= self.width);
        let Some(pen) = fits.or(pens.last()).copied() else { return Ok(()) };
        self.write(pen, &pen.shorten(text, self.width), 0)?;
        self.y += pen.line_px() as i32;
        Ok(())
    }

    fn title(&mut self, scene: &Scene<'_>) -> Result<(), D::Error> {
        self.y = 0;
        let age = scene.age();
        let (pen, right) = match (&age, scene.place()) {
            (Some(age), _) => (TINY, age.clone()),
            (None, place) => (BODY, place.unwrap_or_default()),
        };
        let right = pen.shorten(&right, self.width * 5 / 8);
        let mut room = self.width.saturating_sub(pen.width_px(&right) + 3);
        let mut x = 0;
        if scene.sheet.tone == Tone::Bad {
            self.exclamation()?;
            x = 12;
            room = room.saturating_sub(12);
        }
        self.write(BODY, &BODY.shorten(scene.title(), room), x)?;
        self.write_right(pen, &right)?;
        fill(self.target, 0, 10, self.width, 1, INK)?;
        self.y = TOP;
        Ok(())
    }

    /// A mark of danger: a lit triangle with a dark stroke in it.
    fn exclamation(&mut self) -> Result<(), D::Error> {
        for row in 0..9 {
            let half = row / 2;
            fill(self.target, 4 - half, row, (2 * half + 1) as u32, 1, INK)?;
        }
        fill(self.target, 4, 3, 1, 3, BLACK)?;
        fill(self.target, 4, 7, 1, 1, BLACK)
    }

    fn rows(&mut self, scene: &Scene<'_>, rows: &[Row]) -> Result<(), D::Error> {
        // A page whose rows are all alike spreads them over the height.
        let has_main = rows.iter().any(|row| scene.is_main(row));
        let gap = if has_main { 0 } else { (self.bottom - TOP - 10 * rows.len() as i32) / (rows.len().max(1) as i32 + 1) };
        self.y += gap.clamp(0, 3);
        for row in rows {
            let height = if scene.is_main(row) { self.main(row)? } else { self.row(scene, row)? };
            self.y += height + gap.clamp(0, 3);
        }
        Ok(())
    }

    /// The page's main thing, as large as fits. Returns its height; 0 when there was no room left.
    fn main(&mut self, row: &Row) -> Result<i32, D::Error> {
        let pens = if self.y == TOP { &[HUGE, LARGE, BOLD, BODY][..] } else { &[BODY][..] };
        let fits = pens.iter().copied().find(|pen| pen.width_px(&row.value) <= self.width);
        let pen = fits.unwrap_or(BODY);
        let mut lines = pen.wrap(&row.value, self.width);
        if !row.is_whole && lines.len() > 2 {
            let rest = lines.split_off(1).join(" ");
            lines.push(pen.shorten(&rest, self.width));
        }
        let height = (pen.line_px() * lines.len() as u32) as i32;
        if self.y + height > self.bottom + 1 {
            return Ok(0);
        }
        let top = self.y;
        for line in &lines {
            self.write(pen, line, 0)?;
            self.y += pen.line_px() as i32;
        }
        self.y = top;
        Ok(height + if top == TOP { 2 } else { 0 })
    }

    fn row(&mut self, scene: &Scene<'_>, row: &Row) -> Result<i32, D::Error> {
        let label = scene.language.say(row.label);
        let room = self.width.saturating_sub(BODY.width_px(label) + 4);
        let pen = [BODY, TINY].into_iter().find(|pen| pen.width_px(&row.value) <= room);
        let lines = match pen {
            None if row.is_whole => TINY.wrap(&row.value, self.width),
            _ => Vec::new(),
        };
        let height = 10 + 8 * lines.len() as i32;
        if self.y + height > self.bottom + 1 {
            return Ok(0);
        }
        self.write(BODY, label, 0)?;
        if lines.is_empty() {
            let pen = pen.unwrap_or(TINY);
            // Lettering of another height stands on the same line.
            let drop = i32::from(pen.line_px() < BODY.line_px());
            self.y += drop;
            self.write_right(pen, &pen.shorten(&row.value, room))?;
            self.y -= drop;
        }
        let top = self.y;
        self.y += 10;
        for line in &lines {
            self.write(TINY, line, 0)?;
            self.y += 8;
        }
        self.y = top;
        Ok(height)
    }

    /// A sentence, the machine's own words if there is room, and what to do: in the largest letters in which all of it fits.
    fn text(&mut self, sentence: &str, reason: Option<&str>, advice: &str) -> Result<(), D::Error> {
        let room = self.bottom - TOP + 1;
        let reason_least = if reason.is_some() { TINY.line_px() as i32 } else { 0 };
        let all = SIZES.map(|(first, second)| [block(first, sentence, self.width), block(second, advice, self.width)]);
        let fits = |blocks: &&[Block; 2]| blocks.iter().map(height).sum::<i32>() + reason_least + 2 <= room;
        let mut blocks: Vec<Block> = all.iter().find(fits).or(all.last()).map_or_else(Vec::new, |blocks| blocks.to_vec());
        if let Some(reason) = reason {
            let left = room - blocks.iter().map(height).sum::<i32>() - 2;
            let (_, mut lines) = block(TINY, reason, self.width);
            let most = (left / 8).max(0) as usize;
            if lines.len() > most {
                let rest = lines.get(most.saturating_sub(1)..).unwrap_or_default().join(" ");
                lines.truncate(most.saturating_sub(1));
                if most > 0 {
                    lines.push(TINY.shorten(&format!("{rest}…"), self.width));
                }
            }
            blocks.insert(1, (TINY, lines));
        }
        let used: i32 = blocks.iter().map(height).sum();
        let gap = ((room - used) / blocks.len().max(1) as i32).clamp(0, 4);
        for (pen, lines) in blocks {
            for line in lines {
                self.write(pen, &line, 0)?;
                self.y += pen.line_px() as i32;
            }
            self.y += gap;
        }
        Ok(())
    }

    /// The picture takes the whole height; beside it the code to type.
    fn code(
        &mut self,
        scene: &Scene<'_>,
        picture: &Code,
        code: Option<&str>,
        left: Option<&str>,
        advice: Word,
    ) -> Result<(), D::Error> {
        let side = scene.size.height;
        picture.draw(self.target, Point::zero(), side)?;
        let x = side as i32 + 4;
        let room = self.width.saturating_sub(x as u32);
        self.y = 0;
        for line in TINY.wrap(scene.language.say(advice), room).iter().take(3) {
            self.write(TINY, line, x)?;
            self.y += 8;
        }
        self.y = 27;
        let code = code.unwrap_or("–");
        let pen = [HUGE, LARGE, BODY, TINY].into_iter().find(|pen| pen.width_px(code) <= room);
        for line in pen.unwrap_or(TINY).wrap(code, room) {
            self.write(pen.unwrap_or(TINY), &line, x)?;
            self.y += pen.unwrap_or(TINY).line_px() as i32;
        }
        self.y = self.bottom - 18;
        let left = TINY.shorten(left.unwrap_or_default(), room);
        self.write(TINY, &left, x)?;
        self.y = self.bottom - 8;
        if let Some(age) = scene.age() {
            let age = TINY.shorten(&age, room);
            return self.write(TINY, &age, x);
        }
        match scene.place() {
            Some(place) => self.write_right(TINY, &place),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word::Language;

    const WIDTH: u32 = 127;
    const ROOM: i32 = 51;

    /// Each sentence and what to do, with the longest that stands in their gaps.
    #[test]
    fn every_fault_fits_in_every_language() {
        let pairs = [
            (Word::StoreReadOnlyIs, "", Word::StoreReadOnlyDo),
            (Word::StoreDownIs, "", Word::StoreDownDo),
            (Word::DiskTroubleIs, "", Word::DiskTroubleDo),
            (Word::DiskFullIs, "320\u{a0}MB", Word::DiskFullDo),
            (Word::DiskWornIs, "104", Word::DiskWornDo),
            (Word::RolledBackIs, "2026.12.10", Word::RolledBackDo),
            (Word::TooHotIs, "104", Word::TooHotDo),
            (Word::KioskDownIs, "", Word::KioskDownDo),
            (Word::RefusedIs, "", Word::RefusedDo),
            (Word::ClockIs, "", Word::ClockDo),
            (Word::SyncOldIs, "2300\u{a0}pv", Word::SyncOldDo),
            (Word::CaptiveIs, "", Word::CaptiveDo),
            (Word::OfflineIs, "", Word::OfflineDo),
            (Word::HintIs, "", Word::HintDo),
        ];
        let mut wrong = Vec::new();
        for language in Language::ALL {
            for (sentence, inside, advice) in pairs {
                let sentence = language.say_with(sentence, inside);
                // A reason takes one line at least.
                let reason = if matches!(advice, Word::RolledBackDo | Word::DiskTroubleDo | Word::RefusedDo) { 8 } else { 0 };
                let fits = SIZES.iter().take(4).any(|(first, second)| {
                    let blocks = [block(*first, &sentence, WIDTH), block(*second, language.say(advice), WIDTH)];
                    blocks.iter().map(height).sum::<i32>() + reason + 2 <= ROOM
                });
                wrong.extend((!fits).then(|| format!("{sentence} {}", language.say(advice))));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn every_choice_fits_in_every_language() {
        for language in Language::ALL {
            for word in [Word::ResetSettingsIs, Word::ResetDataIs, Word::ResetFullIs] {
                assert!(TINY.wrap(language.say(word), WIDTH).len() <= 2, "{}", language.say(word));
            }
            for word in [Word::ShortNext, Word::HoldDo] {
                assert!(TINY.width_px(language.say(word)) <= WIDTH, "{}", language.say(word));
            }
            for word in [Word::Cancel, Word::ResetSettings, Word::ResetData, Word::ResetFull] {
                assert!(LARGE.width_px(language.say(word)) <= WIDTH, "{}", language.say(word));
            }
        }
    }

    #[test]
    fn every_row_has_room_for_its_words_in_every_language() {
        let rows = [
            (Word::Store, &[Word::Open, Word::Starting, Word::ReadOnly, Word::Down][..]),
            (Word::Kiosk, &[Word::Shown, Word::Starting, Word::Down, Word::WithoutScreen]),
            (Word::Trust, &[Word::Verified, Word::Unverified]),
            (Word::Cable, &[Word::Plugged, Word::Unplugged]),
            (Word::State, &[Word::Good, Word::OnTrial]),
            (Word::Synced, &[Word::Alone]),
        ];
        for language in Language::ALL {
            for (label, values) in rows {
                let room = WIDTH - BODY.width_px(language.say(label)) - 4;
                for value in values {
                    assert!(TINY.width_px(language.say(*value)) <= room, "{}: {}", language.say(label), language.say(*value));
                }
            }
        }
    }
}
