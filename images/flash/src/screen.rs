//! The screen: choosing media, and watching them being written. Works from 80 by 24 on, and without colours.

pub mod pick;
pub mod lanes;
#[cfg(test)]
mod tests;

use std::io;
use std::time::Duration;

use crossterm::event::{self, Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::DefaultTerminal;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use self::pick::{Asked, Pick};
use crate::board::Board;
use crate::fleet::View;
use crate::inventory::Disk;
use crate::job::Event;

/// How often the disks are looked at anew while choosing: a stick that is put in appears by itself.
const LOOK: Duration = Duration::from_millis(700);

/// How things look. Nothing is told by colour alone.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub colour: bool,
}

impl Look {
    fn tint(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }

    fn good(self) -> Style {
        self.tint(Color::Green).add_modifier(Modifier::BOLD)
    }

    fn bad(self) -> Style {
        self.tint(Color::Red).add_modifier(Modifier::BOLD)
    }

    fn warn(self) -> Style {
        self.tint(Color::Yellow)
    }

    fn faint(self) -> Style {
        if self.colour { Style::new().fg(Color::DarkGray) } else { Style::new().add_modifier(Modifier::DIM) }
    }

    fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }
}

/// What stands in the first line of every screen.
#[derive(Debug, Clone)]
pub struct Title {
    /// Image and version.
    pub image: String,
    /// Site and technician.
    pub people: String,
}

impl Title {
    fn line(&self, look: Look, width: u16) -> Line<'static> {
        let left = format!(" WeGovNow flash {}  {}", env!("CARGO_PKG_VERSION"), self.image);
        spread(look.strong(), &left, &self.people, width)
    }
}

/// One text at each edge.
fn spread(style: Style, left: &str, right: &str, width: u16) -> Line<'static> {
    let width = usize::from(width);
    let room = width.saturating_sub(right.width() + 2);
    let left = cut(left, room);
    let gap = width.saturating_sub(left.width() + right.width() + 1);
    Line::from(vec![Span::styled(left, style), Span::raw(" ".repeat(gap)), Span::raw(format!("{right} "))])
}

fn rule(look: Look, width: u16) -> Line<'static> {
    Line::styled("─".repeat(usize::from(width)), look.faint())
}

/// Cut to so many columns, with a sign that it was.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        out.push(c);
    }
    if width > 0 { out + "…" } else { out }
}

/// Cut or filled up to just so many columns.
fn column(text: &str, width: usize) -> String {
    let text = cut(text, width);
    let gap = width.saturating_sub(text.width());
    text + &" ".repeat(gap)
}

fn is_stop(key: &KeyEvent) -> bool {
    key.modifiers.contains(KeyModifiers::CONTROL) && matches!(key.code, KeyCode::Char('c'))
}

/// Lets the technician choose. `read` gives the disks of now. `None` when nothing is to be written.
pub fn choose(
    mut pick: Pick,
    read: &dyn Fn() -> io::Result<Vec<Disk>>,
    stop: &std::sync::atomic::AtomicBool,
) -> io::Result<Option<Vec<Disk>>> {
    let mut terminal = ratatui::try_init()?;
    let mut ask = || -> io::Result<Option<Vec<Disk>>> {
        loop {
            terminal.draw(|frame| pick::draw(frame, &pick))?;
            if stop.load(std::sync::atomic::Ordering::Relaxed) {
                return Ok(None);
            }
            if !event::poll(LOOK)? {
                pick.set_disks(read()?);
                continue;
            }
            let Input::Key(key) = event::read()? else { continue };
            if key.kind == KeyEventKind::Release {
                continue;
            }
            match pick.update(&key) {
                Asked::Nothing => {}
                Asked::Leave => return Ok(None),
                Asked::Write => return Ok(Some(pick.chosen().cloned().collect())),
            }
        }
    };
    let answer = ask();
    ratatui::restore();
    answer
}

/// The board on the terminal while media are written.
pub struct Live {
    terminal: DefaultTerminal,
    title: Title,
    look: Look,
    wants_stop: bool,
    /// When it was last drawn: more often than the eye sees is wasted.
    drawn: Option<Duration>,
}

const FRAME: Duration = Duration::from_millis(80);

impl Live {
    pub fn start(title: Title, look: Look) -> io::Result<Live> {
        Ok(Live { terminal: ratatui::try_init()?, title, look, wants_stop: false, drawn: None })
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

impl View for Live {
    fn show(&mut self, board: &Board, told: Option<(usize, &Event)>) {
        while let Ok(true) = event::poll(Duration::ZERO) {
            match event::read() {
                Ok(Input::Key(key)) => self.wants_stop |= is_stop(&key),
                Ok(Input::Resize(..)) => self.drawn = None,
                Ok(_) => {}
                Err(_) => break,
            }
        }
        let is_progress = matches!(told, Some((_, Event::At { .. })));
        if is_progress && self.drawn.is_some_and(|drawn| board.now.saturating_sub(drawn) < FRAME) {
            return;
        }
        self.drawn = Some(board.now);
        // The terminal may be gone; the work goes on, and the receipt says how it ended.
        let _ = self.terminal.draw(|frame| lanes::draw(frame, board, &self.title, self.look));
    }

    fn wants_stop(&mut self) -> bool {
        self.wants_stop
    }
}
