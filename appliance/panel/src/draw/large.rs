//! The layout of everything larger than 128x64. All lengths are parts of an em, which is chosen so that about 17 lines of 40 letters
//! fit: at arm's length on a 2.4 inch display, and from two metres on a ten inch one.

use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{Point, Size};
use embedded_graphics::pixelcolor::Rgb888;

use super::{Scene, fill};
use crate::canvas::palette::{BAD, BLACK, GOOD, GROUND, INK, LINE, QUIET, RAISED, WARN};
use crate::code::Code;
use crate::lettering::Pen;
use crate::sheet::{Body, Row, Tone};
use crate::word::Word;

pub fn draw<D>(scene: &Scene<'_>, target: &mut D) -> Result<(), D::Error>
where
    D: DrawTarget<Color = Rgb888>,
{
    target.clear(GROUND)?;
    let mut sheet = Large::new(target, scene.size);
    sheet.header(scene)?;
    sheet.footer(scene)?;
    match &scene.sheet.body {
        Body::Rows(rows) => sheet.rows(scene, rows),
        Body::Text { sentence, reason, advice } => sheet.text(scene.sheet.tone, sentence, reason.as_deref(), advice),
        Body::Code { link, code, left, advice } => sheet.code(scene, link.as_deref(), code.as_deref(), left.as_deref(), *advice),
        Body::Choice { choices, selected, meaning, advice } => {
            sheet.hint(&advice.map(|word| scene.language.say(word)).join("  ·  "))?;
            sheet.choices(choices, *selected)?;
            sheet.y += sheet.em(0.2);
            sheet.paragraph(Pen::bold(sheet.em(0.95) as u32), meaning.as_deref().unwrap_or_default(), BAD)
        }
    }
}

pub fn colour(tone: Tone) -> Rgb888 {
    match tone {
        Tone::Plain => INK,
        Tone::Good => GOOD,
        Tone::Warn => WARN,
        Tone::Bad => BAD,
    }
}

pub struct Large<'t, D> {
    target: &'t mut D,
    size: Size,
    em_px: u32,
    margin: i32,
    /// Where the next thing goes, and where the last one must end.
    pub y: i32,
    bottom: i32,
}

impl<'t, D: DrawTarget<Color = Rgb888>> Large<'t, D> {
    pub fn new(target: &'t mut D, size: Size) -> Large<'t, D> {
        let em_px = (size.width / 20).min(size.height / 16).max(6);
        Large { target, size, em_px, margin: em_px as i32, y: 0, bottom: size.height as i32 }
    }

    /// So many ems in pixels.
    pub fn em(&self, count: f32) -> i32 {
        (self.em_px as f32 * count).round() as i32
    }

    /// Width between the margins.
    fn room(&self) -> u32 {
        (self.size.width as i32 - 2 * self.margin).max(1) as u32
    }

    fn write(&mut self, pen: Pen, text: &str, x: i32, y: i32, ink: Rgb888) -> Result<(), D::Error> {
        pen.write(self.target, text, Point::new(x, y), ink, GROUND)
    }

    fn header(&mut self, scene: &Scene<'_>) -> Result<(), D::Error> {
        let height = self.em(2.4);
        let (paper, ink) = match scene.sheet.tone {
            Tone::Bad => (BAD, BLACK),
            Tone::Warn => (WARN, BLACK),
            Tone::Plain | Tone::Good => (RAISED, INK),
        };
        fill(self.target, 0, 0, self.size.width, height as u32, paper)?;
        let place = scene.place().unwrap_or_default();
        let small = Pen::regular(self.em(0.9) as u32);
        let x = self.size.width as i32 - self.margin - small.width_px(&place) as i32;
        let y = (height - small.line_px() as i32) / 2;
        small.write(self.target, &place, Point::new(x, y), ink, paper)?;
        let pen = Pen::bold(self.em(1.2) as u32);
        let title = pen.shorten(scene.title(), (x - self.margin - self.em(0.5)).max(0) as u32);
        let y = (height - pen.line_px() as i32) / 2;
        pen.write(self.target, &title, Point::new(self.margin, y), ink, paper)?;
        self.y = height + self.em(0.8);
        Ok(())
    }

    fn footer(&mut self, scene: &Scene<'_>) -> Result<(), D::Error> {
        let pen = Pen::regular(self.em(0.75) as u32);
        let y = self.size.height as i32 - self.em(0.5) - pen.line_px() as i32;
        self.bottom = y - self.em(0.4);
        let age = pen.shorten(&scene.age().unwrap_or_default(), self.room());
        let x = self.size.width as i32 - self.margin - pen.width_px(&age) as i32;
        self.write(pen, &age, x, y, WARN)?;
        if scene.view.has_button && scene.place().is_some() {
            let room = (x - self.margin - self.em(0.5)).max(0) as u32;
            let hint = scene.language.say(Word::NextPage);
            // Half a hint is none.
            if pen.width_px(hint) <= room {
                self.hint(hint)?;
            }
        }
        Ok(())
    }

    /// What the button does, in the last line.
    fn hint(&mut self, text: &str) -> Result<(), D::Error> {
        let pen = Pen::regular(self.em(0.75) as u32);
        let y = self.size.height as i32 - self.em(0.5) - pen.line_px() as i32;
        self.write(pen, &pen.shorten(text, self.room()), self.margin, y, QUIET)
    }

    /// A standing display has room to put words above their values.
    fn is_tall(&self) -> bool {
        self.size.height > self.size.width * 5 / 4
    }

    fn rows(&mut self, scene: &Scene<'_>, rows: &[Row]) -> Result<(), D::Error> {
        let mut is_first = true;
        for row in rows {
            let done = if scene.is_main(row) {
                self.main(row, is_first)?
            } else if self.is_tall() {
                self.stack(scene, row, is_first)?
            } else {
                self.row(scene, row, is_first)?
            };
            if !done {
                break;
            }
            is_first = false;
        }
        Ok(())
    }

    /// The page's main thing, as large as fits.
    fn main(&mut self, row: &Row, is_first: bool) -> Result<bool, D::Error> {
        let (most, least) = if is_first { (2.2, 1.1) } else { (1.0, 0.8) };
        let mut size = most;
        while size > least && Pen::bold(self.em(size) as u32).width_px(&row.value) > self.room() {
            size -= 0.05;
        }
        let pen = Pen::bold(self.em(size) as u32);
        let mut lines = pen.wrap(&row.value, self.room());
        if !row.is_whole && lines.len() > 2 {
            let rest = lines.split_off(1).join(" ");
            lines.push(pen.shorten(&rest, self.room()));
        }
        if self.y + (pen.line_px() as usize * lines.len()) as i32 > self.bottom {
            return Ok(false);
        }
        let ink = if is_first { colour(row.tone) } else { QUIET };
        for line in lines {
            self.write(pen, &line, self.margin, self.y, ink)?;
            self.y += pen.line_px() as i32;
        }
        self.y += self.em(if is_first { 0.4 } else { 0.5 });
        Ok(true)
    }

    /// A word, and below it what stands for it, in large letters.
    fn stack(&mut self, scene: &Scene<'_>, row: &Row, is_first: bool) -> Result<bool, D::Error> {
        let word = Pen::regular(self.em(0.95) as u32);
        let mut size = 1.8;
        while size > 1.05 && Pen::bold(self.em(size) as u32).width_px(&row.value) > self.room() {
            size -= 0.05;
        }
        let value = Pen::bold(self.em(size) as u32);
        let lines = if row.is_whole { value.wrap(&row.value, self.room()) } else { vec![value.shorten(&row.value, self.room())] };
        let pad = self.em(0.55);
        let height = 2 * pad + word.line_px() as i32 + value.line_px() as i32 * lines.len() as i32;
        if self.y + height > self.bottom {
            return Ok(false);
        }
        if !is_first {
            fill(self.target, self.margin, self.y, self.room(), (self.em_px / 16).max(1), LINE)?;
        }
        let mut y = self.y + pad;
        self.write(word, scene.language.say(row.label), self.margin, y, QUIET)?;
        y += word.line_px() as i32;
        for line in lines {
            self.write(value, &line, self.margin, y, colour(row.tone))?;
            y += value.line_px() as i32;
        }
        self.y += height;
        Ok(true)
    }

    fn row(&mut self, scene: &Scene<'_>, row: &Row, is_first: bool) -> Result<bool, D::Error> {
        let (word, value) = (Pen::regular(self.em(0.9) as u32), Pen::bold(self.em(1.05) as u32));
        let label = scene.language.say(row.label);
        let room = self.room().saturating_sub(word.width_px(label) + self.em(0.8) as u32);
        let lines =
            if row.is_whole && value.width_px(&row.value) > room { value.wrap(&row.value, self.room()) } else { Vec::new() };
        let pad = self.em(0.38);
        let height = 2 * pad + value.line_px() as i32 * (1 + lines.len() as i32);
        if self.y + height > self.bottom {
            return Ok(false);
        }
        if !is_first {
            fill(self.target, self.margin, self.y, self.room(), (self.em_px / 16).max(1), LINE)?;
        }
        let y = self.y + pad;
        // Both stand on one baseline.
        let drop = self.em(1.05 * 1.02) - self.em(0.9 * 1.02);
        self.write(word, label, self.margin, y + drop, QUIET)?;
        if lines.is_empty() {
            let text = value.shorten(&row.value, room);
            let x = self.size.width as i32 - self.margin - value.width_px(&text) as i32;
            self.write(value, &text, x, y, colour(row.tone))?;
        }
        for (number, line) in (1..).zip(&lines) {
            self.write(value, line, self.margin, y + number * value.line_px() as i32, colour(row.tone))?;
        }
        self.y += height;
        Ok(true)
    }

    /// Lines from the left margin; what has no room any more is left out.
    pub fn paragraph(&mut self, pen: Pen, text: &str, ink: Rgb888) -> Result<(), D::Error> {
        for line in pen.wrap(text, self.room()) {
            if self.y + pen.line_px() as i32 <= self.bottom {
                self.write(pen, &line, self.margin, self.y, ink)?;
            }
            self.y += pen.line_px() as i32;
        }
        Ok(())
    }

    /// A sentence, the machine's own words, and what to do: in the largest letters in which all of it fits.
    fn text(&mut self, tone: Tone, sentence: &str, reason: Option<&str>, advice: &str) -> Result<(), D::Error> {
        let room = self.room();
        let inner = (room as i32 - self.em(0.9)).max(1) as u32;
        let gap = self.em(0.6);
        let least = 0.55;
        let mut factor = if self.is_tall() { 1.5 } else { 1.1 };
        let parts = loop {
            let pen = |is_bold, size: f32| Pen::Outline { is_bold, size_px: self.em(size * factor).max(6) as u32 };
            let (first, own, second) = (pen(true, 1.7), pen(false, 1.0), pen(false, 1.2));
            let parts = [
                (first, first.wrap(sentence, room), INK),
                (own, own.wrap(reason.unwrap_or_default(), inner), colour(tone)),
                (second, second.wrap(advice, room), QUIET),
            ];
            let height: i32 = parts.iter().map(|(pen, lines, _)| (pen.line_px() as usize * lines.len()) as i32).sum();
            // Only the machine's own words may be broken within a word.
            let is_unbroken = |pen: Pen, text: &str| text.split(' ').all(|word| pen.width_px(word) <= room);
            let fits = height + 2 * gap <= self.bottom - self.y && is_unbroken(first, sentence) && is_unbroken(second, advice);
            if fits || factor <= least {
                break parts;
            }
            factor *= 0.93;
        };
        for (number, (pen, mut lines, ink)) in parts.into_iter().enumerate() {
            if lines.is_empty() {
                continue;
            }
            let is_own = number == 1;
            if is_own {
                // Only a reason can be long without end; what to do keeps its lines.
                let most = ((self.bottom - self.y - self.em(3.0)) / pen.line_px() as i32).max(1) as usize;
                if lines.len() > most {
                    lines.truncate(most);
                    if let Some(last) = lines.last_mut() {
                        *last = pen.shorten(&format!("{last}…"), inner);
                    }
                }
                let height = pen.line_px() * lines.len() as u32;
                fill(self.target, self.margin, self.y, self.em(0.25).max(1) as u32, height, ink)?;
            }
            let x = self.margin + if is_own { self.em(0.9) } else { 0 };
            for line in lines {
                self.write(pen, &line, x, self.y, ink)?;
                self.y += pen.line_px() as i32;
            }
            self.y += gap;
        }
        Ok(())
    }

    /// The picture, and beside or below it the code to type.
    fn code(
        &mut self,
        scene: &Scene<'_>,
        link: Option<&str>,
        code: Option<&str>,
        left: Option<&str>,
        advice: Word,
    ) -> Result<(), D::Error> {
        let (width, height) = (self.room() as i32, self.bottom - self.y);
        let is_wide = width > height * 5 / 4;
        let side = if is_wide { height.min(width * 11 / 20) } else { width.min(height - self.em(6.0)) }.max(0) as u32;
        let picture = link.and_then(Code::of).filter(|code| code.module_px(side).is_some());
        let (mut x, mut room) = (self.margin, self.room());
        if let Some(picture) = picture {
            let at = if is_wide { self.margin } else { (self.size.width as i32 - side as i32) / 2 };
            picture.draw(self.target, Point::new(at, self.y), side)?;
            if is_wide {
                x += side as i32 + self.em(0.9);
                room = (self.size.width as i32 - self.margin - x).max(1) as u32;
            } else {
                self.y += side as i32 + self.em(0.6);
            }
        }
        let quiet = Pen::regular(self.em(0.95) as u32);
        for line in quiet.wrap(scene.language.say(advice), room) {
            self.write(quiet, &line, x, self.y, QUIET)?;
            self.y += quiet.line_px() as i32;
        }
        self.y += self.em(0.3);
        let code = code.unwrap_or("–");
        let mut size = 2.4;
        while size > 1.0 && Pen::bold(self.em(size) as u32).width_px(code) > room {
            size -= 0.05;
        }
        let pen = Pen::bold(self.em(size) as u32);
        for line in pen.wrap(code, room) {
            self.write(pen, &line, x, self.y, INK)?;
            self.y += pen.line_px() as i32;
        }
        self.y += self.em(0.2);
        if let Some(left) = left {
            self.write(quiet, &quiet.shorten(left, room), x, self.y, QUIET)?;
        }
        Ok(())
    }

    pub fn choices(&mut self, choices: &[String], selected: usize) -> Result<(), D::Error> {
        let pen = Pen::bold(self.em(1.05) as u32);
        let pad = self.em(0.2);
        for (number, choice) in choices.iter().enumerate() {
            let height = pen.line_px() as i32 + 2 * pad;
            let is_selected = number == selected;
            let (paper, ink) = if is_selected { (INK, BLACK) } else { (RAISED, INK) };
            fill(self.target, self.margin, self.y, self.room(), height as u32, paper)?;
            let text = pen.shorten(choice, (self.room() as i32 - self.em(1.4)).max(0) as u32);
            pen.write(self.target, &text, Point::new(self.margin + self.em(0.7), self.y + pad), ink, paper)?;
            self.y += height + self.em(0.15);
        }
        Ok(())
    }
}
