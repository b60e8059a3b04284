//! The queue on the town's map: from report to report by keys, decisions on the spot, places looked up. The same in words for plain
//! mode.

use std::cell::Cell;

use api::{Kind, Point, ReportId, Row};
use map::{Spot, What};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{State, list};
use crate::effects::Effect;
use crate::keys::Command;
use crate::parts::dialog::{Answer, Choice, Choose, Dialog};
use crate::parts::frame::pane;
use crate::parts::map::{self as picture, Marker, Window};
use crate::shared::Shared;
use crate::theme::Tone;
use crate::wording;

/// The closest and the farthest the map goes, in metres over its width.
const ACROSS_M: std::ops::RangeInclusive<f64> = 100.0..=40_000.0;
/// So much over the width at least when the whole queue is shown, or a place that was looked up.
const AROUND_M: f64 = 600.0;
/// A step of an arrow key, as a share of the width.
const STEP: f64 = 0.2;
/// "Near" in words, in metres.
const NEAR_M: f64 = 500.0;
/// Reports told in words at most.
const TOLD: usize = 20;
/// The nearest ones, where none is near.
const TOLD_FAR: usize = 3;
/// Places offered for what was typed.
const FOUND: usize = 9;
/// Lines below the map for the report under the cursor.
const STRIP: u16 = 2;

/// What the map shows.
#[derive(Debug, Clone)]
pub struct TownMap {
    /// The place in the middle.
    pub center: Point,
    /// Metres over the width.
    pub across_m: f64,
    /// A place that was looked up, and its name.
    pub pin: Option<(Point, String)>,
    /// It was opened before the queue was there: to be fitted to it once it comes.
    early: bool,
    /// Columns and rows drawn last.
    size: Cell<(u16, u16)>,
}

impl TownMap {
    fn window(&self) -> Window {
        Window { center: self.center, across_m: self.across_m, size: self.size.get() }
    }

    /// To be fitted to the queue that comes next.
    pub fn refit(&mut self) {
        self.early = true;
    }

    /// Moves by shares of the width, east and south. Stays on the town.
    fn shift(&mut self, east: f64, south: f64, shared: &Shared) {
        let middle = spot(self.center);
        let unit_m = map::world::unit_m(middle.y);
        let unit = |share: f64, at: i32| {
            (f64::from(at) + share * self.across_m / unit_m).clamp(0.0, f64::from(map::world::WORLD)) as i32
        };
        let point = Spot { x: unit(east, middle.x), y: unit(south, middle.y) }.point();
        let mut center = Point { lat_e7: point.lat_e7, lon_e7: point.lon_e7 };
        if let Some(bounds) = shared.town.as_ref().map(|town| town.bounds) {
            center.lat_e7 = center.lat_e7.clamp(bounds.min.lat_e7, bounds.max.lat_e7.max(bounds.min.lat_e7));
            center.lon_e7 = center.lon_e7.clamp(bounds.min.lon_e7, bounds.max.lon_e7.max(bounds.min.lon_e7));
        }
        self.center = center;
    }

    /// Shows all these places, or `None` where there is none.
    fn over(points: impl Iterator<Item = Point>, size: (u16, u16)) -> Option<TownMap> {
        let spots: Vec<Spot> = points.map(spot).collect();
        let first = *spots.first()?;
        let rect = spots.iter().fold(map::Rect { min: first, max: first }, |all, spot| all.with(*spot));
        let middle = Spot { x: rect.min.x.midpoint(rect.max.x), y: rect.min.y.midpoint(rect.max.y) };
        let unit_m = map::world::unit_m(middle.y);
        // A cell is twice as high as wide.
        let flat = f64::from(size.0) / (f64::from(size.1).max(1.0) * 2.0);
        let (width, height) = (f64::from(rect.max.x - rect.min.x) * unit_m, f64::from(rect.max.y - rect.min.y) * unit_m);
        let across_m = (width.max(height * flat) * 1.15).max(AROUND_M).clamp(*ACROSS_M.start(), *ACROSS_M.end());
        let center = middle.point();
        let center = Point { lat_e7: center.lat_e7, lon_e7: center.lon_e7 };
        Some(TownMap { center, across_m, pin: None, early: false, size: Cell::new(size) })
    }
}

fn spot(point: Point) -> Spot {
    map::Point { lat_e7: point.lat_e7, lon_e7: point.lon_e7 }.spot()
}

/// Opens the map: all reports of the queue, or the town where there are none.
pub fn open(state: &mut State, shared: &Shared) -> Vec<Effect> {
    // The size is known once it was drawn; until then that of most terminals.
    let size = state.town_map.as_ref().map_or((78, 18), |map| map.size.get());
    let all = TownMap::over(state.rows.iter().map(|row| row.summary.place.point), size);
    state.town_map = all.or_else(|| Some(TownMap { early: true, ..whole(shared, size)? }));
    if state.town_map.is_none() {
        return vec![Effect::Say(Tone::Bad, "the town's service has not said yet where the town is".to_owned())];
    }
    Vec::new()
}

fn whole(shared: &Shared, size: (u16, u16)) -> Option<TownMap> {
    let bounds = shared.town.as_ref()?.bounds;
    TownMap::over([bounds.min, bounds.max].into_iter(), size)
}

/// The queue has come, or is another one: the map is fitted to it, unless somebody has moved it meanwhile.
pub fn listed(state: &mut State) {
    let Some(map) = state.town_map.as_ref().filter(|map| map.early) else { return };
    let all = TownMap::over(state.rows.iter().map(|row| row.summary.place.point), map.size.get());
    if let Some(all) = all {
        state.town_map = Some(all);
    }
}

/// A command while the map is open; `None` when it is none of the map's.
pub fn command(state: &mut State, command: Command, shared: &Shared) -> Option<Vec<Effect>> {
    let map = state.town_map.as_mut()?;
    map.early = false;
    match command {
        Command::Back => state.town_map = None,
        Command::Open => {
            state.town_map = None;
            return None;
        }
        Command::Up => map.shift(0.0, -STEP, shared),
        Command::Down => map.shift(0.0, STEP, shared),
        Command::MapWest => map.shift(-STEP, 0.0, shared),
        Command::MapEast => map.shift(STEP, 0.0, shared),
        Command::MapCloser => map.across_m = (map.across_m / 2.0).max(*ACROSS_M.start()),
        Command::MapFarther => map.across_m = (map.across_m * 2.0).min(*ACROSS_M.end()),
        Command::MapWhole => {
            let size = map.size.get();
            if let Some(whole) = whole(shared, size) {
                state.town_map = Some(TownMap { pin: map.pin.take(), ..whole });
            }
        }
        Command::Map => return Some(open(state, shared)),
        Command::MapHere => {
            if let Some(row) = state.selected.and_then(|report| state.row(report)) {
                let point = row.summary.place.point;
                state.town_map.as_mut()?.center = point;
            }
        }
        Command::Mark => {
            let effects = list::marked(state, command);
            follow(state);
            return Some(effects);
        }
        Command::NextMatch => return Some(hop(state, true)),
        Command::PreviousMatch => return Some(hop(state, false)),
        Command::HopWest => return Some(hop_towards(state, |east, south| (-east, south))),
        Command::HopEast => return Some(hop_towards(state, |east, south| (east, south))),
        Command::HopNorth => return Some(hop_towards(state, |east, south| (-south, east))),
        Command::HopSouth => return Some(hop_towards(state, |east, south| (south, east))),
        _ => return None,
    }
    Some(Vec::new())
}

/// To the next report that the map shows, as one reads: row by row.
fn hop(state: &mut State, forward: bool) -> Vec<Effect> {
    let Some(window) = state.town_map.as_ref().map(TownMap::window) else { return Vec::new() };
    let cell = |row: &Row| window.cell(row.summary.place.point).map(|(column, line)| (line, column, row.summary.id));
    let mut seen: Vec<_> = state.rows.iter().filter_map(cell).collect();
    seen.sort_unstable();
    let at = seen.iter().position(|(.., id)| Some(*id) == state.selected);
    let next = match (at, forward) {
        (Some(at), true) => (at + 1) % seen.len(),
        (Some(at), false) => (at + seen.len() - 1) % seen.len(),
        (None, true) => 0,
        (None, false) => seen.len().saturating_sub(1),
    };
    match seen.get(next) {
        Some((.., id)) => state.select(Some(*id)),
        None if state.rows.is_empty() => vec![Effect::Say(Tone::Calm, "no report in this queue".to_owned())],
        None => vec![Effect::Say(Tone::Calm, "no report of this queue here; M shows them all".to_owned())],
    }
}

/// To the nearest report in a direction. `turn` makes of "east and south" how far it lies ahead and aside.
fn hop_towards(state: &mut State, turn: impl Fn(i64, i64) -> (i64, i64)) -> Vec<Effect> {
    let Some(map) = &state.town_map else { return Vec::new() };
    let selected = state.selected.and_then(|report| state.row(report)).map(|row| row.summary.place.point);
    let from = spot(selected.filter(|point| map.window().cell(*point).is_some()).unwrap_or(map.center));
    let ahead = |row: &Row| {
        let to = spot(row.summary.place.point);
        let (ahead, aside) = turn(i64::from(to.x) - i64::from(from.x), i64::from(to.y) - i64::from(from.y));
        // Within 45 degrees of the direction; what lies aside counts as twice as far.
        let fits = ahead > 0 && aside.abs() <= ahead && Some(row.summary.id) != state.selected;
        fits.then_some((ahead + 2 * aside.abs(), row.summary.id))
    };
    let Some((_, id)) = state.rows.iter().filter_map(ahead).min() else {
        return vec![Effect::Say(Tone::Calm, "no report that way".to_owned())];
    };
    let effects = state.select(Some(id));
    follow(state);
    effects
}

/// Brings the report under the cursor onto the map.
fn follow(state: &mut State) {
    let point = state.selected.and_then(|report| state.row(report)).map(|row| row.summary.place.point);
    if let (Some(map), Some(point)) = (&mut state.town_map, point)
        && map.window().cell(point).is_none()
    {
        map.center = point;
    }
}

/// A dialog that looks places up while one types.
pub fn finder(shared: &Shared) -> Vec<Effect> {
    if shared.map.is_none() {
        return vec![Effect::Say(Tone::Bad, no_map())];
    }
    let choose = Choose { live: true, ..Choose::new("Find a place".to_owned(), Vec::new(), 0, Vec::new()) };
    vec![Effect::Open(Box::new(Dialog::Choose(choose)))]
}

fn no_map() -> String {
    "no base map to search: wegovnowd town import FILE.osm.pbf".to_owned()
}

/// Places that fit the words: nearest the middle of the map where several do.
pub fn places(state: &State, shared: &Shared, words: &str) -> Vec<Choice> {
    let Some(town) = shared.map.as_deref().filter(|_| !words.trim().is_empty()) else { return Vec::new() };
    let near = state.town_map.as_ref().map(|map| map::Point { lat_e7: map.center.lat_e7, lon_e7: map.center.lon_e7 });
    let found = town.search(words, near, FOUND).into_iter().filter_map(|found| {
        let point = Point::from_degrees(found.lat, found.lon)?;
        let from = near.map(|near| Point { lat_e7: near.lat_e7, lon_e7: near.lon_e7 });
        let far = from.map(|from| format!(", {} {}", wording::length(from.distance_m(&point)), direction(from, point)));
        let name = wording::one_line(&found.label);
        // What is only reckoned stays so wherever it is named later.
        let told = if found.what == What::Between { format!("{name} (put between known numbers)") } else { name.clone() };
        Some(Choice {
            detail: format!("{}{}", kind(&found.what), far.unwrap_or_default()),
            answer: Answer::Place(point, told),
            name,
        })
    });
    found.collect()
}

fn kind(what: &What) -> String {
    match what {
        What::Address => "address".to_owned(),
        What::Between => "between known numbers".to_owned(),
        What::Crossing => "crossing".to_owned(),
        What::Street => "street".to_owned(),
        What::Place => "place".to_owned(),
        What::Poi(tag) => wording::one_line(&tag.split_once('=').map_or(tag.as_str(), |(_, value)| value).replace('_', " ")),
    }
}

/// Shows a place that was looked up.
pub fn go_to(state: &mut State, point: Point, name: String, shared: &Shared) -> Vec<Effect> {
    if state.town_map.is_none() {
        let effects = open(state, shared);
        if state.town_map.is_none() {
            return effects;
        }
    }
    let near = state.rows.iter().filter(|row| row.summary.place.point.distance_m(&point) <= NEAR_M).count();
    let part = part_of_town(&name, point, shared);
    let text = format!("{name}{part}: {} of this queue within {}", wording::count(near, "report"), wording::length(NEAR_M));
    if let Some(map) = &mut state.town_map {
        map.early = false;
        map.center = point;
        map.across_m = map.across_m.min(AROUND_M * 2.0);
        map.pin = Some((point, name));
    }
    vec![Effect::Say(Tone::Calm, text)]
}

/// The part of town where a place is, to follow its name; nothing where the name says it already.
fn part_of_town(name: &str, point: Point, shared: &Shared) -> String {
    shared.district(point).filter(|part| !name.contains(part.as_str())).map_or_else(String::new, |part| format!(", {part}"))
}

/// Looks words up and shows the best place.
pub fn find(state: &mut State, words: &str, shared: &Shared) -> Vec<Effect> {
    if shared.map.is_none() {
        return vec![Effect::Say(Tone::Bad, no_map())];
    }
    match places(state, shared, words).into_iter().next().map(|choice| choice.answer) {
        Some(Answer::Place(point, name)) => go_to(state, point, name, shared),
        _ => vec![Effect::Say(Tone::Bad, format!("the map knows no {:?}", wording::one_line(words)))],
    }
}

/// One of the eight winds, in words.
fn direction(from: Point, to: Point) -> &'static str {
    let (from, to) = (spot(from), spot(to));
    let (east, south) = (f64::from(to.x - from.x), f64::from(to.y - from.y));
    let eighth = (east.atan2(-south) / std::f64::consts::FRAC_PI_4).round().rem_euclid(8.0);
    ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"][eighth as usize % 8]
}

/// The map in words: what of the queue is near the place looked up, the report under the cursor, or the middle of the town.
pub fn lines(state: &State, shared: &Shared) -> Vec<String> {
    let pin = state.town_map.as_ref().and_then(|map| map.pin.clone());
    let report = || {
        let row = state.row(state.selected?)?;
        Some((row.summary.place.point, format!("{}, {}", row.summary.reference, list::place(row))))
    };
    let middle = || Some((shared.town.as_ref()?.center, "the middle of the town".to_owned()));
    let Some((here, name)) = pin.or_else(report).or_else(middle) else { return Vec::new() };
    let mut near: Vec<(f64, &Row)> = state.rows.iter().map(|row| (row.summary.place.point.distance_m(&here), row)).collect();
    near.sort_by(|(one, a), (other, b)| one.total_cmp(other).then(a.summary.id.cmp(&b.summary.id)));
    let count = near.iter().filter(|(distance, _)| *distance <= NEAR_M).count();
    let part = part_of_town(&name, here, shared);
    let head = format!(
        "{} of {} of queue {} within {} of {name}{part}",
        count,
        wording::count(near.len(), "report"),
        wording::queue(state.queue),
        wording::length(NEAR_M)
    );
    let told = if count == 0 { TOLD_FAR } else { count.min(TOLD) };
    let mut lines = vec![match (count, near.is_empty()) {
        (_, true) => head,
        (0, _) => format!("{head}; nearest:"),
        (count, _) if count > TOLD => format!("{head}; the {TOLD} nearest:"),
        _ => format!("{head}:"),
    }];
    lines.extend(near.iter().take(told).map(|(distance, row)| {
        let summary = &row.summary;
        let place = if *distance < 1.0 {
            "here".to_owned()
        } else {
            format!("{} {}", wording::length(*distance), direction(here, summary.place.point))
        };
        format!(
            "  {place}: {} {} {}, {}: {}",
            summary.reference,
            wording::kind(summary.kind),
            summary.status.words(),
            list::place(row),
            wording::one_line(&summary.title)
        )
    }));
    lines
}

/// Draws the map over the whole screen.
pub fn view(map: &TownMap, state: &State, shared: &Shared, frame: &mut Frame, area: Rect) {
    let theme = shared.theme;
    let mut title = vec![Span::styled(" map ", theme.strong())];
    title.push(Span::styled(
        format!("{} across {} queue {} ", wording::length(map.across_m), theme.dot(), wording::queue(state.queue)),
        theme.quiet(),
    ));
    let inside = {
        let room = Rect { x: 0, y: 0, width: area.width.saturating_sub(2), height: area.height.saturating_sub(2 + STRIP) };
        map.size.set((room.width, room.height));
        let window = map.window();
        let seen = state.rows.iter().filter(|row| window.cell(row.summary.place.point).is_some()).count();
        let note = format!(" {seen} of {} here {} L problem  l suggestion  3 several ", state.rows.len(), theme.dot());
        pane(frame, area, theme, true, Line::from(title), Line::styled(note, theme.quiet()))
    };
    let ground = Rect { height: inside.height.saturating_sub(STRIP), ..inside };
    let window = map.window();
    let drawn = picture::draw(shared.map.as_deref(), &window, &markers(map, state, shared, &window), theme.ascii);
    picture::paint(&drawn, frame, ground, theme);
    if shared.map.is_none() && ground.height > 1 {
        let text = Line::styled(wording::short(" no base map: wegovnowd town import", usize::from(ground.width)), theme.quiet());
        frame.render_widget(Paragraph::new(text), Rect { height: 1, ..ground });
    }
    let selected = state.selected.and_then(|report| state.row(report));
    let strip = selected.map_or_else(|| ["no report in this queue".to_owned(), String::new()], |row| told(row, map, shared));
    for (at, text) in (0u16..).zip(strip) {
        let line = Rect { y: ground.bottom() + at, height: 1, ..inside };
        let style = if at == 0 { theme.strong() } else { theme.text() };
        frame.render_widget(Paragraph::new(Line::styled(wording::short(&text, usize::from(line.width)), style)), line);
    }
    let cursor = selected.and_then(|row| window.cell(row.summary.place.point));
    let (column, row) = cursor.unwrap_or((usize::from(ground.width / 2), usize::from(ground.height / 2)));
    frame.set_cursor_position(Position { x: ground.x + column as u16, y: ground.y + row as u16 });
}

/// A report in two lines.
fn told(row: &Row, map: &TownMap, shared: &Shared) -> [String; 2] {
    let (summary, dot) = (&row.summary, shared.theme.dot());
    let from = map.pin.as_ref().map(|(point, name)| {
        let far = wording::length(point.distance_m(&summary.place.point));
        format!(" {dot} {far} {} of {name}", direction(*point, summary.place.point))
    });
    let first = format!(
        "{} {} {} {dot} {} {dot} {}",
        letter(row, shared),
        summary.reference,
        wording::one_line(&summary.title),
        summary.status.words(),
        wording::age(shared.now_ms, summary.filed_ms),
    );
    let people = if summary.people == 1 { "1 person".to_owned() } else { format!("{} people", summary.people) };
    let place = list::place(row);
    let second = format!(
        "  {place}{} {dot} {} {dot} {people}{}",
        part_of_town(&place, summary.place.point, shared),
        shared.category_name(&summary.category),
        from.unwrap_or_default()
    );
    [first, second]
}

/// The letter of a report's category: large for problems, small for suggestions.
fn letter(row: &Row, shared: &Shared) -> char {
    let letter = shared.category(&row.summary.category).map_or('X', |category| category.letter);
    match row.summary.kind {
        Kind::Problem => letter.to_ascii_uppercase(),
        _ => letter.to_ascii_lowercase(),
    }
}

/// Letters for the reports that are seen; a count where several share a cell. The one under the cursor lies on top.
fn markers(map: &TownMap, state: &State, shared: &Shared, window: &Window) -> Vec<Marker> {
    let mut cells: std::collections::BTreeMap<(usize, usize), (u32, Marker)> = std::collections::BTreeMap::new();
    for row in &state.rows {
        let point = row.summary.place.point;
        let Some(cell) = window.cell(point) else { continue };
        let marker = Marker { point, letter: letter(row, shared), main: false };
        cells.entry(cell).and_modify(|(count, _)| *count += 1).or_insert((1, marker));
    }
    let several = |(count, marker): (u32, Marker)| match count {
        1 => marker,
        2..=9 => Marker { letter: char::from_digit(count, 10).unwrap_or('+'), ..marker },
        _ => Marker { letter: '+', ..marker },
    };
    let mut markers: Vec<Marker> = cells.into_values().map(several).collect();
    if let Some((point, _)) = &map.pin {
        markers.push(Marker { point: *point, letter: 'x', main: false });
    }
    let main = |report: ReportId| {
        state.row(report).map(|row| Marker { point: row.summary.place.point, letter: letter(row, shared), main: true })
    };
    markers.extend(state.selected.and_then(main));
    markers
}

#[cfg(test)]
mod tests;
