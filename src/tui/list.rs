//! Where a list is: what is selected in it and what of it is on the screen. What the list holds is its user's.

use ratatui::layout::{Position, Rect};

use super::action::Action;

/// A list's selected item and the first one on the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct List {
    pub(super) selected: usize,
    pub(super) top: usize,
    /// Whether the screen was moved away from what is selected.
    pub(super) is_aside: bool,
}

impl List {
    /// Moves the selection by `by` items of `length`.
    pub(super) fn step(&mut self, by: isize, length: usize) {
        self.select(self.selected.saturating_add_signed(by), length);
    }

    pub(super) fn select(&mut self, item: usize, length: usize) {
        self.selected = item.min(length.saturating_sub(1));
        self.is_aside = false;
    }

    /// Moves what is on the screen by so many lines, and leaves the selection where it is.
    pub(super) fn scroll(&mut self, by: isize, lines: usize, length: usize) {
        self.top = self.top.saturating_add_signed(by).min(length.saturating_sub(lines));
        self.is_aside = true;
    }

    /// The item at a line of the terminal, where the first one is on the first line of `body`.
    pub(super) fn item_at(&self, body: Rect, at: Position) -> Option<usize> {
        body.contains(at).then(|| self.top + usize::from(at.y - body.y))
    }

    /// Puts the selection on a screen of `lines` lines, without empty lines below the end.
    pub(super) fn reveal(&mut self, lines: usize, length: usize) {
        self.selected = self.selected.min(length.saturating_sub(1));
        if self.is_aside {
            self.top = self.top.min(length.saturating_sub(lines));
            return;
        }
        self.top = self.top.min(self.selected).min(length.saturating_sub(lines));
        self.top = self.top.max((self.selected + 1).saturating_sub(lines.max(1)));
    }

    /// Selects an item; one that is not on the screen comes to its middle, where it can be seen among its neighbours.
    pub(super) fn center(&mut self, item: usize, lines: usize) {
        if !(self.top..self.top + lines).contains(&item) {
            self.top = item.saturating_sub(lines / 2);
        }
        self.selected = item;
        self.is_aside = false;
    }
}

/// How many lines an action moves by where a page has so many; none if it does not move.
pub(super) fn motion(action: Action, lines: usize) -> Option<isize> {
    let page = lines.saturating_sub(1).max(1) as isize;
    let half = (lines / 2).max(1) as isize;
    Some(match action {
        Action::Down => 1,
        Action::Up => -1,
        Action::PageDown => page,
        Action::PageUp => -page,
        Action::HalfPageDown => half,
        Action::HalfPageUp => -half,
        Action::First => isize::MIN,
        Action::Last => isize::MAX,
        _ => return None,
    })
}
