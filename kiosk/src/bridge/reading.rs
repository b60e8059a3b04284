//! What stands on the screen, read from the accessible tree that Slint keeps for screen readers: on the appliance there is none, and
//! the kiosk reads it itself. The ways through the tree are those of Slint's own AccessKit adapter.

use i_slint_core::accessibility::{AccessibilityAction, AccessibleStringProperty};
use i_slint_core::input::FocusReason;
use i_slint_core::item_tree::{ItemTreeRc, ItemTreeRef};
use i_slint_core::items::{AccessibleRole, Clip, Flickable, FocusScope, ItemRc, TextInput};
use i_slint_core::lengths::{LogicalLength, LogicalRect};
use i_slint_core::window::WindowInner;
use slint::ComponentHandle;

use crate::ui;
use crate::voice::{Key, Role, Spot};

fn key(item: &ItemRc) -> Key {
    (ItemTreeRef::as_ptr(ItemTreeRc::borrow(item.item_tree())).as_ptr() as usize, item.index())
}

fn root(window: &ui::AppWindow) -> ItemRc {
    let inner = WindowInner::from_pub(window.window());
    inner.ensure_tree_instantiated();
    ItemRc::new_root(inner.component())
}

fn children(item: &ItemRc) -> impl Iterator<Item = ItemRc> + use<> {
    std::iter::successors(item.first_child(), ItemRc::next_sibling)
}

/// The room an item takes in the window.
fn room(item: &ItemRc) -> LogicalRect {
    let geometry = item.geometry();
    LogicalRect::new(item.map_to_window(geometry.origin), geometry.size)
}

/// Everything that can be read, in the order of the markup. What is scrolled away is among it: the cursor scrolls to it.
pub fn spots(window: &ui::AppWindow) -> Vec<Spot> {
    let mut spots = Vec::new();
    read(&root(window), None, None, &mut spots);
    spots
}

fn read(item: &ItemRc, clip: Option<LogicalRect>, row: Option<Key>, spots: &mut Vec<Spot>) {
    let mut clip = clip;
    let own = room(item);
    let seen = clip.is_none_or(|clip| clip.intersects(&own));
    let mut row = row;
    if item.is_accessible() {
        let said = |what| item.accessible_string_property(what).unwrap_or_default().to_string();
        let is = |what| item.accessible_string_property(what).map(|value| value == "true");
        let id = said(AccessibleStringProperty::Id);
        let role = match item.accessible_role() {
            AccessibleRole::Text => Some(Role::Text),
            AccessibleRole::Image => Some(Role::Picture),
            AccessibleRole::TextInput => Some(Role::Field),
            AccessibleRole::Button | AccessibleRole::Checkbox | AccessibleRole::Switch | AccessibleRole::RadioButton => {
                Some(Role::Button)
            }
            // A sheet is told of for what it covers.
            AccessibleRole::Groupbox if id == "sheet" => Some(Role::Picture),
            AccessibleRole::Groupbox if id == "row" => {
                row = Some(key(item));
                None
            }
            _ => None,
        };
        let label = said(AccessibleStringProperty::Label);
        let says = !label.trim().is_empty() || !matches!(role, Some(Role::Text | Role::Picture)) || id == "sheet";
        if let Some(role) = role.filter(|_| seen && says) {
            let checkable = is(AccessibleStringProperty::Checkable).unwrap_or(false);
            spots.push(Spot {
                key: key(item),
                role,
                label,
                detail: said(AccessibleStringProperty::Description),
                value: said(AccessibleStringProperty::Value),
                hint: said(AccessibleStringProperty::PlaceholderText),
                id,
                enabled: is(AccessibleStringProperty::Enabled).unwrap_or(true),
                checked: checkable.then(|| is(AccessibleStringProperty::Checked).unwrap_or(false)),
                row,
                place: [own.min_x(), own.min_y(), own.width(), own.height()],
                takes_focus: focusable(item).is_some(),
            });
        }
    }
    if item.downcast::<Flickable>().is_some() {
        if seen {
            clip = None;
        }
    } else if item.downcast::<Clip>().is_some_and(|clip| clip.as_pin_ref().clip()) {
        clip = Some(clip.map_or(own, |clip| clip.intersection(&own).unwrap_or_default()));
    }
    if clip.is_some_and(|clip| clip.is_empty()) {
        return;
    }
    for child in children(item) {
        read(&child, clip, row, spots);
    }
}

fn find(item: &ItemRc, wanted: Key) -> Option<ItemRc> {
    if key(item) == wanted {
        return Some(item.clone());
    }
    children(item).find_map(|child| find(&child, wanted))
}

/// What in an item takes keys.
fn focusable(item: &ItemRc) -> Option<ItemRc> {
    let takes = item.downcast::<TextInput>().is_some_and(|input| input.as_pin_ref().enabled())
        || item.downcast::<FocusScope>().is_some_and(|scope| scope.as_pin_ref().enabled());
    if takes {
        return Some(item.clone());
    }
    children(item).find_map(|child| focusable(&child))
}

/// Presses it, as assistive technology would.
pub fn press(window: &ui::AppWindow, wanted: Key) {
    if let Some(item) = find(&root(window), wanted) {
        item.accessible_action(&AccessibilityAction::Default);
    }
}

/// Brings it into sight, and the focus to it if it takes keys.
pub fn show(window: &ui::AppWindow, wanted: Key) {
    let Some(item) = find(&root(window), wanted) else { return };
    if let Some(taker) = focusable(&item) {
        WindowInner::from_pub(window.window()).set_focus_item(&taker, true, FocusReason::TabNavigation);
    } else {
        window.invoke_listen();
    }
    scroll_to(&item);
}

/// Scrolls the lists that hold an item so far that it is seen.
fn scroll_to(item: &ItemRc) {
    let mut parent = item.parent_item(i_slint_core::item_tree::ParentItemTraversalMode::StopAtPopups);
    while let Some(ancestor) = parent {
        if let Some(flickable) = ancestor.downcast::<Flickable>() {
            let (seen, own) = (room(&ancestor), room(item));
            let pin = flickable.as_pin_ref();
            let below = (own.max_y() - seen.max_y()).max(0.0);
            let above = (seen.min_y() - own.min_y()).max(0.0);
            // A thing longer than the list shows its beginning.
            let by = if above > 0.0 || own.height() > seen.height() { seen.min_y() - own.min_y() } else { -below };
            if by != 0.0 {
                pin.content_y.set(LogicalLength::new(pin.content_y().get() + by));
            }
        }
        parent = ancestor.parent_item(i_slint_core::item_tree::ParentItemTraversalMode::StopAtPopups);
    }
}

/// Where something is now.
pub fn place(window: &ui::AppWindow, wanted: Key) -> Option<[f32; 4]> {
    let own = room(&find(&root(window), wanted)?);
    Some([own.min_x(), own.min_y(), own.width(), own.height()])
}

/// Keys come to nobody when what had them is gone: then the window listens by itself.
pub fn keep_listening(window: &ui::AppWindow) {
    let inner = WindowInner::from_pub(window.window());
    inner.ensure_tree_instantiated();
    let focus = inner.focus_item.borrow().upgrade();
    if focus.is_none_or(|item| !item.is_visible()) {
        window.invoke_listen();
    }
}
