//! What somebody sees on the kiosk's screen, found by colours and shapes: no place is known beforehand, so the same finds it on an
//! upright screen and on a turned one.

use crate::machine::screen::{Area, Picture, Region};

type Colour = [u8; 3];

/// Colours of the first palette of `kiosk/ui/theme.slint`; a test compares them.
const PRIMARY: Colour = [0x07, 0x3b, 0x48];
const NEWS: Colour = [0x0d, 0x52, 0x62];
const PROBLEM: Colour = [0xa3, 0x3b, 0x20];
const SUGGESTION: Colour = [0x7a, 0x5a, 0x00];
const FOLLOW: Colour = [0x33, 0x45, 0x4f];
const SURFACE: Colour = [0xff, 0xff, 0xff];
const EDGE: Colour = [0x7d, 0x8a, 0x90];
const GOOD: Colour = [0x1e, 0x6b, 0x3a];
const WARNING: Colour = [0xfd, 0xf0, 0xd2];
const KEYBOARD: Colour = [0xe9, 0xe5, 0xda];
/// A button that cannot be pressed yet.
const UNAVAILABLE: Colour = [0xec, 0xe7, 0xdc];

/// Lengths of the same file, in pixels of a screen of Full HD.
const BADGE: f64 = 50.0;
const FIELD: f64 = 250.0;
const LINES: f64 = 150.0;
const BUTTON: (f64, f64) = (110.0, 62.0);
const KEY: f64 = 50.0;

/// Rows of the on-screen keyboard in English, from below; of the lowest, the keys that are as light as letters.
const KEYS: [&str; 4] = [",' .", "zxcvbnm", "asdfghjkl", "qwertyuiop"];

/// A picture of the kiosk.
pub struct Sight<'a> {
    picture: &'a Picture,
    /// Pixels for each of a screen of Full HD, as the kiosk itself reckons it.
    scale: f64,
    /// The dark bar at the foot.
    bar: Region,
}

impl<'a> Sight<'a> {
    /// Nothing, when the picture has no bar at its foot: then it is not the kiosk's.
    pub fn of(picture: &'a Picture) -> Option<Sight<'a>> {
        let (long, short) = (picture.width.max(picture.height) as f64, picture.width.min(picture.height) as f64);
        let scale = (long / 1920.0).min(short / 1080.0);
        let is_bar = |y: &usize| [0, picture.width - 1].iter().all(|x| picture.pixel(*x, *y) == PRIMARY);
        let rows = (0..picture.height).rev().take_while(is_bar).count();
        let is_whole = (0..picture.width).all(|x| picture.pixel(x, picture.height - 1) == PRIMARY);
        if !is_whole || (rows as f64) < 100.0 * scale {
            return None;
        }
        let bar = Region { y: picture.height - rows, height: rows, ..picture.whole() };
        Some(Sight { picture, scale, bar })
    }

    pub fn picture(&self) -> &Picture {
        self.picture
    }

    /// Areas of a colour above the bar, of at least so many pixels of Full HD both ways, from the top, those of one row from the left.
    fn areas(&self, colour: Colour, smallest: f64) -> Vec<Area> {
        self.areas_of(colour, smallest, smallest)
    }

    /// Likewise, of at least so many across and down.
    fn areas_of(&self, colour: Colour, across: f64, down: f64) -> Vec<Area> {
        let smallest = [across, down].map(|length| (length * self.scale) as usize);
        let mut areas = self.picture.areas(colour, smallest);
        areas.retain(|area| area.region.bottom() <= self.bar.y + 1);
        let row = |area: &Area| (area.region.middle().1 as f64 / (40.0 * self.scale)) as usize;
        areas.sort_by_key(|area| (row(area), area.region.x));
        areas
    }

    /// Pictograms of a colour.
    pub fn badges(&self, colour: Colour) -> Vec<Region> {
        let is_square = |region: &Region| region.width.abs_diff(region.height) <= 2;
        self.areas(colour, BADGE).iter().filter(|area| area.filling() > 0.5).map(|area| area.region).filter(is_square).collect()
    }

    /// The four tiles of the first screen: a problem, an improvement, what goes on, a code. In a row or a column, or two by two.
    pub fn home(&self) -> Option<[(usize, usize); 4]> {
        let one = |colour| match self.badges(colour)[..] {
            [badge] => Some(badge.middle()),
            _ => None,
        };
        Some([one(PROBLEM)?, one(SUGGESTION)?, one(NEWS)?, one(FOLLOW)?])
    }

    /// Whether a strip at the top says that something is wrong.
    pub fn is_warned(&self) -> bool {
        self.areas(WARNING, 30.0).iter().any(|area| area.region.width > self.picture.width * 9 / 10)
    }

    /// Tiles of the categories of problems: more than one.
    pub fn categories(&self) -> Option<Vec<Region>> {
        let badges = self.badges(PROBLEM);
        (badges.len() > 3 && self.badges(SUGGESTION).is_empty() && self.field().is_none()).then_some(badges)
    }

    /// Buttons with a ground of this colour.
    fn buttons(&self, colour: Colour) -> Vec<Region> {
        let (width, height) = (BUTTON.0 * self.scale, BUTTON.1 * self.scale);
        let areas = self.areas(colour, BUTTON.1);
        let is_button = |area: &&Area| {
            area.region.width as f64 >= width
                && (height..1.6 * height).contains(&(area.region.height as f64))
                && area.filling() > 0.5
        };
        areas.iter().filter(is_button).map(|area| area.region).collect()
    }

    /// The button that leads on: the lowest of the dark ones, and there the one farthest to the right.
    pub fn on(&self) -> Option<Region> {
        self.buttons(PRIMARY).into_iter().max_by_key(|button| (button.y, button.x))
    }

    /// The same while it cannot be pressed.
    pub fn is_held_back(&self) -> bool {
        !self.buttons(UNAVAILABLE).is_empty()
    }

    /// The first wide frame of a colour: by its upper and its lower side, which do not touch where corners are round and frames thin.
    fn frame(&self, colour: Colour) -> Option<Region> {
        let sides: Vec<Region> = self.areas_of(colour, FIELD, 0.0).iter().map(|area| area.region).collect();
        let (upper, rest) = sides.split_first()?;
        let is_below = |side: &&Region| side.x.abs_diff(upper.x) <= 2 && side.width.abs_diff(upper.width) <= 4;
        let is_whole = upper.height as f64 > BUTTON.1 * self.scale;
        let bottom = if is_whole { upper.bottom() } else { rest.iter().find(is_below)?.bottom() };
        Some(Region { height: bottom - upper.y, ..*upper })
    }

    /// The field for text, if there is one that nobody writes in.
    pub fn field(&self) -> Option<Region> {
        self.frame(EDGE)
    }

    /// The field for several lines, whether somebody writes in it, which makes its frame dark, or not.
    pub fn lines(&self) -> Option<Region> {
        let frames = [EDGE, PRIMARY].into_iter().filter_map(|colour| self.frame(colour));
        frames.into_iter().find(|frame| frame.height as f64 > LINES * self.scale)
    }

    /// A point of the map, by shares of its width and height: beside or above the field for addresses.
    pub fn map(&self, across: f64, down: f64) -> Option<(usize, usize)> {
        let field = self.field()?;
        let top = (150.0 * self.scale) as usize;
        let (width, bottom) =
            if self.picture.width > self.picture.height { (field.x, self.bar.y) } else { (self.picture.width, field.y) };
        let height = bottom.checked_sub(top)?;
        Some(((width as f64 * across) as usize, top + (height as f64 * down) as usize))
    }

    /// Where the keyboard begins, when it is shown.
    pub fn keyboard(&self) -> Option<Region> {
        self.areas(KEYBOARD, 200.0).iter().map(|area| area.region).find(|region| region.width == self.picture.width)
    }

    /// A key of the keyboard. Above its rows there may be another one, with signs like the letter before.
    pub fn key(&self, letter: char) -> Option<(usize, usize)> {
        let top = self.keyboard()?.y;
        let mut keys: Vec<Region> = self.areas(SURFACE, KEY).iter().map(|area| area.region).filter(|key| key.y > top).collect();
        keys.sort_by_key(|key| std::cmp::Reverse(key.bottom()));
        let mut rows: Vec<Vec<Region>> = Vec::new();
        for key in keys {
            match rows.last_mut() {
                Some(row) if row[0].bottom() < key.bottom() + key.height / 2 => row.push(key),
                _ => rows.push(vec![key]),
            }
        }
        let (row, letters) = rows.iter_mut().zip(KEYS).find(|(_, letters)| letters.contains(letter))?;
        row.sort_by_key(|key| key.x);
        let at = letters.chars().position(|own| own == letter)?;
        (row.len() == letters.len()).then(|| row[at].middle())
    }

    /// The code on the slip, when a tick says that the report is filed.
    pub fn slip(&self) -> Option<String> {
        self.badges(GOOD).first()?;
        self.picture.codes().into_iter().next()
    }

    /// The button that ends the visit: the light one in the bar.
    pub fn finish(&self) -> Option<(usize, usize)> {
        let areas = self.picture.areas(SURFACE, [(KEY * self.scale) as usize; 2]);
        areas.iter().map(|area| area.region).find(|button| button.y > self.bar.y).map(Region::middle)
    }

    /// The part above keyboard and bar.
    pub fn above(&self) -> Region {
        let bottom = self.keyboard().map_or(self.bar.y, |keyboard| keyboard.y);
        Region { height: bottom, ..self.picture.whole() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUND: Colour = [0xf6, 0xf3, 0xec];

    /// A picture of so many pixels, and what is painted on it.
    struct Canvas(usize, usize, Vec<u8>);

    impl Canvas {
        /// With the bar at its foot and the light button in it.
        fn new(width: usize, height: usize) -> Canvas {
            let mut canvas = Canvas(width, height, GROUND.repeat(width * height));
            canvas.paint(PRIMARY, 0, height - 132, width, 132);
            canvas.paint(SURFACE, 48, height - 108, 200, 84);
            canvas
        }

        fn paint(&mut self, colour: Colour, x: usize, y: usize, width: usize, height: usize) -> &mut Canvas {
            for row in y..y + height {
                let at = (row * self.0 + x) * 3;
                self.2[at..at + width * 3].copy_from_slice(&colour.repeat(width));
            }
            self
        }

        fn framed(&mut self, colour: Colour, x: usize, y: usize, width: usize, height: usize) -> &mut Canvas {
            self.paint(colour, x, y, width, height).paint(SURFACE, x + 3, y + 3, width - 6, height - 6)
        }

        fn picture(&self) -> Picture {
            let mut bytes = format!("P6\n{} {}\n255\n", self.0, self.1).into_bytes();
            bytes.extend(&self.2);
            Picture::parse(&bytes).unwrap()
        }
    }

    #[test]
    fn the_colours_are_those_of_the_kiosk() {
        let theme = std::fs::read_to_string(crate::shell::root().join("kiosk/ui/theme.slint")).unwrap();
        let palette = theme.split_once("<Palette> standard: {").unwrap().1.split_once("};").unwrap().0;
        let code = |[red, green, blue]: Colour| format!("#{red:02x}{green:02x}{blue:02x}");
        let named = [
            ("primary", PRIMARY),
            ("bar", PRIMARY),
            ("accent", PRIMARY),
            ("news", NEWS),
            ("problem", PROBLEM),
            ("suggestion", SUGGESTION),
            ("follow", FOLLOW),
            ("surface", SURFACE),
            ("key", SURFACE),
            ("finish", SURFACE),
            ("edge", EDGE),
            ("good", GOOD),
            ("warn-tint", WARNING),
            ("keyboard", KEYBOARD),
            ("unavailable", UNAVAILABLE),
            ("ground", GROUND),
        ];
        for (name, colour) in named {
            assert!(palette.contains(&format!(" {name}: {},", code(colour))), "{name}");
        }
    }

    #[test]
    fn what_is_not_the_kiosk_has_no_bar() {
        let mut canvas = Canvas::new(1920, 1080);
        assert!(Sight::of(&canvas.picture()).is_some());
        canvas.paint(GROUND, 0, 0, 1920, 1080);
        assert!(Sight::of(&canvas.picture()).is_none());
    }

    #[test]
    fn the_first_screen_is_known_by_its_four_tiles() {
        let mut canvas = Canvas::new(1080, 1920);
        for (row, colour) in [PROBLEM, SUGGESTION, NEWS, FOLLOW].into_iter().enumerate() {
            canvas.paint(colour, 80, 200 + 300 * row, 88, 88);
        }
        let picture = canvas.picture();
        let sight = Sight::of(&picture).unwrap();
        assert_eq!(sight.home(), Some([(124, 244), (124, 544), (124, 844), (124, 1144)]));
        assert!(!sight.is_warned() && sight.categories().is_none() && sight.finish() == Some((148, 1854)));
        let picture = canvas.paint(WARNING, 0, 0, 1080, 84).picture();
        assert!(Sight::of(&picture).unwrap().is_warned());
        let picture = canvas.paint(PROBLEM, 400, 200, 88, 88).picture();
        assert!(Sight::of(&picture).unwrap().home().is_none(), "two of them");
    }

    #[test]
    fn buttons_and_fields_are_told_apart() {
        let mut canvas = Canvas::new(1920, 1080);
        canvas.framed(EDGE, 1132, 80, 756, 92).framed(PRIMARY, 1132, 840, 180, 80).paint(UNAVAILABLE, 1340, 840, 550, 80);
        let picture = canvas.picture();
        let sight = Sight::of(&picture).unwrap();
        assert!(sight.field().is_some() && sight.lines().is_none() && sight.is_held_back() && sight.on().is_none());
        assert_eq!(sight.map(0.5, 0.5), Some((566, 549)));
        // Corners that are softened are not of the colour.
        for x in [1132, 1885] {
            canvas.paint(GROUND, x, 80, 3, 3).paint(GROUND, x, 169, 3, 3);
        }
        assert!(Sight::of(&canvas.picture()).unwrap().field().is_some_and(|field| (field.y, field.bottom()) == (80, 172)));
        canvas.paint(PRIMARY, 1700, 300, 160, 80).paint(PRIMARY, 1340, 840, 550, 80);
        let picture = canvas.framed(EDGE, 1132, 80, 756, 200).picture();
        let sight = Sight::of(&picture).unwrap();
        assert!(sight.lines().is_some() && !sight.is_held_back());
        let picture = canvas.framed(PRIMARY, 1132, 80, 756, 200).picture();
        let sight = Sight::of(&picture).unwrap();
        assert!(sight.lines().is_some() && sight.field().is_none(), "somebody writes in it");
        let picture = canvas.paint(GROUND, 0, 0, 1920, 300).framed(PRIMARY, 1400, 80, 400, 80).picture();
        assert!(Sight::of(&picture).unwrap().lines().is_none(), "a button");
        canvas.paint(GROUND, 0, 0, 1920, 300).framed(EDGE, 1132, 80, 756, 200).paint(PRIMARY, 1700, 300, 160, 80);
        let picture = canvas.picture();
        let sight = Sight::of(&picture).unwrap();
        assert_eq!(sight.on().map(|button| button.x), Some(1340), "not the button of something listed");
    }

    #[test]
    fn keys_are_found_with_and_without_a_row_of_variants() {
        let mut canvas = Canvas::new(1920, 1080);
        canvas.paint(KEYBOARD, 0, 450, 1920, 498);
        for (row, letters) in KEYS.iter().enumerate() {
            for column in 0..letters.len() {
                canvas.paint(SURFACE, 200 + 100 * column + 10 * row, 850 - 94 * row, 90, 84);
            }
        }
        for variants in 0..3 {
            if variants > 0 {
                canvas.paint(SURFACE, 100 + 106 * variants, 474, 96, 84);
            }
            let picture = canvas.picture();
            let sight = Sight::of(&picture).unwrap();
            assert_eq!(sight.key('q'), Some((275, 610)));
            assert_eq!(sight.key('m'), Some((855, 798)));
            assert_eq!(sight.key(' '), Some((445, 892)));
            assert_eq!((sight.key('ü'), sight.above().height), (None, 450));
        }
    }
}
