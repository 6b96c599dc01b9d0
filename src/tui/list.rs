//! Where a list is: what is selected in it and what of it is on the screen. What the list holds is its user's.

/// A list's selected item and the first one on the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct List {
    pub(super) selected: usize,
    pub(super) top: usize,
}

impl List {
    /// Moves the selection by `by` items of `length`.
    pub(super) fn step(&mut self, by: isize, length: usize) {
        self.select(self.selected.saturating_add_signed(by), length);
    }

    pub(super) fn select(&mut self, item: usize, length: usize) {
        self.selected = item.min(length.saturating_sub(1));
    }

    /// Puts the selection on a screen of `lines` lines, without empty lines below the end.
    pub(super) fn reveal(&mut self, lines: usize, length: usize) {
        self.select(self.selected, length);
        self.top = self.top.min(self.selected).min(length.saturating_sub(lines));
        self.top = self.top.max((self.selected + 1).saturating_sub(lines.max(1)));
    }
}
