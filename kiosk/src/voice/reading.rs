//! What can be read: one thing on the screen, as assistive technology is told of it.

/// Tells one thing from another as long as it is on the screen.
pub type Key = (usize, u32);

/// What a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Acts when it is chosen.
    Button,
    /// Is typed into.
    Field,
    /// Is read only.
    Text,
    /// Is seen only; has words for it.
    Picture,
}

/// One thing that the cursor can stand on.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot {
    pub key: Key,
    pub role: Role,
    pub label: String,
    /// What stands on it beside its label.
    pub detail: String,
    /// What was typed.
    pub value: String,
    /// What is written in it while nothing was typed.
    pub hint: String,
    /// The markup's name for it: "notice" and "alert" are said at once, "sheet" hides what it covers.
    pub id: String,
    pub enabled: bool,
    /// Whether it is chosen, if it is something that can be.
    pub checked: Option<bool>,
    /// The row that it stands in, if it is reached by entering a row.
    pub row: Option<Key>,
    /// Left, top, width and height in the window's logical pixels.
    pub place: [f32; 4],
    /// Whether keys can be sent to it.
    pub takes_focus: bool,
}

impl Spot {
    /// Whether it can be chosen.
    pub fn is_control(&self) -> bool {
        matches!(self.role, Role::Button | Role::Field)
    }

    /// Whether two are the same thing to a reader, though the screen was built anew.
    pub fn is_like(&self, other: &Spot) -> bool {
        self.role == other.role && self.label == other.label && self.id == other.id
    }
}

/// Takes away what is covered by a sheet that comes later.
pub fn uncovered(spots: Vec<Spot>) -> Vec<Spot> {
    let covers: Vec<(usize, [f32; 4])> =
        spots.iter().enumerate().filter(|(_, spot)| spot.id == "sheet").map(|(at, spot)| (at, spot.place)).collect();
    let is_covered = |at: usize, [x, y, width, height]: [f32; 4]| {
        let (x, y) = (x + width / 2.0, y + height / 2.0);
        covers.iter().any(|(cover, [left, top, wide, high])| {
            *cover > at && (*left..=left + wide).contains(&x) && (*top..=top + high).contains(&y)
        })
    };
    let kept = spots.iter().enumerate().filter(|(at, spot)| spot.id != "sheet" && !is_covered(*at, spot.place));
    kept.map(|(_, spot)| spot.clone()).collect()
}
