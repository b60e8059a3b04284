//! What is wrong with a screen, found without eyes: letters that are cut off, things that lie over each other, targets that are too
//! small or too near, letters that no font has. It walks what Slint laid out, and draws nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;

use i_slint_core::accessibility::AccessibleStringProperty;
use i_slint_core::item_tree::{ItemRc, ParentItemTraversalMode, ensure_item_tree_instantiated};
use i_slint_core::items::{
    BasicBorderRectangle, BorderRectangle, ComplexText, Flickable, Orientation, Rectangle, SimpleText, TextOverflow, TextWrap,
    TouchArea,
};
use i_slint_core::lengths::{LogicalPoint, LogicalRect};
use i_slint_core::window::WindowInner;

/// 12.7 mm square (VVSG 2.0, 7.2-I).
pub const TARGET_MM: f32 = 12.7;
/// 2.54 mm between two (VVSG 2.0, 7.2-I).
pub const GAP_MM: f32 = 2.54;
/// Layouts round to whole pixels.
const SLACK: f32 = 1.5;

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// A text is larger than its place.
    Clipped,
    /// A text stands out of the box that it is in.
    OutOfBox,
    /// Something reaches over the screen's edge.
    OffScreen,
    /// Two texts, or two controls, or a text and a control, lie over each other.
    Overlap,
    /// A target under 12.7 mm.
    SmallTarget,
    /// A gap under 2.54 mm.
    SmallGap,
    /// A letter that no font has.
    MissingGlyph,
    /// In the low layout: a control in the upper half.
    TooHigh,
}

/// One flaw, with the element and the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub flaw: Flaw,
    pub element: String,
    pub figure: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}: {:?}: {}", self.flaw, self.element, self.figure)
    }
}

/// How a screen is to be.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Logical pixels of a millimetre.
    pub mm: f32,
    /// Where controls begin: a part of the height.
    pub controls_from: f32,
}

#[derive(Debug, Clone)]
struct Seen {
    what: String,
    /// Where it lies, and what of it is not clipped away.
    rect: LogicalRect,
    visible: LogicalRect,
}

#[derive(Default)]
struct Walk {
    texts: Vec<Seen>,
    targets: Vec<Seen>,
    findings: Vec<Finding>,
    screen: LogicalRect,
}

/// Everything that is wrong with what the window shows now.
pub fn audit(window: &slint::Window, rules: Rules, fonts: &Fonts) -> Vec<Finding> {
    let inner = WindowInner::from_pub(window);
    let tree = inner.component();
    // Conditions and lists may hold further ones.
    for _ in 0..8 {
        if !ensure_item_tree_instantiated(&tree) {
            break;
        }
    }
    let size = window.size().to_logical(window.scale_factor());
    let screen = LogicalRect::new(LogicalPoint::default(), [size.width, size.height].into());
    let mut walk = Walk { screen, ..Walk::default() };
    let root = ItemRc::new_root(tree);
    walk.item(&root, LogicalPoint::default(), screen, &[], fonts);
    walk.judge(rules)
}

impl Walk {
    /// `boxes` are the grounds that the item stands in, from the outside, up to the last list that scrolls.
    fn item(&mut self, item: &ItemRc, origin: LogicalPoint, clip: LogicalRect, boxes: &[LogicalRect], fonts: &Fonts) {
        let own = item.geometry();
        let rect = LogicalRect::new(origin + own.origin.to_vector(), own.size);
        let clips = item.borrow().as_ref().clips_children();
        let clip = if clips { rect.intersection(&clip).unwrap_or_default() } else { clip };
        if clip.is_empty() {
            return;
        }
        let mut inside = boxes.to_vec();
        if let Some(text) = item.downcast::<ComplexText>() {
            let text = text.as_pin_ref();
            self.text(item, rect, clip, boxes, (text.text().as_str(), text.wrap(), text.overflow()), fonts);
        } else if let Some(text) = item.downcast::<SimpleText>() {
            let text = text.as_pin_ref();
            self.text(item, rect, clip, boxes, (text.text().as_str(), TextWrap::NoWrap, TextOverflow::Clip), fonts);
        } else if let Some(touch) = item.downcast::<TouchArea>() {
            self.touch(item, touch.as_pin_ref(), rect, clip);
        } else if item.downcast::<Flickable>().is_some() {
            // What scrolls may be higher than its window, not wider.
            inside.clear();
        } else if is_ground(item) && rect.height() > 30.0 {
            inside.push(rect);
        }
        let mut child = item.first_child();
        while let Some(item) = child {
            self.item(&item, rect.origin, clip, &inside, fonts);
            child = item.next_sibling();
        }
    }

    fn text(
        &mut self,
        item: &ItemRc,
        rect: LogicalRect,
        clip: LogicalRect,
        boxes: &[LogicalRect],
        (text, wrap, overflow): (&str, TextWrap, TextOverflow),
        fonts: &Fonts,
    ) {
        let Some(visible) = rect.intersection(&clip) else { return };
        if text.trim().is_empty() || visible.is_empty() {
            return;
        }
        let what: String = text.chars().take(60).collect();
        let Some(adapter) = item.window_adapter() else { return };
        let needs = |orientation, across| item.borrow().as_ref().layout_info(orientation, across, &adapter, item);
        let wide = needs(Orientation::Horizontal, -1.0);
        let high = needs(Orientation::Vertical, rect.width());
        let width = match (wrap, overflow) {
            (TextWrap::CharWrap, _) => 0.0,
            (TextWrap::WordWrap, _) => wide.min,
            (_, _) => wide.preferred,
        };
        let mut found = |flaw, figure| self.findings.push(Finding { flaw, element: what.clone(), figure });
        if width > rect.width() + SLACK {
            found(Flaw::Clipped, format!("needs {width:.0} of width, has {:.0}", rect.width()));
        }
        if high.preferred > rect.height() + SLACK {
            found(Flaw::Clipped, format!("needs {:.0} of height, has {:.0}", high.preferred, rect.height()));
        }
        if let Some(letter) = text.chars().find(|letter| !fonts.have(*letter)) {
            found(Flaw::MissingGlyph, format!("U+{:04X}", u32::from(letter)));
        }
        let holds = |ground: &LogicalRect| ground.inflate(SLACK, SLACK).contains_rect(&rect);
        if let Some(ground) = boxes.iter().rev().find(|ground| !holds(ground)) {
            let figure = format!("{} is not in {}", place(&rect), place(ground));
            found(Flaw::OutOfBox, figure);
        }
        self.texts.push(Seen { what, rect, visible });
    }

    fn touch(&mut self, item: &ItemRc, touch: Pin<&TouchArea>, rect: LogicalRect, clip: LogicalRect) {
        // A list that feels fingers for what lies in it is nothing to press.
        if item.first_child().is_some_and(|child| child.downcast::<Flickable>().is_some()) {
            return;
        }
        let covers = |share: f32| rect.area() > self.screen.area() * share;
        if covers(0.55) {
            // What takes all touches hides what is under it.
            self.texts.retain(|seen| !rect.contains_rect(&seen.visible));
            self.targets.retain(|seen| !rect.contains_rect(&seen.visible));
            self.findings.clear();
            return;
        }
        let Some(visible) = rect.intersection(&clip) else { return };
        // A sliver at the edge of a list is not yet to be seen, nor to be touched.
        if visible.width() <= SLACK || visible.height() <= SLACK || !touch.enabled() {
            return;
        }
        self.targets.push(Seen { what: label(item), rect, visible });
    }

    fn judge(mut self, rules: Rules) -> Vec<Finding> {
        let mut findings = std::mem::take(&mut self.findings);
        let mut found = |flaw, element: &str, figure| {
            let finding = Finding { flaw, element: element.to_owned(), figure };
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        };
        let least = TARGET_MM * rules.mm - 0.5;
        for target in &self.targets {
            if target.rect.width() < least || target.rect.height() < least {
                let (width, height) = (target.rect.width() / rules.mm, target.rect.height() / rules.mm);
                found(Flaw::SmallTarget, &target.what, format!("{width:.1} by {height:.1} mm"));
            }
            if target.visible.min_y() < self.screen.height() * rules.controls_from - SLACK {
                found(Flaw::TooHigh, &target.what, format!("{:.0} px from the top", target.visible.min_y()));
            }
        }
        for seen in self.targets.iter().chain(&self.texts) {
            let (left, right) = (seen.rect.min_x() + SLACK, seen.rect.max_x() - SLACK);
            // Downwards, lists scroll.
            if left < 0.0 || right > self.screen.max_x() || seen.visible.max_y() - SLACK > self.screen.max_y() {
                found(Flaw::OffScreen, &seen.what, place(&seen.rect));
            }
        }
        for (index, one) in self.targets.iter().enumerate() {
            for other in &self.targets[index + 1..] {
                match apart(&one.visible, &other.visible) {
                    Apart::Over => found(Flaw::Overlap, &one.what, format!("with {:?}", other.what)),
                    Apart::By(gap) if gap < GAP_MM * rules.mm - 0.5 => {
                        found(Flaw::SmallGap, &one.what, format!("{:.2} mm to {:?}", gap / rules.mm, other.what));
                    }
                    Apart::By(_) | Apart::Within => {}
                }
            }
        }
        for (index, one) in self.texts.iter().enumerate() {
            for other in &self.texts[index + 1..] {
                if matches!(apart(&one.visible, &other.visible), Apart::Over | Apart::Within) {
                    found(Flaw::Overlap, &one.what, format!("with {:?}", other.what));
                }
            }
            for target in &self.targets {
                if matches!(apart(&one.visible, &target.visible), Apart::Over) {
                    found(Flaw::Overlap, &one.what, format!("with the control {:?}", target.what));
                }
            }
        }
        findings
    }
}

enum Apart {
    /// So far, side by side or one over the other; corner to corner counts as far.
    By(f32),
    /// One lies within the other, as a button does on a card.
    Within,
    /// They cross.
    Over,
}

fn apart(one: &LogicalRect, other: &LogicalRect) -> Apart {
    if let Some(common) = one.intersection(other).filter(|common| common.width() > SLACK && common.height() > SLACK) {
        let least = one.area().min(other.area());
        return if common.area() > least * 0.98 { Apart::Within } else { Apart::Over };
    }
    let across = (other.min_x() - one.max_x()).max(one.min_x() - other.max_x());
    let down = (other.min_y() - one.max_y()).max(one.min_y() - other.max_y());
    Apart::By(match (across > 0.0, down > 0.0) {
        (true, true) => f32::MAX,
        _ => across.max(down).max(0.0),
    })
}

fn is_ground(item: &ItemRc) -> bool {
    item.downcast::<Rectangle>().is_some()
        || item.downcast::<BorderRectangle>().is_some()
        || item.downcast::<BasicBorderRectangle>().is_some()
}

fn place(rect: &LogicalRect) -> String {
    format!("{:.0},{:.0} {:.0}x{:.0}", rect.min_x(), rect.min_y(), rect.width(), rect.height())
}

/// What the nearest of an item's parents is called.
fn label(item: &ItemRc) -> String {
    let mut at = Some(item.clone());
    while let Some(item) = at {
        if let Some(label) = item.accessible_string_property(AccessibleStringProperty::Label).filter(|label| !label.is_empty()) {
            return label.into();
        }
        at = item.parent_item(ParentItemTraversalMode::StopAtPopups);
    }
    "nameless".to_owned()
}

/// Which letters can be drawn here.
pub struct Fonts {
    fonts: fontdb::Database,
    known: RefCell<BTreeMap<char, bool>>,
}

impl Fonts {
    /// The fonts of the system that are among those of the appliance: Noto Sans for every script.
    pub fn of_system() -> Fonts {
        let mut fonts = fontdb::Database::new();
        fonts.load_system_fonts();
        let others: Vec<fontdb::ID> = fonts
            .faces()
            .filter(|face| !face.families.iter().any(|(name, _)| name.starts_with("Noto Sans")))
            .map(|face| face.id)
            .collect();
        others.into_iter().for_each(|face| fonts.remove_face(face));
        Fonts { fonts, known: RefCell::default() }
    }

    fn have(&self, letter: char) -> bool {
        if letter.is_whitespace() || letter.is_control() {
            return true;
        }
        *self.known.borrow_mut().entry(letter).or_insert_with(|| {
            self.fonts.faces().any(|face| {
                let has = |data: &[u8], index| {
                    ttf_parser::Face::parse(data, index).is_ok_and(|face| face.glyph_index(letter).is_some())
                };
                self.fonts.with_face_data(face.id, has).unwrap_or(false)
            })
        })
    }
}

#[cfg(test)]
mod tests;
