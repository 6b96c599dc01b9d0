//! What the screen will show is read here, before it is drawn: rows' texts, the selected row's fields and bytes.

use ratatui::layout::Rect;

use super::App;
use crate::tui::layout::{Pane, lay_out};
use crate::tui::list::List;
use crate::tui::tree::Tree;

/// Texts of rows that need not be made again while the screen moves: some screens full.
const TEXTS: usize = 2048;

impl App {
    /// Lays out a screen of this size and reads what it will show.
    pub fn prepare(&mut self, screen: Rect) {
        let all = self.book.sessions().len() + 1;
        self.areas = lay_out(screen, self.focus, self.zoomed, all + self.progress.others.len());
        self.sessions.reveal(self.areas.lines(Pane::Sessions), all);
        let length = self.len();
        let lines = self.areas.lines(Pane::Timeline);
        self.timeline.reveal(lines, length);
        if self.texts.len() > TEXTS {
            self.texts.clear();
        }
        for place in self.timeline.top..length.min(self.timeline.top + lines) {
            if let Some(row) = self.row_at(place) {
                self.texts.entry(row).or_insert_with(|| self.book.text(row));
            }
        }
        self.prepare_detail();
    }

    fn prepare_detail(&mut self) {
        let row = self.selected_row();
        let known = self.detail.as_ref().map(|detail| detail.row);
        if row != known || std::mem::take(&mut self.stale) {
            self.detail = row.map(|row| Tree::new(row, self.book.detail(row)));
        }
        let width = usize::from(self.areas.fields.width);
        if let Some(detail) = &mut self.detail {
            detail.wrap(width, &self.folds);
        }
        if row != known {
            // The same field of the other row, if it has one.
            let wanted = |detail: &Tree| detail.place_of(&self.wanted);
            self.fields = List { selected: self.detail.as_ref().and_then(wanted).unwrap_or_default(), top: 0 };
            self.hex_top = 0;
            let span = self.selected_span().unwrap_or_default();
            self.byte = span.start;
            self.reveal_bytes(span.start, span.end);
        }
        let Some(detail) = &self.detail else { return };
        self.fields.reveal(self.areas.lines(Pane::Fields), detail.len());
        // The screen may have become wider or higher.
        let lines = detail.detail.bytes.len().div_ceil(self.areas.bytes_a_line());
        self.hex_top = self.hex_top.min(lines.saturating_sub(self.areas.lines(Pane::Hex)));
        if self.focus == Pane::Hex {
            self.reveal_bytes(self.byte, self.byte + 1);
        }
    }
}
