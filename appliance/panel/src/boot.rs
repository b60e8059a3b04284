//! Pictures of the start and of recovery, for a screen of any size. The initramfs draws them; no service runs yet.

use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{Point, Size};
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::primitives::Rectangle;

use crate::canvas::palette::{BLACK, GOOD, GROUND, INK, LINE, QUIET, RAISED, WARN};
use crate::canvas::{Canvas, Shade};
use crate::lettering::Pen;
use crate::word::{Language, Word};

/// A step of the start, in the order in which they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Firmware,
    Disk,
    /// A factory reset was asked for.
    Reset,
    /// Partitions are grown and made.
    First,
    Verify,
    Data,
    System,
}

impl Step {
    pub const ALL: [Step; 7] = [Step::Firmware, Step::Disk, Step::Reset, Step::First, Step::Verify, Step::Data, Step::System];

    fn word(self) -> Word {
        match self {
            Step::Firmware => Word::BootFirmware,
            Step::Disk => Word::BootDisk,
            Step::Reset => Word::BootReset,
            Step::First => Word::BootFirst,
            Step::Verify => Word::BootVerify,
            Step::Data => Word::BootData,
            Step::System => Word::BootSystem,
        }
    }
}

/// What is known while the box starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Boot {
    pub language: Language,
    /// The town's name, once it is known.
    pub town: Option<String>,
    /// `a` or `b`.
    pub slot: Option<String>,
    pub version: Option<String>,
}

/// What the box shows when no slot comes up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    pub language: Language,
    pub serial: Option<String>,
    pub version: Option<String>,
    /// What is wrong, in words of the program that found it.
    pub reason: String,
    /// Smaller below it, as many as there is room for.
    pub facts: Vec<String>,
    /// In place of "What now?".
    pub question: Option<String>,
    /// What can be done, in words.
    pub choices: Vec<String>,
    pub selected: usize,
    /// What was typed so far, where a word is asked for.
    pub typed: Option<String>,
    /// What came of the last choice.
    pub said: Option<String>,
}

/// The start: whose box it is, how far it is, which slot and version.
///
/// # Errors
/// Those of the target.
pub fn draw_boot<D>(boot: &Boot, step: Step, target: &mut D) -> Result<(), D::Error>
where
    D: DrawTarget,
    D::Color: Shade,
{
    let (mut page, mut canvas) = Page::open(target)?;
    let word = boot.language.say(step.word());
    let name = boot.town.as_deref().filter(|town| !town.trim().is_empty());
    // The mark, the name and the bar stand as one block a little above the middle.
    let height = page.em(4.2) + page.em(3.4) + page.em(4.6);
    page.y = ((page.size.height as i32 - height) * 9 / 20).max(0);
    let side = page.em(3.6);
    page.mark(&mut canvas, Point::new((page.size.width as i32 - side) / 2, page.y), side)?;
    page.y += page.em(4.2);
    page.centred(&mut canvas, true, 2.3, name.unwrap_or("WeGovNow"), INK)?;
    page.y += page.em(0.9);
    let done = Step::ALL.iter().position(|other| *other == step).unwrap_or(0) + 1;
    page.bar(&mut canvas, done as u32, Step::ALL.len() as u32)?;
    page.y += page.em(0.8);
    page.centred(&mut canvas, false, 1.15, word, QUIET)?;
    page.foot(&mut canvas, &identity(boot.language, boot.slot.as_deref(), boot.version.as_deref(), name.map(|_| "WeGovNow")))
}

/// Recovery: what is wrong, and what can be done.
///
/// # Errors
/// Those of the target.
pub fn draw_recovery<D>(recovery: &Recovery, target: &mut D) -> Result<(), D::Error>
where
    D: DrawTarget,
    D::Color: Shade,
{
    let (mut page, mut canvas) = Page::open(target)?;
    let say = |word| recovery.language.say(word);
    let height = page.em(2.3);
    page.fill(&mut canvas, 0, 0, page.size.width, height as u32, WARN)?;
    let title = Pen::bold(page.em(1.35) as u32);
    let y = (height - title.line_px() as i32) / 2;
    title.write(&mut canvas, say(Word::Recovery), Point::new(page.margin, y), BLACK, WARN)?;
    page.y = height + page.em(0.7);

    let foot = identity(recovery.language, None, recovery.version.as_deref(), recovery.serial.as_deref());
    // Smaller where a choice has many words.
    let fits = |size_px: i32| {
        let pen = Pen::bold(size_px as u32);
        recovery.choices.iter().all(|text| pen.width_px(text) as i32 <= page.room() as i32 - page.em(1.4))
    };
    let mut size_px = page.em(1.1);
    while size_px > page.em(0.8) && !fits(size_px) {
        size_px -= 1;
    }
    let choice = Pen::bold(size_px as u32);
    let step = choice.line_px() as i32 + page.em(0.55);
    let gap = page.em(0.15);
    let half = (page.room() as i32 - gap) / 2 - page.em(1.4);
    let is_narrow = recovery.choices.iter().all(|text| choice.width_px(text) as i32 <= half);
    let columns = if recovery.choices.len() > 4 && is_narrow { 2 } else { 1 };
    let rows = recovery.choices.len().div_ceil(columns) + usize::from(recovery.typed.is_some());
    let small = Pen::regular(page.em(0.9) as u32);
    let mut said = small.wrap(recovery.said.as_deref().unwrap_or_default(), page.room());
    said.truncate(if recovery.said.is_some() { 2 } else { 0 });
    let mut question = small.wrap(recovery.question.as_deref().unwrap_or(say(Word::RecoveryChoose)), page.room());
    question.truncate(2);
    let more = said.len() + question.len().saturating_sub(1);
    let above_facts = if recovery.facts.is_empty() { 0 } else { page.em(0.35) };
    let below = page.em(2.4) + above_facts + step * rows as i32 + page.em(3.4) + small.line_px() as i32 * more as i32;
    page.line(&mut canvas, small, say(Word::RecoveryWhy), QUIET)?;
    // The reason gives way to some of the facts as long as it is read well, and the choices to nothing.
    let kept = small.line_px() as i32 * recovery.facts.len().min(3) as i32;
    let room = page.size.height as i32 - page.y - below;
    let mut size = 1.3;
    let (pen, mut lines) = loop {
        let pen = Pen::bold(page.em(size) as u32);
        let lines = pen.wrap(&recovery.reason, page.room());
        let kept = if size < 1.0 { 0 } else { kept };
        if (pen.line_px() as usize * lines.len()) as i32 <= room - kept || size < 0.75 {
            break (pen, lines);
        }
        size -= 0.08;
    };
    let most = (room / pen.line_px() as i32).max(1) as usize;
    if lines.len() > most {
        let rest = lines.split_off(most - 1).join(" ");
        lines.push(pen.shorten(&rest, page.room()));
    }
    for line in lines {
        page.line(&mut canvas, pen, &line, INK)?;
    }
    page.y += above_facts;
    let room = page.size.height as i32 - page.y - below + above_facts;
    for fact in recovery.facts.iter().take((room / small.line_px() as i32).max(0) as usize) {
        page.line(&mut canvas, small, fact, QUIET)?;
    }
    page.y += page.em(1.0);
    for line in said {
        page.line(&mut canvas, small, &line, WARN)?;
    }
    for line in question {
        page.line(&mut canvas, small, &line, if recovery.question.is_some() { INK } else { QUIET })?;
    }
    page.y += page.em(0.2);
    let width = (page.room() as i32 + gap) / columns as i32 - gap;
    let mut field = |text: &str, column: usize, row: usize, (paper, ink)| {
        let (x, y) = (page.margin + (width + gap) * column as i32, page.y + step * row as i32);
        let height = step - gap;
        page.fill(&mut canvas, x, y, width as u32, height as u32, paper)?;
        let text = choice.shorten(text, (width - page.em(1.4)).max(0) as u32);
        let at = Point::new(x + page.em(0.7), y + (height - choice.line_px() as i32) / 2);
        choice.write(&mut canvas, &text, at, ink, paper)
    };
    // Down the first column, then down the next.
    let of_column = recovery.choices.len().div_ceil(columns).max(1);
    for (number, text) in recovery.choices.iter().enumerate() {
        let colours = if number == recovery.selected { (INK, BLACK) } else { (RAISED, INK) };
        field(text, number / of_column, number % of_column, colours)?;
    }
    if let Some(typed) = &recovery.typed {
        field(&format!("{typed}_"), 0, rows - 1, (INK, BLACK))?;
    }
    page.y += step * rows as i32 + page.em(0.2);
    if !recovery.choices.is_empty() {
        page.line(&mut canvas, small, say(Word::RecoveryKeys), QUIET)?;
    }
    page.foot(&mut canvas, &foot)
}

/// "WeGovNow · Slot A · 2026.11.1".
fn identity(language: Language, slot: Option<&str>, version: Option<&str>, first: Option<&str>) -> String {
    let slot = slot.map(|slot| format!("{} {}", language.say(Word::Slot), slot.to_uppercase()));
    let parts = [first.map(str::to_owned), slot, version.map(str::to_owned)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ·  ")
}

struct Page {
    size: Size,
    em_px: u32,
    margin: i32,
    y: i32,
}

impl Page {
    fn open<D>(target: &mut D) -> Result<(Page, Canvas<'_, D>), D::Error>
    where
        D: DrawTarget,
        D::Color: Shade,
    {
        let Rectangle { top_left, size } = target.bounding_box();
        let mut canvas = Canvas::new(target, top_left);
        canvas.clear(GROUND)?;
        // Smaller than on the panel: who sees this sits or stands before the screen.
        let em_px = (size.width / 26).min(size.height / 22).max(6);
        Ok((Page { size, em_px, margin: (em_px * 3 / 2) as i32, y: 0 }, canvas))
    }

    fn em(&self, count: f32) -> i32 {
        (self.em_px as f32 * count).round() as i32
    }

    fn room(&self) -> u32 {
        (self.size.width as i32 - 2 * self.margin).max(1) as u32
    }

    fn fill<D>(&self, target: &mut D, x: i32, y: i32, width: u32, height: u32, colour: Rgb888) -> Result<(), D::Error>
    where
        D: DrawTarget<Color = Rgb888>,
    {
        target.fill_solid(&Rectangle::new(Point::new(x, y), Size::new(width, height)), colour)
    }

    fn line<D>(&mut self, target: &mut D, pen: Pen, text: &str, ink: Rgb888) -> Result<(), D::Error>
    where
        D: DrawTarget<Color = Rgb888>,
    {
        pen.write(target, &pen.shorten(text, self.room()), Point::new(self.margin, self.y), ink, GROUND)?;
        self.y += pen.line_px() as i32;
        Ok(())
    }

    /// A line in the middle, smaller if it must be.
    fn centred<D>(&mut self, target: &mut D, is_bold: bool, size: f32, text: &str, ink: Rgb888) -> Result<(), D::Error>
    where
        D: DrawTarget<Color = Rgb888>,
    {
        let mut size_px = self.em(size) as u32;
        let pen = |size_px| Pen::Outline { is_bold, size_px };
        while size_px > self.em_px && pen(size_px).width_px(text) > self.room() {
            size_px -= 1;
        }
        let text = pen(size_px).shorten(text, self.room());
        let x = (self.size.width as i32 - pen(size_px).width_px(&text) as i32) / 2;
        pen(size_px).write(target, &text, Point::new(x, self.y), ink, GROUND)?;
        self.y += pen(size_px).line_px() as i32;
        Ok(())
    }

    fn foot<D>(&self, target: &mut D, text: &str) -> Result<(), D::Error>
    where
        D: DrawTarget<Color = Rgb888>,
    {
        let pen = Pen::regular(self.em(0.8) as u32);
        let text = pen.shorten(text, self.room());
        let x = (self.size.width as i32 - pen.width_px(&text) as i32) / 2;
        let y = self.size.height as i32 - pen.line_px() as i32 - self.em(0.8);
        pen.write(target, &text, Point::new(x, y), QUIET, GROUND)
    }

    /// As many pieces as there are steps; those reached are lit.
    fn bar<D>(&mut self, target: &mut D, done: u32, of: u32) -> Result<(), D::Error>
    where
        D: DrawTarget<Color = Rgb888>,
    {
        let gap = self.em(0.25).max(1);
        let width = (self.room() as i32).min(self.em(18.0));
        let piece = ((width + gap) / of as i32 - gap).max(1);
        let left = (self.size.width as i32 - (piece + gap) * of as i32 + gap) / 2;
        let height = self.em(0.45).max(2);
        for number in 0..of {
            let colour = if number < done { GOOD } else { LINE };
            self.fill(target, left + number as i32 * (piece + gap), self.y, piece as u32, height as u32, colour)?;
        }
        self.y += height;
        Ok(())
    }

    /// A speech bubble with a tick in it: somebody spoke, somebody did it.
    fn mark<D>(&self, target: &mut D, at: Point, side: i32) -> Result<(), D::Error>
    where
        D: DrawTarget<Color = Rgb888>,
    {
        let share = |hundredths: i32| side * hundredths / 100;
        let radius = share(16).max(1);
        let body = share(76);
        for y in 0..body {
            // Rows near the corners are shorter, along a quarter circle.
            let near = (radius - y).max(y - (body - 1 - radius)).max(0);
            let inset = radius - ((radius * radius - near * near).max(0) as f32).sqrt().round() as i32;
            self.fill(target, at.x + inset, at.y + y, (side - 2 * inset).max(0) as u32, 1, GOOD)?;
        }
        for y in 0..share(22) {
            self.fill(target, at.x + share(20), at.y + body + y, (share(24) - y * 24 / 22).max(0) as u32, 1, GOOD)?;
        }
        let stroke = share(11).max(2) as u32;
        let mut dab = |x: i32, y: i32| self.fill(target, at.x + x, at.y + y, stroke, stroke, GROUND);
        for step in 0..share(16) {
            dab(share(26) + step, share(34) + step)?;
        }
        for step in 0..share(32) {
            dab(share(42) + step, share(50) - step)?;
        }
        Ok(())
    }
}
