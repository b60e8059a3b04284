//! Choosing media: every disk in a row, those that must not be written greyed, with the reason.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::style::Modifier;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::{Look, Title, column, cut, is_stop, rule};
use crate::amount;
use crate::inventory::{Disk, Verdict};

/// What a key asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Nothing,
    Leave,
    Write,
}

pub struct Pick {
    pub title: Title,
    pub look: Look,
    /// Whether disks that want a second look may be chosen.
    pub force: bool,
    disks: Vec<Disk>,
    cursor: usize,
    chosen: Vec<Disk>,
    /// What was typed so far, while it is asked.
    typed: Option<String>,
    message: String,
}

impl Pick {
    pub fn new(title: Title, look: Look, force: bool, disks: Vec<Disk>) -> Pick {
        let mut pick =
            Pick { title, look, force, disks: Vec::new(), cursor: 0, chosen: Vec::new(), typed: None, message: String::new() };
        pick.set_disks(disks);
        pick.cursor = pick.disks.iter().position(|disk| disk.verdict() == Verdict::Free).unwrap_or(0);
        pick
    }

    pub fn chosen(&self) -> impl Iterator<Item = &Disk> {
        self.chosen.iter()
    }

    /// The disks of now. What was chosen stays chosen only while it is the same disk, and free.
    pub fn set_disks(&mut self, disks: Vec<Disk>) {
        let before = self.chosen.len();
        self.chosen.retain(|chosen| {
            disks.iter().any(|disk| disk.is_same(chosen) && disk.name == chosen.name && disk.refusals.is_empty())
        });
        if self.chosen.len() < before {
            self.typed = None;
            self.message = "a medium that was chosen is gone or in use now".to_owned();
        }
        let name = self.disks.get(self.cursor).map(|disk| disk.name.clone());
        self.disks = disks;
        let same = self.disks.iter().position(|disk| Some(&disk.name) == name.as_ref());
        self.cursor = same.unwrap_or(self.cursor.min(self.disks.len().saturating_sub(1)));
    }

    pub fn update(&mut self, key: &KeyEvent) -> Asked {
        if is_stop(key) {
            return Asked::Leave;
        }
        if self.typed.is_some() {
            return self.answer(key);
        }
        self.message.clear();
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return Asked::Leave,
            KeyCode::Up | KeyCode::Char('k') => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.cursor = (self.cursor + 1).min(self.disks.len().saturating_sub(1)),
            KeyCode::Char(' ') => self.toggle(),
            KeyCode::Char('a') => {
                let free = self.disks.iter().filter(|disk| disk.verdict() == Verdict::Free);
                self.chosen = free.cloned().collect();
            }
            KeyCode::Enter if self.chosen.is_empty() => self.message = "choose a medium with the space bar first".to_owned(),
            KeyCode::Enter => self.typed = Some(String::new()),
            _ => {}
        }
        Asked::Nothing
    }

    fn toggle(&mut self) {
        let Some(disk) = self.disks.get(self.cursor) else { return };
        if let Some(at) = self.chosen.iter().position(|chosen| chosen.name == disk.name) {
            self.chosen.remove(at);
            return;
        }
        match disk.verdict() {
            Verdict::Refused => self.message = format!("{} cannot be chosen: {}", disk.name, disk.reasons()),
            Verdict::Careful if !self.force => {
                self.message = format!("{} wants a second look: {}; start with --force to choose it", disk.name, disk.reasons());
            }
            _ => self.chosen.push(disk.clone()),
        }
    }

    fn answer(&mut self, key: &KeyEvent) -> Asked {
        let Some(typed) = &mut self.typed else { return Asked::Nothing };
        match key.code {
            KeyCode::Esc => self.typed = None,
            KeyCode::Backspace => {
                typed.pop();
            }
            KeyCode::Char(c) => typed.push(c),
            KeyCode::Enter => {
                let wanted = password(&self.chosen);
                if typed.trim().eq_ignore_ascii_case(&wanted) {
                    return Asked::Write;
                }
                self.typed = None;
                self.message = "that is something else; nothing is written".to_owned();
            }
            _ => {}
        }
        Asked::Nothing
    }
}

/// What must be typed: for one medium the end of its serial, so that it is read; for several their number.
pub fn password(chosen: &[Disk]) -> String {
    match chosen {
        [one] => match &one.serial {
            Some(serial) => serial.chars().skip(serial.chars().count().saturating_sub(4)).collect(),
            None => one.name.clone(),
        },
        several => format!("write {}", several.len()),
    }
}

fn question(chosen: &[Disk]) -> String {
    match chosen {
        [one] if one.serial.is_some() => {
            format!("Everything on {} will be lost. Type the last four characters of its serial:", one.name)
        }
        [one] => format!("Everything on {} will be lost. Type its name:", one.name),
        several => format!("Everything on these {0} media will be lost. Type `write {0}`:", several.len()),
    }
}

pub fn draw(frame: &mut Frame, pick: &Pick) {
    let area = frame.area();
    let (width, height) = (area.width, usize::from(area.height));
    let columns = usize::from(width);
    let look = pick.look;
    let mut lines = vec![pick.title.line(look, width), rule(look, width)];
    let room = height.saturating_sub(6);
    let from = pick.cursor.saturating_sub(room.saturating_sub(1));
    for (number, disk) in pick.disks.iter().enumerate().skip(from).take(room) {
        let is_chosen = pick.chosen.iter().any(|chosen| chosen.name == disk.name);
        let (mark, style) = match (disk.verdict(), is_chosen) {
            (Verdict::Refused, _) => (" - ", look.faint()),
            (_, true) => ("[x]", look.good()),
            (Verdict::Careful, false) => ("[!]", look.warn()),
            (Verdict::Free, false) => ("[ ]", ratatui::style::Style::new()),
        };
        let last = if disk.verdict() == Verdict::Refused { disk.reasons() } else { disk.serial_or_none().to_owned() };
        let cursor = if number == pick.cursor { ">" } else { " " };
        let text = format!(
            "{cursor}{mark} {} {:>8} {} {} {last}",
            column(&disk.name, 9),
            amount::bytes(disk.bytes),
            column(&disk.bus.to_string(), 6),
            column(&disk.model, 22)
        );
        let style = if number == pick.cursor { style.add_modifier(Modifier::REVERSED) } else { style };
        lines.push(Line::styled(column(&text, columns), style));
    }
    if pick.disks.is_empty() {
        lines.push(Line::styled(" no disk at all: put a medium in", look.warn()));
    }
    lines.resize(height.saturating_sub(4).max(lines.len()), Line::default());
    lines.push(rule(look, width));
    let (first, second) = match (&pick.typed, pick.disks.get(pick.cursor)) {
        (Some(typed), _) => {
            let question = question(&pick.chosen);
            lines.push(Line::styled(cut(&format!(" {question}"), columns), look.bad()));
            (format!(" > {typed}_"), " Enter writes   Esc goes back".to_owned())
        }
        (None, under) => {
            let about = under.map_or_else(String::new, |disk| {
                let reasons = disk.reasons();
                let parts = [disk.partitions.join(" "), reasons].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
                if parts.is_empty() {
                    format!(" {}: empty and free", disk.name)
                } else {
                    format!(" {}: {}", disk.name, parts.join("; "))
                }
            });
            let text = if pick.message.is_empty() { about } else { format!(" {}", pick.message) };
            let style = if pick.message.is_empty() { look.faint() } else { look.warn() };
            lines.push(Line::styled(cut(&text, columns), style));
            let chosen = format!(" {} chosen", pick.chosen.len());
            (chosen, " Space chooses   a all that are free   Enter writes   q leaves".to_owned())
        }
    };
    lines.push(Line::styled(cut(&first, columns), look.strong()));
    lines.push(Line::styled(cut(&second, columns), look.faint()));
    frame.render_widget(Paragraph::new(lines), area);
}
